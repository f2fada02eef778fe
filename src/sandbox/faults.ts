/**
 * Faults by name: how WeChat, the network and the way back to us go wrong. Each fires for `times`
 * calls that match, from the `nth` on.
 */
import type { Reply } from './answer.ts';

const FAULT_NAMES = [
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

export interface SetFault {
  readonly id: number;
  /** How often it has fired. */
  readonly fired: number;
  remove(): void;
}

export interface Hold extends SetFault {
  /** Resolves as soon as a call is held. */
  readonly arrived: Promise<CallInQuestion>;
  /** Lets every call held so far go on, and holds no more. */
  release(): void;
  /** Ends the connections of the held calls instead. What was processed stays processed. */
  drop(): void;
}

export interface Faults {
  set(name: Exclude<FaultName, 'hold'>, details?: FaultDetails): SetFault;
  hold(details?: FaultDetails): Hold;
  list(): readonly (Fault & { readonly fired: number })[];
  /** Removes all; what is held goes on. */
  clear(): void;
}

export interface FaultBox extends Faults {
  before(call: CallInQuestion): readonly Fault[];
  after(call: CallInQuestion, reply: Reply): readonly Fault[];
  ofEvent(call: CallInQuestion): readonly Fault[];
  /** Waits until the hold lets go: true to go on, false to end the connection. */
  wait(fault: Fault, call: CallInQuestion): Promise<boolean>;
  /** A hold by number, for the admin interface. */
  release(id: number): boolean;
}

interface Armed {
  readonly fault: Fault;
  seen: number;
  fired: number;
  readonly arrive: (call: CallInQuestion) => void;
  readonly released: Promise<boolean>;
  readonly release: (goOn: boolean) => void;
}

const MASS_PATHS: readonly string[] = ['message/mass/send', 'message/mass/sendall'];
const ONLY_AT_SENDS: readonly FaultName[] = [
  'key-taken',
  'silent-after-accepting',
  'reset-after-accepting',
];
const SPOILS_A_SUCCESS: readonly FaultName[] = [
  'silent-after-accepting',
  'reset-after-accepting',
  'truncated-json',
];
/** A repeat that is told so was accepted before. */
const ACCEPTED: readonly number[] = [0, 45065];

const isEventFault = (name: FaultName): boolean => name.startsWith('event-');

export function makeFaults(): FaultBox {
  let armed: Armed[] = [];
  let nextId = 1;

  function arm(name: FaultName, details: FaultDetails): Armed & { arrived: Hold['arrived'] } {
    let arrive: Armed['arrive'] = () => undefined;
    let release: Armed['release'] = () => undefined;
    const arrived = new Promise<CallInQuestion>((resolve) => {
      arrive = resolve;
    });
    const released = new Promise<boolean>((resolve) => {
      release = resolve;
    });
    const fault: Fault = { ...details, id: nextId, name };
    nextId += 1;
    const entry = { fault, seen: 0, fired: 0, arrive, arrived, release, released };
    armed.push(entry);
    return entry;
  }

  function disarm(entry: Armed): void {
    armed = armed.filter((other) => other !== entry);
  }

  /** The holds that are due, and the first other fault that is. */
  function due(call: CallInQuestion, fits: (fault: Fault) => boolean): readonly Fault[] {
    const faults: Fault[] = [];
    let taken = false;
    for (const entry of armed) {
      const { fault } = entry;
      if (!fits(fault) || !matches(fault, call)) continue;
      if (taken && fault.name !== 'hold' && !isEventFault(fault.name)) continue;
      entry.seen += 1;
      const times = fault.times === undefined ? 1 : fault.times;
      if (entry.seen < (fault.nth ?? 1) || (times !== null && entry.fired >= times)) continue;
      entry.fired += 1;
      faults.push(fault);
      taken ||= fault.name !== 'hold';
    }
    return faults;
  }

  return {
    set(name, details = {}) {
      const entry = arm(name, details);
      return {
        id: entry.fault.id,
        get fired() {
          return entry.fired;
        },
        remove: () => disarm(entry),
      };
    },
    hold(details = {}) {
      const entry = arm('hold', details);
      const letGo = (goOn: boolean) => () => {
        disarm(entry);
        entry.release(goOn);
      };
      return {
        id: entry.fault.id,
        get fired() {
          return entry.fired;
        },
        arrived: entry.arrived,
        release: letGo(true),
        drop: letGo(false),
        remove: letGo(true),
      };
    },
    list: () => armed.map(({ fault, fired }) => ({ ...fault, fired })),
    clear() {
      for (const entry of armed) entry.release(true);
      armed = [];
    },

    before: (call) => due(call, (fault) => phaseOf(fault) === 'before'),
    after: (call, reply) =>
      due(
        call,
        (fault) =>
          phaseOf(fault) === 'after' &&
          (!SPOILS_A_SUCCESS.includes(fault.name) || ACCEPTED.includes(reply.errcode ?? 0)),
      ),
    ofEvent: (call) => due(call, (fault) => phaseOf(fault) === 'event'),
    async wait(fault, call) {
      const entry = armed.find((other) => other.fault.id === fault.id);
      entry?.arrive(call);
      return entry ? entry.released : true;
    },
    release(id) {
      const entry = armed.find((other) => other.fault.id === id && other.fault.name === 'hold');
      if (entry) disarm(entry);
      entry?.release(true);
      return entry !== undefined;
    },
  };
}

function phaseOf(fault: Fault): 'before' | 'after' | 'event' {
  if (isEventFault(fault.name)) return 'event';
  if (fault.name === 'hold') return fault.when ?? 'after';
  return fault.processed || SPOILS_A_SUCCESS.includes(fault.name) ? 'after' : 'before';
}

function matches(fault: Fault, call: CallInQuestion): boolean {
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
