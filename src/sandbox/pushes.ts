/**
 * Pushing to an account's callback URL: signed, encrypted if so set, again after five seconds when
 * the answer is none or not to WeChat's liking, three times in all.
 */
import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account.ts';
import { toJson } from './answer.ts';
import { type EventChanges, type EventFields, finishFields, toBody, toXml } from './event-body.ts';
import type { LedgerKeeper, RecordedPush } from './ledger.ts';
import type { Rules } from './options.ts';
import { encrypt, signatureOf } from './push-crypto.ts';
import type { Send } from './send.ts';

const SECOND = 1_000;

export interface Events {
  /** Pushes a send's event now, whatever the plan was. Resolves to whether it was taken. */
  push(account: string, msgId: string): Promise<boolean>;
  /** Every event that `pushes: 'by-hand'` or `event-never` held back so far. */
  pushAll(): Promise<void>;
  /** Pushes any fields at all to an account: foreign ids, other events, odd spellings. */
  pushFields(account: string, fields: EventFields | string): Promise<boolean>;
  /** The fields a send's event has, to change and push. */
  fieldsOf(account: string, msgId: string): EventFields;
  /** The GET with an echostr; resolves to whether the address answered as it should. */
  checkAddress(account: string): Promise<boolean>;
  /** Resolves when no push is planned or under way. */
  settled(): Promise<void>;
}

export interface Pusher extends Events {
  /** Does the work later; `settled` waits for it and `close` gives it up. */
  later(delayMs: number, work: () => unknown): void;
  pushSend(account: Account, send: Send, changes?: EventChanges): Promise<boolean>;
  /** Remembers an event that goes out when a person says so. */
  holdBack(account: Account, send: Send): void;
  close(): void;
}

interface Dependencies {
  readonly rules: Rules;
  readonly accounts: readonly Account[];
  readonly ledger: LedgerKeeper;
  /** The wall clock: callback servers look whether a push is fresh. */
  readonly wall: () => number;
  readonly log: (line: string) => void;
}

