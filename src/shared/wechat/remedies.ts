/**
 * What helps when WeChat says no. Nothing is decided by the number of an errcode outside this
 * folder; what each one means stands in errcodes.ts.
 */
import { HOUR, MINUTE, SECOND } from '../platform/time.ts';
import { ERRCODES, type ErrorClass } from './errcodes.ts';

/** What the remedy is about: this batch or file, this account's calls to this API, the account. */
export type RemedyScope = 'batch' | 'api' | 'account';

export type Remedy = { readonly scope: RemedyScope } & (
  | { readonly kind: 'new-token' }
  /** Nothing was done; repeat after `ms`. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** `next-period`: the next day for a subscription account, the next month for a service one. */
  | { readonly kind: 'wait-until'; readonly window: 'next-day' | 'next-period' }
  /** The outcome is as good as unknown: same clientmsgid, 60 s later at the earliest. */
  | { readonly kind: 'ask-again' }
  /** A send with this clientmsgid exists; its id is the refusal's `msgId`. */
  | { readonly kind: 'already-done' }
  /** The media or article is gone: make it again, then repeat with the same clientmsgid. */
  | { readonly kind: 'new-media' }
  /** A person at WeChat's side must agree first; the same call again after `ms`. */
  | { readonly kind: 'wait-approval'; readonly ms: number }
  /** uploadnews is closed to this account: its articles go by draft. */
  | { readonly kind: 'use-drafts' }
  | { readonly kind: 'refused' }
  /** No call of this scope can succeed until a person has acted: stop, tell, burn nothing. */
  | { readonly kind: 'account-down' }
);

/** Whether the calls that follow in a list would be refused for the same reason. */
export const refusesAll = (answer: { readonly kind: string; readonly remedy?: Remedy }): boolean =>
  answer.kind === 'refused' && answer.remedy?.scope !== 'batch';

/** The address of this host is not on the account's IP list; that of another host may be. */
export const refusesAddress = (errcode: number): boolean => errcode === 40164;

/** WeChat does not say whether the day's one send to everyone is used up or the month's four. */
export const isOfDayOrMonth = (errcode: number): boolean => errcode === 45028;

/** WeChat refuses the same clientmsgid for a minute, whatever the first answer was. */
const SAME_KEY_PAUSE = 65 * SECOND;

/**
 * @param path as in the client's calls; the same number means different things at different steps.
 * @returns for a number nobody documented: `ask-again` at the send step, where a wrong guess could
 *   send twice; `account-down` at the token calls, where it concerns every batch alike; else
 *   `refused`.
 */
export function remedyFor(path: string, errcode: number): Remedy {
  const step = stepOf(path);
  const known = ERRCODES[errcode]?.class;
  const special = SPECIAL[errcode];
  if (step === 'token') return tokenRemedy(errcode, known);
  if (closesUploadNews(path, errcode)) return { kind: 'use-drafts', scope: 'api' };
  if (special) return special;
  if (step === 'send') return known ? sendRemedy(known) : { kind: 'ask-again', scope: 'batch' };
  return known ? plainRemedy(known) : { kind: 'refused', scope: 'batch' };
}

/** Codes whose scope or pause differs from the rest of their class. */
const SPECIAL: Readonly<Record<number, Remedy>> = {
  45066: { kind: 'ask-again', scope: 'batch' },
  89503: { kind: 'wait-approval', ms: 10 * MINUTE, scope: 'account' },
  89506: { kind: 'wait-approval', ms: 24 * HOUR, scope: 'account' },
  89507: { kind: 'wait-approval', ms: HOUR, scope: 'account' },
};

/** API removed, account not qualified, no permission. Source: docs/wechat.md (articles). */
const closesUploadNews = (path: string, errcode: number): boolean =>
  /(?:^|\/)media\/uploadnews$/.test(path) && [45106, 45103, 48001].includes(errcode);

function stepOf(path: string): 'token' | 'send' | 'other' {
  if (/(?:^|\/)(?:stable_)?token$/.test(path)) return 'token';
  return /(?:^|\/)message\/mass\/send(?:all)?$/.test(path) ? 'send' : 'other';
}

/** A busy answer to a send may hide an accepted one, so only its own key may ask again. */
function sendRemedy(known: ErrorClass): Remedy {
  if (known === 'busy') return { kind: 'ask-again', scope: 'batch' };
  if (known === 'too-fast') return { kind: 'ask-again', scope: 'api' };
  if (known === 'not-ready') return { kind: 'wait', ms: SAME_KEY_PAUSE, scope: 'batch' };
  return plainRemedy(known);
}

function plainRemedy(known: ErrorClass): Remedy {
  switch (known) {
    case 'token':
      return { kind: 'new-token', scope: 'account' };
    case 'busy':
    case 'not-ready':
      return { kind: 'wait', ms: 30 * SECOND, scope: 'batch' };
    case 'too-fast':
      return { kind: 'wait', ms: SAME_KEY_PAUSE, scope: 'api' };
    case 'minute':
      return { kind: 'wait', ms: MINUTE, scope: 'api' };
    case 'day-quota':
      return { kind: 'wait-until', window: 'next-day', scope: 'api' };
    case 'period-quota':
      return { kind: 'wait-until', window: 'next-period', scope: 'api' };
    case 'media-gone':
      return { kind: 'new-media', scope: 'batch' };
    case 'bad-input':
      return { kind: 'refused', scope: 'batch' };
    case 'api-closed':
      return { kind: 'account-down', scope: 'api' };
    case 'account-closed':
    case 'config':
      return { kind: 'account-down', scope: 'account' };
    case 'approval':
      return { kind: 'wait-approval', ms: 30 * MINUTE, scope: 'batch' };
    case 'done':
      return { kind: 'already-done', scope: 'batch' };
  }
}

/** Without a token nothing of the account can go out, so every remedy here is the account's. */
function tokenRemedy(errcode: number, known: ErrorClass | undefined): Remedy {
  // Here 40001 is a wrong AppSecret, and an undocumented code concerns every batch alike.
  if (known === undefined || known === 'token') return { kind: 'account-down', scope: 'account' };
  const remedy = SPECIAL[errcode] ?? plainRemedy(known);
  return {
    ...remedy,
    ...(remedy.kind === 'refused' && { kind: 'account-down' }),
    scope: 'account',
  };
}
