/**
 * One campaign and all that surrounds it, as values that never change. Followers are numbers from 0;
 * WeChat's messages are, too, in the order in which it accepted them.
 */
import { type Batch, type Called, newBatch } from '../../src/shared/campaign/batch.ts';
import { HOUR, SECOND } from '../../src/shared/platform/time.ts';

/** How often each of what disturbs may happen on one path. */
export interface Budget {
  /** Times that the clock goes on. */
  readonly ticks: number;
  /** Calls to WeChat. */
  readonly calls: number;
  /** Workers that die; one that stands still needs no budget. */
  readonly deaths: number;
  /** Of an operator about batches: retry, resolve, give up. */
  readonly decisions: number;
  /** Retries in halves, or without one follower. */
  readonly splits: number;
  /** Decisions about what another operator saw before. */
  readonly looks: number;
  /** Pause, resume, cancel. */
  readonly steers: number;
  /** Failovers, each to a replica that lacks up to three of the newest writes. */
  readonly forgets: number;
  /** Copies of events beyond the first. */
  readonly copies: number;
}

export interface Scene {
  readonly budget: Budget;
  /** Each has four followers. */
  readonly batches: number;
  /** What the second worker's clock is ahead by, ms. */
  readonly skew: number;
}

/** What Redis has of the campaign. */
export interface Store {
  readonly batches: readonly Batch[];
  readonly paused: boolean;
  readonly cancelled: boolean;
  /** By message, the number of the batch that owns its id. */
  readonly owners: readonly (number | undefined)[];
  /** Messages whose events came before their batch was known. */
  readonly parked: readonly number[];
}

export type Worker =
  | { readonly at: 'idle' }
  | { readonly at: 'looked'; readonly no: number; readonly seen: Store }
  | {
      readonly at: 'intent';
      readonly no: number;
      readonly called: Called;
      /** When it was recorded, by everybody's clock. */
      readonly recordedAt: number;
      /** By its own clock. */
      readonly until: number;
    }
  | {
      readonly at: 'answered';
      readonly no: number;
      readonly called: Called;
      readonly answer: string;
    };

/** A mass send that WeChat accepted; its place in the list is its message. */
export interface Accepted {
  readonly no: number;
  readonly generation: number;
  readonly at: number;
  readonly followers: readonly number[];
}

export interface State {
  /** WeChat's and everybody's time, but for a clock that is wrong. */
  readonly now: number;
  readonly store: Store;
  /** What Redis had before its newest writes, as a replica that lags may have it; newest first. */
  readonly before: readonly Store[];
  readonly workers: readonly [Worker, Worker];
  readonly accepted: readonly Accepted[];
  /** Messages whose events are still to come. */
  readonly events: readonly number[];
  /** What the second operator looked at. */
  readonly looked: { readonly no: number; readonly seen: Store } | null;
  /** Keys of which an operator said that they were not sent, rightly or wrongly. */
  readonly told: readonly string[];
  /** Of each call that may have been made and whose answer was not taken in, the key. */
  readonly open: readonly string[];
  /** Messages that WeChat's answers to us named. */
  readonly heard: readonly number[];
  /** The acknowledged stop (pause or cancel) that is in force. */
  readonly stopped: boolean;
  /** Redis forgot something on this path. */
  readonly forgot: boolean;
  /** A law that the last step broke. */
  readonly breach: string | null;
  readonly left: Budget;
}

/** What may happen, as a sentence, and the state after it. */
export type Step = readonly [sentence: string, next: State];

export const NOT_AFTER = 60 * HOUR;
/** WeChat takes the same key again after a minute. */
export const REST = 65 * SECOND;
export const KEY_LIFE = 24 * HOUR;
/** A call is answered, or counts as unanswered. */
export const ANSWER_WITHIN = 10 * SECOND;
/** WeChat has been seen to name another call's message to a new key at the same time only. */
export const SAME_MOMENT = 30 * SECOND;
export const BATCH_SIZE = 4;

export const startOf = ({ budget, batches }: Scene): State => ({
  now: 0,
  store: {
    batches: Array.from({ length: batches }, (_, at) => ({
      ...newBatch(at + 1, BATCH_SIZE),
      range: { from: at * BATCH_SIZE, to: (at + 1) * BATCH_SIZE },
    })),
    paused: false,
    cancelled: false,
    owners: [],
    parked: [],
  },
  before: [],
  workers: [{ at: 'idle' }, { at: 'idle' }],
  accepted: [],
  events: [],
  looked: null,
  told: [],
  open: [],
  heard: [],
  stopped: false,
  forgot: false,
  breach: null,
  left: budget,
});

