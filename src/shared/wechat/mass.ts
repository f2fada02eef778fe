/**
 * Mass sends: the calls. What goes into their bodies is in mass-body.ts.
 *
 * @see https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Batch_Sends_and_Originality_Checks.html
 */
import { z } from 'zod';
import type { Answer, Era, Prepared, WechatClient } from './client.ts';
import { massBodyToAll, massBodyToOpenIds, previewBody } from './mass-body.ts';
import { Amount, Nothing, Text, WechatId } from './read-answer.ts';

export type MassMessage =
  | { readonly type: 'text'; readonly content: string }
  | {
      readonly type: 'image';
      /** Several today only. */
      readonly mediaIds: readonly string[];
      readonly title?: string;
      readonly openComment?: boolean;
      readonly fansOnlyComment?: boolean;
    }
  | { readonly type: 'voice'; readonly mediaId: string }
  /** To a group, tag or everyone WeChat shows the texts given with uploadVideoForMass instead. */
  | {
      readonly type: 'video';
      readonly mediaId: string;
      readonly title: string;
      readonly description: string;
      /** Named in the seed's table; goes out to OpenIDs in 2014. Today's mpvideo has its own. */
      readonly thumbMediaId?: string;
    }
  /** `ignoreReprint`: send even if WeChat finds a reprint that its original allows. */
  | { readonly type: 'news'; readonly mediaId: string; readonly ignoreReprint: boolean };

export type MassTarget =
  | { readonly type: 'group'; readonly groupId: string }
  | { readonly type: 'tag'; readonly tagId: number }
  | { readonly type: 'everyone' };

const Accepted = z
  .object({ msg_id: WechatId, msg_data_id: WechatId.optional().catch(undefined) })
  .transform(({ msg_id, msg_data_id }) => ({
    msgId: msg_id,
    ...(msg_data_id !== undefined && { msgDataId: msg_data_id }),
  }));

/** `msgId` is what the receipt will carry; `msgDataId` comes with articles only. */
type Submission = Answer<{ msgId: string; msgDataId?: string }>;

/** A mass send that is ready to go, with its body as the bytes that go out. */
export interface MassCall {
  readonly path: string;
  readonly body: string | Uint8Array;
}

/** One message for a whole group, tag or everyone (`message/mass/sendall`). */
export const massToAll = (
  era: Era,
  request: { target: MassTarget; message: MassMessage; clientMsgId: string },
): MassCall => ({
  path: '/cgi-bin/message/mass/sendall',
  body: JSON.stringify(massBodyToAll(era, request)),
});

/**
 * One message for a list of followers (`message/mass/send`).
 *
 * @param request `openIds`: a JSON array of 2 to 10,000, distinct, of this account, as text;
 *   `clientMsgId`: at most 32 ASCII bytes. An accepted list may still shrink: who unfollowed is
 *   missing from the receipt's counts.
 */
export const massToOpenIds = (
  era: Era,
  request: { openIds: Uint8Array; message: MassMessage; clientMsgId: string },
): MassCall => ({
  path: '/cgi-bin/message/mass/send',
  body: massBodyToOpenIds(era, request),
});

/**
 * Hands it to WeChat. `ok` means accepted for sending, not sent: the outcome comes later as a
 * receipt. After `unknown` repeat with the same `clientMsgId`, a minute later at the earliest, for
 * 24 hours at most.
 */
export const sendMass = (
  client: WechatClient,
  { path, body }: MassCall,
  prepared?: Prepared,
): Promise<Submission> =>
  client.post(path, body, { answer: Accepted, ...(prepared && { prepared }) });

export type MassStatus = 'sending' | 'sent' | 'failed' | 'deleted' | 'unknown';

const STATUSES: Readonly<Record<string, MassStatus>> = {
  SENDING: 'sending',
  SEND_SUCCESS: 'sent',
  SEND_FAIL: 'failed',
  DELETE: 'deleted',
};

const StatusAnswer = z
  .object({ msg_status: Text.optional() })
  .transform(({ msg_status = '' }) => ({ status: STATUSES[msg_status] ?? ('unknown' as const) }));

const NO_SUCH_MESSAGE = 40059;

/**
 * How far a send is. WeChat says neither why nor to how many; only the receipt does.
 *
 * `unknown` is a status that is not documented, or an id that WeChat does not (yet) know: not
 * finished, as far as anybody can tell.
 */
export async function massStatus(
  client: WechatClient,
  msgId: string,
): Promise<Answer<{ status: MassStatus }>> {
  const options = { answer: StatusAnswer };
  const answer = await client.post('/cgi-bin/message/mass/get', { msg_id: msgId }, options);
  if (answer.kind === 'refused' && answer.errcode === NO_SUCH_MESSAGE) {
    return { kind: 'ok', value: { status: 'unknown' } };
  }
  return answer;
}

export type RecallTarget =
  /** `articleIndex` counts from 1; without it all articles go. */
  { readonly msgId: string; readonly articleIndex?: number } | { readonly url: string };

/**
 * Takes the pages of an article or a video off the net; the cards stay in the followers' chats.
 * WeChat refuses it for other types (40008), and allows a fresh account 10 calls a day.
 */
export function recallMass(client: WechatClient, target: RecallTarget): Promise<Answer<undefined>> {
  const body =
    'url' in target
      ? { url: target.url }
      : {
          msg_id: asNumber(target.msgId),
          ...(target.articleIndex !== undefined && { article_idx: target.articleIndex }),
        };
  return client.post('/cgi-bin/message/mass/delete', body, { answer: Nothing });
}

/** A number, as in WeChat's sample, where a number can hold it. */
function asNumber(id: string): number | string {
  const number = Number(id);
  return Number.isSafeInteger(number) ? number : id;
}

/** Sends one person a message at once, for a look; 100 calls a day by WeChat ID. No receipt follows. */
export function preview(
  client: WechatClient,
  request: {
    to: { readonly openId: string } | { readonly wechatId: string };
    message: MassMessage;
  },
): Promise<Answer<undefined>> {
  const body = previewBody(request);
  return client.post('/cgi-bin/message/mass/preview', body, { answer: Nothing });
}

const SpeedAnswer = z
  .object({ speed: Amount, realspeed: Amount })
  .transform(({ speed, realspeed }) => ({ speed, realSpeed: realspeed }));

/** `speed` 0 (fastest) to 4; `realSpeed` in 10,000 followers a minute. */
export function getSpeed(
  client: WechatClient,
): Promise<Answer<{ speed: number; realSpeed: number }>> {
  const options = { answer: SpeedAnswer };
  return client.post('/cgi-bin/message/mass/speed/get', undefined, options);
}

/** For the whole account: 0 is 800,000 followers a minute, 4 is 100,000. */
export function setSpeed(
  client: WechatClient,
  speed: 0 | 1 | 2 | 3 | 4,
): Promise<Answer<undefined>> {
  return client.post('/cgi-bin/message/mass/speed/set', { speed }, { answer: Nothing });
}
