/**
 * One campaign and all that surrounds it, as values that never change. Followers are numbers from 0;
 * WeChat's messages are, too, in the order in which it accepted them.
 */
import { type Batch, type Called, newBatch } from '../../src/shared/campaign/batch.ts';
import { type Control, isPaused, NEW_CONTROL } from '../../src/shared/campaign/campaign.ts';
import type { LaneState } from '../../src/shared/campaign/lane.ts';
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
  /** Looks, approvals and rejections of an approver. */
  readonly approvals: number;
  /** Other times for a campaign that has not begun. */
  readonly moves: number;
  /** Pause and resume of the account. */
  readonly accounts: number;
  /** Redis is put back to what a backup has. */
  readonly restores: number;
}

export interface Scene {
  readonly budget: Budget;
  /** Each has four followers. */
  readonly batches: number;
  /** What the second worker's clock is ahead by, ms. */
  readonly skew: number;
  /** It is planned for a later hour, and perhaps waits for an approval; else its batches are there. */
  readonly begins: 'laid' | 'planned' | 'unapproved';
}

/** What Redis has of the campaign. */
export interface Store {
  readonly batches: readonly Batch[];
  readonly control: Control;
  readonly lane: Pick<LaneState, 'paused' | 'restored'>;
  readonly sendAt: number;
  readonly notAfter: number;
  /** Of the campaign: grows with each change of a batch or of what an operator decides. */
  readonly version: number;
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
  /** What the approver looked at. */
  readonly approver: Store | null;
  /** What the job that lays out the batches looked at. */
  readonly root: Store | null;
  /** The times that were approved, as the approver knew them. */
  readonly approved: string | null;
  /** The times that were last acknowledged. */
  readonly promised: Pick<Store, 'sendAt' | 'notAfter'>;
  /** The acknowledged pause of the account is in force. */
  readonly accountStopped: boolean;
  readonly backup: { readonly store: Store; readonly at: number } | null;
  /** Of a Redis that was restored and not examined yet, the last heartbeat in it. */
  readonly beatAt: number | null;
  /** When Redis was restored. */
  readonly restoredAt: number | null;
  /** Keys that WeChat may have had when an operator let the account go on after a restore. */
  readonly risked: readonly string[];
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

const NOT_AFTER = 60 * HOUR;
/** Of a campaign that is planned. */
const SEND_AT = HOUR;
/** WeChat takes the same key again after a minute. */
export const REST = 65 * SECOND;
export const KEY_LIFE = 24 * HOUR;
/** A call is answered, or counts as unanswered. */
export const ANSWER_WITHIN = 10 * SECOND;
/** WeChat has been seen to name another call's message to a new key at the same time only. */
export const SAME_MOMENT = 30 * SECOND;
export const BATCH_SIZE = 4;

export const batchesOf = ({ batches }: Scene): readonly Batch[] =>
  Array.from({ length: batches }, (_, at) => ({
    ...newBatch(at + 1, BATCH_SIZE),
    range: { from: at * BATCH_SIZE, to: (at + 1) * BATCH_SIZE },
  }));

const startStore = (scene: Scene): Store => {
  const isLaid = scene.begins === 'laid';
  return {
    batches: isLaid ? batchesOf(scene) : [],
    control: {
      ...(isLaid ? { phase: 'submitting' } : NEW_CONTROL),
      ...(scene.begins === 'unapproved' ? { pauses: { approval: { at: 0, by: 'qunfa' } } } : {}),
    },
    lane: {},
    sendAt: isLaid ? 0 : SEND_AT,
    notAfter: NOT_AFTER,
    version: 0,
    owners: [],
    parked: [],
  };
};

export const startOf = (scene: Scene, store = startStore(scene)): State => ({
  now: 0,
  store,
  before: [],
  workers: [{ at: 'idle' }, { at: 'idle' }],
  accepted: [],
  events: [],
  looked: null,
  approver: null,
  root: null,
  approved: null,
  promised: { sendAt: store.sendAt, notAfter: store.notAfter },
  accountStopped: false,
  backup: null,
  beatAt: null,
  restoredAt: null,
  risked: [],
  told: [],
  open: [],
  heard: [],
  stopped: false,
  forgot: false,
  breach: null,
  left: scene.budget,
});

const MOST_FORGOTTEN = 3;

export function write(state: State, changed: Partial<Store>): State {
  const isNews = changed.batches !== undefined || changed.control !== undefined;
  const version = state.store.version + (isNews ? 1 : 0);
  const store = { ...state.store, ...changed, version };
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

export const timesOf = ({ sendAt, notAfter }: Pick<Store, 'sendAt' | 'notAfter'>): string =>
  `${sendAt} to ${notAfter}`;

export const isSameControl = (now: Store, seen: Store): boolean =>
  now.control === seen.control || JSON.stringify(now.control) === JSON.stringify(seen.control);

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
  const { batches, owners, parked, control, lane, sendAt, notAfter } = store;
  const { paused, restored } = lane;
  const text = `${batches.map(numberOf)} ${owners} ${parked} ${nameOfControl(control)} ${paused !== undefined} ${restored !== undefined} ${sendAt} ${notAfter}`;
  const number = numbered(text);
  known.set(store, number);
  return number;
}

/** Without times and names, which decide nothing. */
const nameOfControl = ({ phase, pauses = {}, cancelled, approved, rescheduled }: Control): string =>
  `${phase} ${Object.keys(pauses)} ${cancelled?.reason ?? ''} ${approved !== undefined} ${rescheduled !== undefined}`;

export const isStopped = ({ control }: Store): boolean =>
  isPaused(control) || control.cancelled !== undefined;

const nameOfWorker = (worker: Worker, now: Store): string => {
  switch (worker.at) {
    case 'idle':
      return '';
    case 'looked': {
      const { no, seen } = worker;
      const isMoved = !isSameControl(now, seen);
      return `l${no},${isSame(now, seen, no)},${isMoved},${numberOf(seen.batches[no - 1] as Batch)}`;
    }
    case 'intent':
      return `i${numberOf(worker.called)},${worker.recordedAt},${worker.until}`;
    case 'answered':
      return `a${numberOf(worker.called)},${worker.answer}`;
  }
};

/** What planners and restores change; the same for all where there are none. */
function nameOfPlans(state: Omit<State, 'workers'>): string {
  const { store, approver, root, approved, promised, accountStopped, backup, risked } = state;
  return [
    approver ? `${numberOfStore(approver)} ${store.version - approver.version}` : '',
    root ? `${numberOfStore(root)} ${isSameControl(store, root)}` : '',
    approved ?? '',
    promised.sendAt,
    promised.notAfter,
    accountStopped ? 1 : 0,
    backup ? `${numberOfStore(backup.store)} ${backup.at}` : '',
    state.beatAt ?? '',
    state.restoredAt ?? '',
    risked,
  ].join();
}

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
  return `${state.now}|${numberOfStore(state.store)}|${state.before.map(numberOfStore)}|${swap ? second : first}|${swap ? first : second}|${taken}|${state.events}|${lookedAt}|${state.told}|${state.open}|${state.heard}|${state.stopped ? 1 : 0}${state.forgot ? 1 : 0}${state.breach ?? ''}|${Object.values(left)}|${nameOfPlans(state)}`;
}
