/** Faults by name: how WeChat, the network and the way back to us go wrong. */
import type { Counts } from './send.ts';

export const FAULTS = {
  // Nothing was processed.
  'silent-before': 'no answer; nothing was processed',
  'reset-before': 'the connection ends; nothing was processed',
  'status-502': 'a page of a proxy; with `status`, another; with `processed`, of a call that was',
  'html-answer': 'a page with status 200, as of a network that wants a login',
  errcode: 'this `errcode`, with `errmsg` and `msgId`; with `processed`, of a call that was',
  'key-taken': '45065 with another `msgId`, the `latest` or `none`; nothing was sent',
  'raw-answer': 'this `text`, byte for byte; with `processed`, of a call that was',
  // Processed, and the answer lost or spoiled. Fire on calls that succeeded only.
  'silent-after-accepting': 'no answer, or after `afterMs`, to a call that was processed',
  'reset-after-accepting': 'the connection ends after the call was processed',
  'truncated-json': 'half an answer',
  'bom-answer': 'an answer that begins with a byte order mark',
  'control-byte': 'an answer with a raw control byte in its first text',
  // One page of followers (user/get, user/tag/get) that says too little.
  'page-ends-early': 'a page with an empty next_openid, though more follow',
  'page-empty': 'a page without anybody, though more follow',
  'page-without-data': 'a page with count and next_openid, and no data',
  'page-half': 'half the ids of a page; count and next_openid as of the whole',
  'page-repeated': 'the page before once more',
  // Something else happened, and then the call is processed as ever.
  'followers-change': '`leave` followers unfollow, the newest first, and `join` others follow',
  'token-replaced':
    'another client fetched a token; `stale` more stable_token calls answer the dead one',
  'token-expired': 'the token is over before its time',
  'media-expired': 'temporary media and drafts are over before their time',
  slow: 'the call is processed after `afterMs`',
  hold: 'the call, or with `when` its answer, waits until it is released',
  // The events of sends.
  'event-early': 'the event comes before the answer',
  'event-late': 'the event comes `afterMs` later',
  'event-duplicate': 'the event comes `copies` times',
  'event-never': 'the event does not come',
  'event-status': 'the send ends in `eventStatus`',
  'event-sent-zero': 'the send succeeds and reaches nobody',
  'event-counts': 'the event has these `counts`; without: a thousand times more than there can be',
  'event-again': 'after the event another with `eventStatus`, by default err(10001)',
  'event-older': 'after the event another that is an hour older and says send fail',
} as const;
export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

export const isFaultName = (name: unknown): name is FaultName =>
  (FAULT_NAMES as readonly unknown[]).includes(name);

export interface CallInQuestion {
  /** The account's name; empty where nobody could tell. */
  readonly account: string;
  /** Without `/cgi-bin/`. */
  readonly path: string;
  readonly body: Buffer;
}

export interface Matcher {
  readonly account?: string;
  /**
   * E.g. `message/mass/send`, exactly. Default: any; both mass calls for what only makes sense there
   * (`key-taken`, events, what happens after accepting), both calls that page for pages.
   */
  readonly path?: string;
  /** From the nth matching call on. Default: the first. */
  readonly nth?: number;
  /** For how many calls. Default: 1; `null`: for ever. */
  readonly times?: number | null;
  /** Text that the body has to contain, e.g. a clientmsgid. */
  readonly bodyIncludes?: string;
}

export interface FaultDetails extends Matcher {
  /** `errcode`: which. */
  readonly errcode?: number;
  readonly errmsg?: string;
  /** `errcode`, `status-502`, `html-answer`, `raw-answer`: process the call first. */
  readonly processed?: boolean;
  /** `status-502`: another status. */
  readonly status?: number;
  /** `raw-answer`: what is answered. */
  readonly text?: string;
  /**
   * `slow`, `silent-after-accepting`: answer after so long. `event-late`: push after so long.
   * `event-again`, `event-older`: from the first push to this one.
   */
  readonly afterMs?: number;
  /** `key-taken`: whose id is given: one of its own, the account's latest send's, or none. */
  readonly msgId?: string | 'latest' | 'none';
  /** `token-replaced`: how many stable_token calls still answer with the dead token. */
  readonly stale?: number;
  /** `event-duplicate`: how many pushes in all. Default: 3. */
  readonly copies?: number;
  /** `event-status`, `event-again`, `event-older`: e.g. `err(20001)`, `send fail`. */
  readonly eventStatus?: string;
  /** `event-counts`, `event-again`, `event-older`. Text is written as it is. */
  readonly counts?: Readonly<Partial<Record<keyof Counts, number | string>>>;
  /** `event-again`, `event-older`: how old CreateTime is. Default: 0, an hour. */
  readonly createdAgoMs?: number;
  /** `followers-change`. Default: 1 each. */
  readonly leave?: number;
  readonly join?: number;
  /** `hold`: before the call is processed, or after (the default), before it is answered. */
  readonly when?: 'before' | 'after';
}

export interface Fault extends FaultDetails {
  readonly id: number;
  readonly name: FaultName;
}

const MASS_PATHS: readonly string[] = ['message/mass/send', 'message/mass/sendall'];
const PAGE_PATHS: readonly string[] = ['user/get', 'user/tag/get'];
const ONLY_AT_SENDS: readonly FaultName[] = [
  'key-taken',
  'silent-after-accepting',
  'reset-after-accepting',
];
const SPOILS_A_SUCCESS: readonly FaultName[] = [
  'silent-after-accepting',
  'reset-after-accepting',
  'truncated-json',
  'bom-answer',
  'control-byte',
];

const isEventFault = (name: FaultName): boolean => name.startsWith('event-');
const isPageFault = (name: FaultName): boolean => name.startsWith('page-');

/** Of no use on a refusal: these wait for a call that went well. */
export const spoilsASuccess = (name: FaultName): boolean =>
  SPOILS_A_SUCCESS.includes(name) || isPageFault(name);

/** When a fault strikes: as a call comes, as its answer goes, or at the event of a send. */
export function phaseOf(fault: Fault): 'before' | 'after' | 'event' {
  if (isEventFault(fault.name)) return 'event';
  if (fault.name === 'hold') return fault.when ?? 'after';
  return fault.processed || spoilsASuccess(fault.name) ? 'after' : 'before';
}

function pathsOf({ path, name }: Fault): readonly string[] | undefined {
  if (path !== undefined) return [pathWithin(path)];
  if (ONLY_AT_SENDS.includes(name)) return MASS_PATHS;
  return isPageFault(name) || name === 'followers-change' ? PAGE_PATHS : undefined;
}

/** Without `/cgi-bin/`. */
export const pathWithin = (path: string): string => path.replace(/^\/?(cgi-bin\/)?/, '');

export function matches(fault: Fault, call: CallInQuestion): boolean {
  const paths = pathsOf(fault);
  return (
    (paths === undefined || paths.includes(call.path)) &&
    (fault.account === undefined || fault.account === call.account) &&
    (fault.bodyIncludes === undefined || call.body.includes(fault.bodyIncludes))
  );
}
