/**
 * Whether a request comes from WeChat, and what it says.
 *
 *   plain        signature over token, timestamp, nonce: anyone who saw one address can post any body
 *   compatible   the same in clear and sealed; only the sealed part counts
 *   safe         sealed; msg_signature covers it
 *
 * The caller limits the body's size. Nothing here throws for what a stranger sends.
 *
 * @see https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.html
 */
import { DAY, MINUTE, SECOND } from '../../platform/time.ts';
import { isSignatureOf } from './check-signature.ts';
import { openSealed } from './cipher.ts';
import { type PushEvent, parseEvent } from './parse-event.ts';
import { type Message, readMessage, textOf } from './read-message.ts';

/** What an account must know to tell its own pushes from others'. */
export interface PushAccount {
  readonly appId: string;
  /** `gh_…`. Compared where it is known. */
  readonly originalId?: string | undefined;
  readonly callbackToken: string;
  readonly encodingAesKey?: string | undefined;
  /** WeChat may seal with the old key for a while after a change. */
  readonly previousEncodingAesKey?: string | undefined;
}

export type PushMode = 'plain' | 'compatible' | 'safe';

/** Why a push was not taken. For our own log and counters: a stranger learns the status alone. */
export type RefusalReason =
  | 'unsigned'
  | 'wrong-signature'
  | 'stale'
  | 'replayed'
  | 'plain-refused'
  | 'key-missing'
  | 'undecipherable'
  | 'wrong-account'
  | 'content-type'
  | 'not-a-push';

export interface Refusal {
  readonly ok: false;
  readonly status: 400 | 401 | 413 | 415;
  readonly reason: RefusalReason;
}

export interface OpenedPush {
  readonly ok: true;
  readonly event: PushEvent;
  readonly mode: PushMode;
  /** False in plain mode, whose signature does not cover the body. */
  readonly trusted: boolean;
  /** The event's text, unsealed. */
  readonly raw: string;
  /** Its query, without what nobody signed. */
  readonly query: string;
}

export interface Push {
  readonly query: URLSearchParams;
  readonly contentType: string | undefined;
  readonly body: Buffer;
  /** This account's sealed pushes are known to carry `signature`, too: one without is not WeChat's. */
  readonly signsAddress?: boolean;
}

/** Clocks differ; WeChat's own repeats come within 15 seconds. */
const FRESH_FOR = 5 * MINUTE;
/** Between the making of a message and its push. Delays happen, and a message of last week is a replay. */
const PUSHED_WITHIN = DAY;
const TIMESTAMP = /^\d{1,12}$/;
/**
 * WeChat's have some ten digits. The signed parts are joined without a mark between them, so that a
 * long nonce could swallow the head of `Encrypt`; the first cut that still decodes is 64 characters.
 */
const MAX_NONCE = 63;
const CONTENT_TYPE = /^(?:text\/(?:xml|plain|json)|application\/(?:xml|json))\s*(?:;|$)/i;

const refuse = (status: Refusal['status'], reason: RefusalReason): Refusal => ({
  ok: false,
  status,
  reason,
});

/** WeChat's check of an address (GET). Signed alike in all modes. */
export function checkAddress(
  account: PushAccount,
  query: URLSearchParams,
  now: number,
): Refusal | null {
  return checkSigned(account, query, now, { digest: only(query, 'signature'), sealed: [] });
}

/** @throws {TypeError} the account's EncodingAESKey is none. */
export function openEnvelope(account: PushAccount, push: Push, now: number): OpenedPush | Refusal {
  if (!CONTENT_TYPE.test(push.contentType ?? '')) return refuse(415, 'content-type');
  switch (only(push.query, 'encrypt_type') ?? 'raw') {
    case 'aes':
      return openSafe(account, push, now);
    case 'raw':
    case '':
      return openPlain(account, push, now);
    default:
      return refuse(400, 'not-a-push');
  }
}

function openPlain(account: PushAccount, push: Push, now: number): OpenedPush | Refusal {
  const refusal = checkAddress(account, push.query, now);
  if (refusal) return refusal;
  if (account.encodingAesKey) return refuse(401, 'plain-refused');

  const raw = push.body.toString('utf8');
  return understand(account, { mode: 'plain', raw, message: readMessage(raw), push, now });
}

