/** Faults by name: how WeChat, the network and the way back to us go wrong. */

export const FAULT_NAMES = [
  // Nothing was processed.
  'silent-before',
  'reset-before',
  'status-502',
  'html-answer',
  'errcode',
  'key-taken',
  // Processed, and the answer lost or spoiled. Fire on calls that succeeded only.
  'silent-after-accepting',
  'reset-after-accepting',
  'truncated-json',
  // Something else happened, and then the call is processed as ever.
  'token-replaced',
  'token-expired',
  'media-expired',
  'slow',
  'hold',
  // The events of sends.
  'event-early',
  'event-late',
  'event-duplicate',
  'event-never',
  'event-status',
  'event-sent-zero',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

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
   * (`key-taken`, events, what happens after accepting).
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
  /** `errcode`, `status-502`, `html-answer`: process the call first. */
  readonly processed?: boolean;
  /** `status-502`: another status. */
  readonly status?: number;
  /** `slow`, `silent-after-accepting`: answer after so long. `event-late`: push after so long. */
  readonly afterMs?: number;
  /** `key-taken`: whose id is given: one of its own, the account's latest send's, or none. */
  readonly msgId?: string | 'latest' | 'none';
  /** `token-replaced`: how many stable_token calls still answer with the dead token. */
  readonly stale?: number;
  /** `event-duplicate`: how many pushes in all. Default: 3. */
  readonly copies?: number;
  /** `event-status`: e.g. `err(20001)`, `send fail`, `sendsuccess`. */
  readonly eventStatus?: string;
  /** `hold`: before the call is processed, or after (the default), before it is answered. */
  readonly when?: 'before' | 'after';
}

export interface Fault extends FaultDetails {
  readonly id: number;
  readonly name: FaultName;
}

const MASS_PATHS: readonly string[] = ['message/mass/send', 'message/mass/sendall'];
const ONLY_AT_SENDS: readonly FaultName[] = [
  'key-taken',
  'silent-after-accepting',
  'reset-after-accepting',
];
/** Of no use on a refusal: these wait for a call that went well. */
export const SPOILS_A_SUCCESS: readonly FaultName[] = [
  'silent-after-accepting',
  'reset-after-accepting',
  'truncated-json',
];

const isEventFault = (name: FaultName): boolean => name.startsWith('event-');

/** When a fault strikes: as a call comes, as its answer goes, or at the event of a send. */
export function phaseOf(fault: Fault): 'before' | 'after' | 'event' {
  if (isEventFault(fault.name)) return 'event';
  if (fault.name === 'hold') return fault.when ?? 'after';
  return fault.processed || SPOILS_A_SUCCESS.includes(fault.name) ? 'after' : 'before';
}

export function matches(fault: Fault, call: CallInQuestion): boolean {
  const paths =
    fault.path !== undefined
      ? [fault.path.replace(/^\/?(cgi-bin\/)?/, '')]
      : ONLY_AT_SENDS.includes(fault.name)
        ? MASS_PATHS
        : undefined;
  return (
    (paths === undefined || paths.includes(call.path)) &&
    (fault.account === undefined || fault.account === call.account) &&
    (fault.bodyIncludes === undefined || call.body.includes(fault.bodyIncludes))
  );
}