export function makePusher({ rules, accounts, ledger, wall, log }: Dependencies): Pusher {
  const { pace, switches } = rules;
  const closing = new AbortController();
  // One listener for each push that waits.
  setMaxListeners(0, closing.signal);
  const underWay = new Set<Promise<unknown>>();
  let heldBack: { account: Account; send: Send }[] = [];

  function accountNamed(name: string): Account {
    const account = accounts.find((other) => other.name === name);
    if (!account) throw new TypeError(`no account is named ${name}`);
    return account;
  }

  function sendOf(account: Account, msgId: string): Send {
    const send = ledger.send(account.name, msgId);
    if (!send) throw new TypeError(`${account.name} has no send with that msg_id`);
    return send;
  }

  function fieldsOf(account: Account, send: Send, changes: EventChanges = {}): EventFields {
    return finishFields(send, {
      ...changes,
      originalId: account.originalId,
      sender: senderOf(account),
      now: wall(),
      switches,
      era: rules.switches.protocol === '2014' ? '2014' : 'today',
    });
  }

  const senderOf = (account: Account): string =>
    switches.eventSender === 'mphelper' ? 'mphelper' : account.followers.at(0) || account.helper;

  async function deliver(account: Account, body: string, msgId: string): Promise<boolean> {
    if (!account.callbackUrl) return false;
    let stamp = stampNow();
    let next = wall();
    for (let attempt = 1; attempt <= pace.pushTries; attempt += 1) {
      // From the beginning of the one before: a push that was broken off has used its wait up.
      if (next > wall()) await sleep(next - wall(), undefined, { signal: closing.signal });
      next = wall() + pace.pushRetryMs;
      if (attempt > 1 && !switches.pushRetryKeepsNonce) stamp = stampNow();
      const { outcome, answer } = await post(account, body, stamp);
      const taken = outcome === 200 && (answer === '' || answer === 'success');
      ledger.addPush({ at: wall(), account: account.name, msgId, attempt, outcome, answer, taken });
      log(`push ${account.name} ${msgId} try ${attempt}: ${outcome}`);
      if (taken) return true;
    }
    return false;
  }

  const stampNow = () => ({
    timestamp: String(Math.floor(wall() / SECOND)),
    nonce: String(randomInt(100_000_000, 999_999_999)),
  });

  async function post(
    account: Account,
    body: string,
    stamp: Readonly<Record<'timestamp' | 'nonce', string>>,
  ): Promise<Pick<RecordedPush, 'outcome' | 'answer'>> {
    const { query, text } = envelope(account, body, stamp, switches.eventFormat);
    try {
      const response = await fetch(withQuery(account.callbackUrl ?? '', query), {
        method: 'POST',
        headers: {
          'content-type': switches.eventFormat === 'json' ? 'application/json' : 'text/xml',
        },
        body: text,
        redirect: 'manual',
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(pace.pushTimeoutMs)]),
      });
      return { outcome: response.status, answer: (await response.text()).trim().slice(0, 200) };
    } catch (error) {
      closing.signal.throwIfAborted();
      const timedOut = error instanceof Error && error.name === 'TimeoutError';
      return { outcome: timedOut ? 'timeout' : 'unreachable', answer: '' };
    }
  }

  function envelope(
    account: Account,
    body: string,
    { timestamp, nonce }: Readonly<Record<'timestamp' | 'nonce', string>>,
    format: 'xml' | 'json',
  ) {
    const query = {
      signature: signatureOf(account.callbackToken, timestamp, nonce),
      timestamp,
      nonce,
      openid: senderOf(account),
    };
    const { encodingAesKey, pushMode } = account;
    if (pushMode === 'plain' || !encodingAesKey) return { query, text: body };
    const Encrypt = encrypt(body, { encodingAesKey, appId: account.appId });
    const sealed = { ToUserName: account.originalId, Encrypt };
    const text = format === 'json' ? toJson(sealed) : toXml(sealed, 'empty');
    return {
      query: {
        ...query,
        encrypt_type: 'aes',
        msg_signature: signatureOf(account.callbackToken, timestamp, nonce, Encrypt),
      },
      text: pushMode === 'safe' ? text : withEncrypt(body, Encrypt, format),
    };
  }

  function track<Result>(work: Promise<Result>): Promise<Result> {
    const tracked = work.catch((error: unknown) => {
      if (!closing.signal.aborted) throw error;
    });
    underWay.add(tracked);
    tracked.finally(() => underWay.delete(tracked)).catch(() => undefined);
    return work;
  }

  const pushSend: Pusher['pushSend'] = (account, send, changes) =>
    track(deliver(account, toBody(fieldsOf(account, send, changes), switches), send.msgId));

  return {
    later(delayMs, work) {
      const run = async (): Promise<void> => {
        await sleep(delayMs, undefined, { signal: closing.signal });
        await work();
      };
      track(run()).catch((error: unknown) => {
        if (!closing.signal.aborted) log(`push failed: ${String(error)}`);
      });
    },
    pushSend,
    holdBack(account, send) {
      heldBack.push({ account, send });
    },
    async push(name, msgId) {
      const account = accountNamed(name);
      heldBack = heldBack.filter(({ send }) => send.msgId !== msgId || send.account !== name);
      return pushSend(account, sendOf(account, msgId));
    },
    async pushAll() {
      const waiting = heldBack;
      heldBack = [];
      await Promise.all(waiting.map(({ account, send }) => pushSend(account, send)));
    },
    pushFields(name, fields) {
      const body = typeof fields === 'string' ? fields : toBody(fields, switches);
      const msgId = typeof fields === 'string' ? '' : String(fields.MsgID ?? '');
      return track(deliver(accountNamed(name), body, msgId));
    },
    fieldsOf(name, msgId) {
      const account = accountNamed(name);
      return fieldsOf(account, sendOf(account, msgId));
    },
    async checkAddress(name) {
      const account = accountNamed(name);
      const { timestamp, nonce } = stampNow();
      const echostr = String(randomInt(1_000_000_000, 9_999_999_999));
      const signature = signatureOf(account.callbackToken, timestamp, nonce);
      const url = withQuery(account.callbackUrl ?? '', { signature, timestamp, nonce, echostr });
      const response = await fetch(url, { signal: AbortSignal.timeout(pace.pushTimeoutMs) });
      return response.status === 200 && (await response.text()) === echostr;
    },
    async settled() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
    close: () => closing.abort(),
  };
}

function withQuery(address: string, query: Readonly<Record<string, string>>): string {
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/** Compatible mode: the clear fields, and Encrypt beside them. */
function withEncrypt(body: string, encrypted: string, format: 'xml' | 'json'): string {
  return format === 'json'
    ? `${body.slice(0, -1)},"Encrypt":${JSON.stringify(encrypted)}}`
    : body.replace(/<\/xml>$/, `<Encrypt><![CDATA[${encrypted}]]></Encrypt>\n</xml>`);
}
