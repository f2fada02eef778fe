/**
 * The faults that are set just now. Each fires for `times` calls that match, from the `nth` on.
 */
import type { Reply } from './answer.ts';
import {
  type CallInQuestion,
  type Fault,
  type FaultDetails,
  type FaultName,
  matches,
  phaseOf,
  spoilsASuccess,
} from './fault.ts';

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

/** A repeat that is told so was accepted before. */
const ACCEPTED: readonly number[] = [0, 45065];

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
      if (taken && fault.name !== 'hold' && phaseOf(fault) !== 'event') continue;
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
          (!spoilsASuccess(fault.name) || ACCEPTED.includes(reply.errcode ?? 0)),
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
