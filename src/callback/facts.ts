/** Everything that can happen here and that an operator may want to know, and its lines in the log. */
import type { Logger } from 'pino';
import type { Numbers } from '../shared/platform/metrics.ts';
import { SECOND } from '../shared/platform/time.ts';
import type { ArrivalOutcome } from '../shared/record/receipt-store.ts';
import type { PushMode, RefusalReason } from '../shared/wechat/push/open-envelope.ts';

export type PushRefusal = RefusalReason | 'too-large' | 'unknown-account' | 'broken-off';

export type ForwardFailure = 'slow' | 'away' | 'refused' | 'too-large' | 'loop';

/** No secrets, no OpenIDs. */
export type CallbackFact =
  | { readonly type: 'address-checked'; readonly account: string }
  | {
      readonly type: 'event-taken';
      readonly account: string;
      readonly mode: PushMode;
      readonly msgId: string;
      readonly outcome: ArrivalOutcome;
    }
  | { readonly type: 'event-passed'; readonly account: string; readonly pushed: string }
  | {
      readonly type: 'push-refused';
      readonly account: string;
      readonly reason: PushRefusal;
      /** By its nonce it is the doctor's: it says nothing about WeChat. */
      readonly probe?: true;
    }
  | {
      readonly type: 'event-spooled';
      readonly account: string;
      readonly msgId: string;
      readonly why: 'store-failed' | 'store-slow';
      readonly error?: unknown;
    }
  | { readonly type: 'spool-failed'; readonly account: string; readonly error: unknown }
  | {
      readonly type: 'spool-drained';
      readonly account: string;
      readonly msgId: string;
      readonly outcome: ArrivalOutcome | 'forwarded' | 'given-up';
    }
  | { readonly type: 'spool-waiting'; readonly events: number; readonly error?: unknown }
  | { readonly type: 'spool-unreadable'; readonly file: string }
  | { readonly type: 'forwarded'; readonly account: string; readonly ms: number }
  | {
      readonly type: 'forward-failed';
      readonly account: string;
      readonly why: ForwardFailure;
      readonly status?: number;
    }
  | { readonly type: 'plain-mode'; readonly account: string }
  | { readonly type: 'request-failed'; readonly error: unknown };

export type Notice = (fact: CallbackFact) => void;

interface Line {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly event: string;
  readonly says: string;
}

/** Strangers decide how often a refusal happens: one line of a kind in this time. */
const QUIET = 10 * SECOND;

/** What only the account's owner can set right, and how. */
const ADVICE: Partial<Record<PushRefusal, Line>> = {
  'plain-refused': {
    level: 'error',
    event: 'callback.plain-refused',
    says: "WeChat pushes in plain mode, but the account has an EncodingAESKey. Choose safe mode in WeChat's console (it shows a key in plain mode too), or remove the key from the settings",
  },
  'key-missing': {
    level: 'error',
    event: 'callback.key-missing',
    says: "WeChat pushes sealed, but the account has no EncodingAESKey. Set the one that WeChat's console shows",
  },
  undecipherable: {
    level: 'error',
    event: 'callback.undecipherable',
    says: "WeChat's push is signed with our token, but neither EncodingAESKey opens it. Compare the key with WeChat's console",
  },
  'wrong-account': {
    level: 'error',
    event: 'callback.wrong-account',
    says: "a push for another account came to this one's path. Compare AppID and original id (gh_…) with WeChat's console",
  },
  stale: {
    level: 'warn',
    event: 'callback.stale',
    says: "a signed request is over five minutes off our clock: a replay, or this machine's clock is wrong",
  },
};

const LINES: Readonly<Record<Exclude<CallbackFact['type'], 'push-refused'>, Line>> = {
  'address-checked': {
    level: 'info',
    event: 'callback.address-checked',
    says: 'WeChat checked the address',
  },
  'plain-mode': {
    level: 'warn',
    event: 'callback.plain-mode',
    says: "the account has no EncodingAESKey, so its events are not signed and settle nothing before WeChat is asked. Choose safe mode in WeChat's console and set the key",
  },
  'event-taken': { level: 'info', event: 'callback.event-taken', says: 'receipt taken in' },
  'event-passed': { level: 'debug', event: 'callback.event-passed', says: 'an event of others' },
  'event-spooled': {
    level: 'warn',
    event: 'callback.event-spooled',
    says: 'the store is away: event kept on disk',
  },
  'spool-failed': {
    level: 'error',
    event: 'callback.spool-failed',
    says: 'event neither stored nor kept on disk; WeChat was told to repeat it',
  },
  'spool-drained': {
    level: 'info',
    event: 'callback.spool-drained',
    says: 'an event kept on disk has found its place',
  },
  'spool-waiting': {
    level: 'warn',
    event: 'callback.spool-waiting',
    says: 'events on disk wait for the store or the forward URL',
  },
  'spool-unreadable': {
    level: 'error',
    event: 'callback.spool-unreadable',
    says: 'a file of the spool cannot be read and was set aside',
  },
  forwarded: { level: 'debug', event: 'callback.forwarded', says: 'event forwarded' },
  'forward-failed': {
    level: 'warn',
    event: 'callback.forward-failed',
    says: 'the forward URL did not take an event; WeChat repeats it',
  },
  'request-failed': {
    level: 'error',
    event: 'callback.request-failed',
    says: 'a request failed in our own code',
  },
};

const PUSHES = {
  'address-checked': 'address-checked',
  'event-taken': 'taken',
  'event-passed': 'passed',
  'event-spooled': 'spooled',
  'spool-failed': 'lost',
  'push-refused': 'refused',
} as const;

/** The numbers that follow from a fact. */
export function makeFactCount({ count }: Numbers): Notice {
  return (fact) => {
    const { type } = fact;
    if (type in PUSHES) {
      count('qunfa_pushes_total', { outcome: PUSHES[type as keyof typeof PUSHES] });
    }
    if (type !== 'event-taken' && type !== 'spool-drained') return;
    const { outcome } = fact;
    if (outcome !== 'forwarded' && outcome !== 'given-up')
      count('qunfa_receipts_total', { outcome });
  };
}

/** Every fact as one line; refusals, which strangers can cause at will, at most one in ten seconds. */
export function makeFactLog(log: Logger, now: () => number): Notice {
  const refusals = new Map<string, { until: number; unsaid: number }>();

  function isDue(key: string): number | null {
    const kept = refusals.get(key);
    if (kept && now() < kept.until) {
      kept.unsaid += 1;
      return null;
    }
    refusals.set(key, { until: now() + QUIET, unsaid: 0 });
    return kept?.unsaid ?? 0;
  }

  return ({ type, ...fields }) => {
    if (type !== 'push-refused') {
      const { level, event, says } = LINES[type];
      // pino prints a stack only under this name
      const { error, ...rest } = fields as { error?: unknown };
      log[level]({ event, ...rest, ...(error !== undefined && { err: error }) }, says);
      return;
    }
    const { account, reason } = fields as { account: string; reason: PushRefusal };
    const unsaid = isDue(`${account} ${reason}`);
    if (unsaid === null) return;
    const { level, event, says } = ADVICE[reason] ?? {
      level: 'info',
      event: 'callback.push-refused',
      says: 'a request that is not from WeChat was refused',
    };
    log[level]({ event, account, reason, unsaid }, says);
  };
}