function openSafe(account: PushAccount, push: Push, now: number): OpenedPush | Refusal {
  const digest = only(push.query, 'msg_signature');
  if (digest === null) return refuse(401, 'unsigned');
  // WeChat signs the address in safe mode, too, and a stranger's body is not worth its parsing.
  const isSigned = push.query.has('signature') || push.signsAddress;
  const unsigned = isSigned ? checkAddress(account, push.query, now) : null;
  if (unsigned) return unsigned;

  const outside = readMessage(push.body.toString('utf8'));
  const sealed = outside && textOf(outside, 'Encrypt');
  // Nothing here for msg_signature to sign; the other signature still tells WeChat from a stranger.
  if (!sealed) return checkAddress(account, push.query, now) ?? refuse(400, 'not-a-push');
  const refusal = checkSigned(account, push.query, now, { digest, sealed: [sealed] });
  if (refusal) return refusal;

  const opened = openWithKeys(account, sealed);
  if (!opened.ok) return opened;

  const raw = opened.message.toString('utf8');
  const mode = textOf(outside, 'MsgType') === undefined ? 'safe' : 'compatible';
  return understand(account, { mode, raw, message: readMessage(raw), push, now });
}

/** The current key first, then the previous one; what opens must also be the account's. */
function openWithKeys(
  account: PushAccount,
  sealed: string,
): { readonly ok: true; readonly message: Buffer } | Refusal {
  let refusal = refuse(401, 'key-missing');
  for (const key of [account.encodingAesKey, account.previousEncodingAesKey]) {
    if (!key) continue;
    const opened = openSealed(key, sealed);
    if (opened?.appId === account.appId) return { ok: true, message: opened.message };
    if (refusal.reason !== 'wrong-account') {
      refusal = refuse(401, opened ? 'wrong-account' : 'undecipherable');
    }
  }
  return refusal;
}

function understand(
  account: PushAccount,
  opened: { mode: PushMode; raw: string; message: Message | null; push: Push; now: number },
): OpenedPush | Refusal {
  const { mode, raw, message, push, now } = opened;
  const addressee = message && textOf(message, 'ToUserName');
  if (!message || !addressee) return refuse(400, 'not-a-push');
  if (account.originalId && addressee !== account.originalId) return refuse(401, 'wrong-account');

  // Timestamp and nonce are signed alike: swapped, an old push could have a nonce that looks fresh.
  const [madeAt, pushedAt] = [textOf(message, 'CreateTime'), only(push.query, 'timestamp')];
  if (Math.abs(Number(madeAt ?? pushedAt) - Number(pushedAt)) * SECOND > PUSHED_WITHIN) {
    return refuse(401, 'stale');
  }

  const event = parseEvent(message, now);
  if (!event) return refuse(400, 'not-a-push');
  const query = signedQuery(push.query, textOf(message, 'FromUserName'));
  return { ok: true, event, mode, trusted: mode !== 'plain', raw, query };
}

function checkSigned(
  account: PushAccount,
  query: URLSearchParams,
  now: number,
  { digest, sealed }: { digest: string | null; sealed: readonly string[] },
): Refusal | null {
  const timestamp = only(query, 'timestamp');
  const nonce = only(query, 'nonce');
  if (digest === null || timestamp === null || nonce === null) return refuse(401, 'unsigned');
  if (account.callbackToken === '') return refuse(401, 'unsigned');
  if (!TIMESTAMP.test(timestamp) || nonce.length > MAX_NONCE) return refuse(401, 'unsigned');

  const parts = [account.callbackToken, timestamp, nonce, ...sealed];
  if (!isSignatureOf(digest, parts)) return refuse(401, 'wrong-signature');
  const isFresh = Math.abs(now - Number(timestamp) * SECOND) <= FRESH_FOR;
  return isFresh ? null : refuse(401, 'stale');
}

/** What the signatures cover, `encrypt_type`, and WeChat's `openid` where the message has the same. */
function signedQuery(query: URLSearchParams, from: string | undefined): string {
  const kept = new URLSearchParams();
  for (const name of [
    'signature',
    'timestamp',
    'nonce',
    'openid',
    'encrypt_type',
    'msg_signature',
  ]) {
    const value = only(query, name);
    if (value !== null && (name !== 'openid' || value === from)) kept.set(name, value);
  }
  return String(kept);
}

/** A parameter's one value. Two of a kind could mean one thing to us and another to a proxy. */
function only(query: URLSearchParams, name: string): string | null {
  const values = query.getAll(name);
  return values.length === 1 ? (values[0] ?? null) : null;
}
