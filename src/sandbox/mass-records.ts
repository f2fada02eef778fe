/** Around a send: its status, deleting it, previewing one, the speed of all. */
import type { Account } from './account.ts';
import { isRefusal, type Reply, refusal } from './answer.ts';
import { urlOf } from './event-body.ts';
import { isOpenId } from './followers.ts';
import { digestOf, findMedia, readMessage } from './message.ts';
import { isDeleted, type Send } from './send.ts';
import type { AccountCall, Endpoints, World } from './world.ts';

/** 10,000 followers a minute, by level. */
const REAL_SPEEDS = [80, 60, 45, 30, 10];

export const massRecordEndpoints: Endpoints = {
  'message/mass/get': { method: 'POST', takes: 'json', handle: status },
  'message/mass/delete': {
    method: 'POST',
    takes: 'json',
    quota: 'massDeletePerDay',
    handle: remove,
  },
  'message/mass/preview': { method: 'POST', takes: 'json', handle: preview },
  'message/mass/speed/get': {
    method: 'POST',
    takes: 'nothing',
    handle: ({ account }) => ({ speed: account.speed, realspeed: REAL_SPEEDS[account.speed] }),
  },
  'message/mass/speed/set': {
    method: 'POST',
    takes: 'json',
    handle({ account, json }) {
      const { speed } = json;
      if (speed === undefined) return refusal(45084);
      if (typeof speed !== 'number' || REAL_SPEEDS[speed] === undefined) return refusal(45083);
      account.speed = speed;
      return { errcode: 0, errmsg: 'ok' };
    },
  },
};

/** From the text, because JSON.parse rounds a long id written as a number. */
function msgIdIn(body: Buffer): string | undefined {
  return /"msg_id"\s*:\s*"?(\d+)/.exec(body.toString())?.[1]?.replace(/^0+(?=\d)/, '');
}

function sendAskedFor({ account, world, body }: AccountCall): Send | undefined {
  const msgId = msgIdIn(body);
  return msgId === undefined ? undefined : world.ledger.send(account.name, msgId);
}

const isFinished = (send: Send, { now }: World): boolean =>
  send.finished || now() >= send.finishesAt;

function status(call: AccountCall): Reply {
  const send = sendAskedFor(call);
  if (!send) {
    return call.world.rules.switches.unknownMsgId === 40059 ? refusal(40059) : {};
  }
  return { msg_id: BigInt(send.msgId), msg_status: statusOf(send, call.world) };
}

function statusOf(send: Send, world: World): string {
  if (isDeleted(send)) return 'DELETE';
  if (!isFinished(send, world)) return 'SENDING';
  return /^send ?success$/i.test(send.status) ? 'SEND_SUCCESS' : 'SEND_FAIL';
}

function remove(call: AccountCall): Reply {
  const { json, world, account } = call;
  const byId = sendAskedFor(call);
  const send = byId ?? sendShownAt(json.url, call);
  if (!send) return refusal(40059);
  if (send.msgtype !== 'mpnews' && send.msgtype !== 'mpvideo') return refusal(40008);
  const state = statusOf(send, world);
  const isRepeat = state === 'DELETE' && world.rules.switches.deletedAgain === 'ok';
  if (state !== 'SEND_SUCCESS' && !isRepeat) return refusal(40065);
  // With an address the number has no effect.
  const { article_idx: index = 0 } = byId ? json : {};
  if (typeof index !== 'number' || index < 0 || index > Math.max(1, send.articles.length)) {
    return refusal(40060);
  }
  // Whatever was sent with the same media shows the same page.
  const same = world.ledger.filter(
    (other) => other.account === account.name && other.mediaIds[0] === send.mediaIds[0],
  );
  for (const { deletedArticles } of same) {
    for (const gone of index === 0 ? allArticles(send) : [index]) deletedArticles.add(gone);
  }
  return { errcode: 0, errmsg: 'ok' };
}

const allArticles = ({ articles }: Send): number[] =>
  Array.from({ length: Math.max(1, articles.length) }, (_, at) => at + 1);

function sendShownAt(url: unknown, { world: { ledger }, account }: AccountCall): Send | undefined {
  return ledger
    .filter((send) => send.account === account.name)
    .find((send) =>
      allArticles(send).some((index) =>
        (['long', 'short'] as const).some((form) => urlOf(send, index, form) === url),
      ),
    );
}

function preview({ account, world, json }: AccountCall): Reply {
  const { rules, ledger } = world;
  const message = readMessage(json, 'preview', rules);
  if (isRefusal(message)) return message;
  const to = receiverOf(json, account);
  if (isRefusal(to)) return to;
  const media = findMedia(message, account, world);
  if (isRefusal(media)) return media;
  ledger.addPreview({
    account: account.name,
    to,
    msgtype: message.msgtype,
    digest: digestOf(message, media),
  });
  // The answer had an id once; nothing ever followed for it.
  const msgId = rules.switches.protocol === '2014' ? { msg_id: 34182 } : {};
  return { errcode: 0, errmsg: 'preview success', ...msgId };
}

/** A WeChat id wins over an OpenID. */
function receiverOf(json: AccountCall['json'], account: Account) {
  const { towxname, touser } = json;
  if (towxname !== undefined) {
    if (typeof towxname !== 'string' || towxname === '') return refusal(40132);
    return account.quotas.take('previewByWechatIdPerDay') ? towxname : refusal(45009);
  }
  if (typeof touser !== 'string' || !isOpenId(touser)) return refusal(40003);
  const stranger = account.followers.positionOf(touser) === -1;
  return stranger && account.strangers !== 'followers' ? refusal(40003) : touser;
}