const MOST_FORGOTTEN = 3;

export function write(state: State, changed: Partial<Store>): State {
  const store = { ...state.store, ...changed };
  const before =
    state.left.forgets > 0 ? [state.store, ...state.before].slice(0, MOST_FORGOTTEN) : [];
  return { ...state, store, before };
}

export const withBatch = ({ batches }: Store, batch: Batch): readonly Batch[] =>
  batches.with(batch.no - 1, batch);

export const spend = (state: State, what: keyof Budget): State => ({
  ...state,
  left: { ...state.left, [what]: state.left[what] - 1 },
});

export const keyOf = ({ no, generation }: Pick<Batch, 'no' | 'generation'>): string =>
  `${no}-${generation}`;

export const plus = <T>(items: readonly T[], item: T): readonly T[] =>
  items.includes(item) ? items : [...items, item].sort();

export const minusOne = <T>(items: readonly T[], item: T): readonly T[] => {
  const at = items.indexOf(item);
  return items.filter((_, i) => i !== at);
};

/** Those that the batch goes to. */
export function followersOf({ range, without = [] }: Batch): number[] {
  const { from, to } = range ?? { from: 0, to: 0 };
  const all = Array.from({ length: to - from }, (_, at) => from + at);
  return all.filter((follower) => !without.includes(String(follower)));
}

export const isSame = (now: Store, seen: Store, no: number): boolean => {
  const [a, b] = [now.batches[no - 1], seen.batches[no - 1]];
  return a === b || (a !== undefined && b !== undefined && numberOf(a) === numberOf(b));
};

/** Equal batches have one number. Counters that decide nothing here are left out. */
const numbers = new Map<string, number>();
const known = new WeakMap<object, number>();

function numberOf(batch: Batch): number {
  const found = known.get(batch);
  if (found !== undefined) return found;
  const { version: _, run: __, attempts, resolved: ___, ...bare } = batch;
  const number = numbered(JSON.stringify({ ...bare, called: attempts > 0 }));
  known.set(batch, number);
  return number;
}

function numbered(text: string): number {
  const found = numbers.get(text) ?? numbers.size;
  if (found === numbers.size) numbers.set(text, found);
  return found;
}

function numberOfStore(store: Store): number {
  const found = known.get(store);
  if (found !== undefined) return found;
  const { batches, owners, parked, paused, cancelled } = store;
  const text = `${batches.map(numberOf)} ${owners} ${parked} ${paused} ${cancelled}`;
  const number = numbered(text);
  known.set(store, number);
  return number;
}

const nameOfWorker = (worker: Worker, now: Store): string => {
  switch (worker.at) {
    case 'idle':
      return '';
    case 'looked': {
      const { no, seen } = worker;
      const isMoved = seen.paused !== now.paused || seen.cancelled !== now.cancelled;
      return `l${no},${isSame(now, seen, no)},${isMoved},${numberOf(seen.batches[no - 1] as Batch)}`;
    }
    case 'intent':
      return `i${numberOf(worker.called)},${worker.recordedAt},${worker.until}`;
    case 'answered':
      return `a${numberOf(worker.called)},${worker.answer}`;
  }
};

/** States of one name are one state. */
export function nameOf({ workers, ...state }: State, areAlike: boolean): string {
  const [first, second] = workers.map((worker) => nameOfWorker(worker, state.store));
  const swap = areAlike && (first ?? '') < (second ?? '');
  const { looked, left, accepted } = state;
  const lookedAt = looked
    ? `${looked.no},${state.store.batches[looked.no - 1]?.version === looked.seen.batches[looked.no - 1]?.version},${numberOfStore(looked.seen)}`
    : '';
  const taken = accepted.map(
    ({ no, generation, at, followers }) => `${no}-${generation}@${at}:${followers}`,
  );
  return `${state.now}|${numberOfStore(state.store)}|${state.before.map(numberOfStore)}|${swap ? second : first}|${swap ? first : second}|${taken}|${state.events}|${lookedAt}|${state.told}|${state.open}|${state.heard}|${state.stopped ? 1 : 0}${state.forgot ? 1 : 0}${state.breach ?? ''}|${left.ticks},${left.calls},${left.deaths},${left.decisions},${left.splits},${left.looks},${left.steers},${left.forgets},${left.copies}`;
}
