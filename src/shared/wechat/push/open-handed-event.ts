import { openSealed } from './cipher.ts';
import type { PushAccount } from './open-envelope.ts';
import { type PushEvent, parseEvent } from './parse-event.ts';
import { readMessage, textOf } from './read-message.ts';

/**
 * The event in a push body that another service received, checked and hands on: its query, and with
 * it WeChat's signature, is gone. Whoever calls vouches for the sender.
 *
 * @returns null if it is no push, or another account's.
 */
export function openHandedEvent(
  account: Omit<PushAccount, 'callbackToken'>,
  body: string,
  now: number,
): PushEvent | null {
  const outside = readMessage(body);
  const sealed = outside && textOf(outside, 'Encrypt');
  const opened = sealed ? unsealed(account, sealed) : body;
  const message = opened === undefined ? null : readMessage(opened);
  if (!message) return null;

  const addressee = textOf(message, 'ToUserName');
  if (addressee === undefined) return null;
  if (account.originalId && addressee !== account.originalId) return null;
  return parseEvent(message, now);
}

function unsealed(account: Omit<PushAccount, 'callbackToken'>, sealed: string): string | undefined {
  for (const key of [account.encodingAesKey, account.previousEncodingAesKey]) {
    const opened = key ? openSealed(key, sealed) : null;
    if (opened?.appId === account.appId) return opened.message.toString('utf8');
  }
  return undefined;
}
