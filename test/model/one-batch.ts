/**
 * One batch and all that surrounds it: two workers that may stop or die between any two steps, a
 * WeChat that accepts, refuses, is silent, forgets keys after a day and names message ids, its
 * events, an operator, the sweeper, and a Redis that may forget its last writes. The rules are the
 * product's own; what is modelled is how stores, workers and WeChat use them.
 */
import {
  advance,
  type BatchEvent,
  latenessOf,
  onStop,
} from '../../src/shared/campaign/advance-batch.ts';
import { type Batch, type Called, isUnknown, newBatch } from '../../src/shared/campaign/batch.ts';
import { callableUntil, repeatDeadline } from '../../src/shared/campaign/repeat-steps.ts';
import { HOUR, SECOND } from '../../src/shared/platform/time.ts';
import type { Answer } from '../../src/shared/wechat/client.ts';
import { remedyFor } from '../../src/shared/wechat/remedies.ts';
import { readSubmission, type Submission } from '../../src/workers/lane/read-submission.ts';
import type { Model } from './search.ts';

/** The product's rules. A test replaces one to see that the search finds it. */
export interface Rules {
  readonly advance: typeof advance;
  readonly callableUntil: typeof callableUntil;
  readonly latenessOf: typeof latenessOf;
  readonly onStop: typeof onStop;
  /** What the commit of an intent checks. */
  readonly isStill: (now: Record, seen: Record) => boolean;
}

const isStill = (now: Record, seen: Record): boolean =>
  now.paused === seen.paused && now.cancelled === seen.cancelled && isSame(now.batch, seen.batch);

export const isSame = (a: Batch, b: Batch): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b);

export const RULES: Rules = { advance, callableUntil, latenessOf, onStop, isStill };

/** How often each of what disturbs may happen on one path. */
export interface Budget {
  readonly ticks: number;
  readonly deaths: number;
  /** Of an operator about a batch: resolve, give up, retry. */
  readonly decisions: number;
  /** Pause, resume, cancel. */
  readonly steers: number;
  /** Writes that Redis forgets at once in a failover. */
  readonly forgets: number;
  /** Copies of events beyond the first. */
  readonly copies: number;
  /** Calls to WeChat. */
  readonly calls: number;
}

export interface Record {
  readonly batch: Batch;
  readonly paused: boolean;
  readonly cancelled: boolean;
  /** Message ids that the batch owns. */
  readonly owned: readonly string[];
  /** Events that came before their batch was known. */
  readonly parked: readonly string[];
}

type Worker =
  | { readonly at: 'idle' }
  | { readonly at: 'looked'; readonly seen: Record }
  | {
      readonly at: 'intent';
      readonly called: Called;
      readonly since: number;
      readonly until: number;
    }
  | { readonly at: 'answered'; readonly called: Called; readonly answer: Said };

/** WeChat's answers that differ in what they mean for a batch. */
const SAID = {
  silent: { kind: 'unknown', cause: 'timeout' },
  'not-sent': { kind: 'not-sent', cause: 'not-wanted' },
  refused: refusal(40003),
  'no-sends-left': refusal(45028),
  'key-in-use': refusal(45066),
  'exists-without-id': refusal(45065),
  'exists-with-siblings-id': { ...refusal(45065), msgId: 'sibling' },
} as const satisfies { readonly [name: string]: Answer<Submission> };

type Said = keyof typeof SAID | `ok ${string}` | `exists ${string}`;

function refusal(errcode: number): Extract<Answer<Submission>, { kind: 'refused' }> {
  const remedy = remedyFor('/cgi-bin/message/mass/send', errcode);
  return { kind: 'refused', errcode, errmsg: '', remedy };
}

export interface State {
  readonly now: number;
  readonly record: Record;
  /** The record before its newest writes, as a replica that lags may have it. */
  readonly before: readonly Record[];
  readonly workers: readonly [Worker, Worker];
  /** What WeChat accepted: the generation of the key and when. Its place is its message id. */
  readonly accepted: readonly { readonly generation: number; readonly at: number }[];
  /** Events still to come, by message id. */
  readonly events: readonly string[];
  /** How often an operator had it submitted again as "not sent", which may be wrong. */
  readonly licences: number;
  /** An operator said "not sent" at all. */
  readonly toldNotSent: boolean;
  /** The acknowledged stop (pause or cancel) that is in force, if any. */
  readonly stopped: boolean;
  /** A call began after an acknowledged stop. */
  readonly calledAfterStop: boolean;
  /** Redis forgot something on this path. */
  readonly forgot: boolean;
  readonly left: Budget;
}

export const NOT_AFTER = 60 * HOUR;
const UNIT = 65 * SECOND;
const KEY_LIFE = 24 * HOUR;
/** The last look before a call's first byte (workers/lane/last-look.ts). */
const AT_ONCE = 4 * SECOND;

export const startWith = (left: Budget): State => ({
  now: 0,
  record: { batch: newBatch(1, 100), paused: false, cancelled: false, owned: [], parked: [] },
  before: [],
  workers: [{ at: 'idle' }, { at: 'idle' }],
  accepted: [],
  events: [],
  licences: 0,
  toldNotSent: false,
  stopped: false,
  calledAfterStop: false,
  forgot: false,
  left,
});

type Step = readonly [sentence: string, next: State];

function makeSteps({ advance, callableUntil, latenessOf, onStop, isStill }: Rules) {
  function* steps(state: State): Iterable<Step> {
    yield* ticks(state);
    for (const at of [0, 1] as const) yield* workerSteps(state, at);
    yield* sweeps(state);
    yield* arrivals(state);
    yield* steering(state);
    yield* decisions(state);
    yield* forgetting(state);
  }

  /** To the next moment at which anything may be different. */
  function* ticks(state: State): Iterable<Step> {
    const { now, record, workers, accepted, left } = state;
    if (left.ticks === 0) return;
    const { batch } = record;
    const moments = [NOT_AFTER];
    if ('nextAttemptAt' in batch && batch.nextAttemptAt) moments.push(batch.nextAttemptAt);
    if (batch.state === 'submitting') {
      moments.push(batch.lastAttemptAt + UNIT, repeatDeadline(batch.firstAttemptAt, NOT_AFTER));
    }
    for (const worker of workers)
      if (worker.at === 'intent') moments.push(worker.since + 5 * SECOND);
    for (const { at } of accepted) moments.push(at + KEY_LIFE);
    const next = Math.min(...moments.filter((moment) => moment > now));
    if (!Number.isFinite(next)) return;
    yield [`${Math.round((next - now) / SECOND)} s pass`, spend({ ...state, now: next }, 'ticks')];
  }

  function* workerSteps(state: State, at: 0 | 1): Iterable<Step> {
    const worker = state.workers[at];
    const name = `worker ${at + 1}`;
    const put = (next: Worker, more: Partial<State> = {}): State => ({
      ...state,
      ...more,
      workers: at === 0 ? [next, state.workers[1]] : [state.workers[0], next],
    });
    // Both begin alike: the second begins only beside the first.
    if (at === 1 && worker.at === 'idle' && state.workers[0].at === 'idle') return;
    if (worker.at !== 'idle' && state.left.deaths > 0) {
      yield [`${name} dies`, spend(put({ at: 'idle' }), 'deaths')];
    }
    switch (worker.at) {
      case 'idle':
        if (mayLook(state)) {
          yield [`${name} looks`, put({ at: 'looked', seen: state.record })];
        }
        return;
      case 'looked': {
        if (!isStill(state.record, worker.seen)) {
          yield [`${name} finds that the record moved`, put({ at: 'idle' })];
          return;
        }
        const until = callableUntil(worker.seen.batch, NOT_AFTER);
        if (state.now >= until) {
          yield [`${name} finds that it is too late for a call`, put({ at: 'idle' })];
          return;
        }
        const called = advance(worker.seen.batch, { type: 'attempt-started', at: state.now });
        if (called.state !== 'submitting') return;
        const isFirst = worker.seen.batch.state === 'pending';
        const next: State = {
          ...write(state, { batch: called }),
          // With REDIS_WAIT_REPLICAS no call is made before a replica has its intent.
          before: [],
          calledAfterStop: state.calledAfterStop || (state.stopped && isFirst),
        };
        yield [
          `${name} records its intent`,
          put({ at: 'intent', called, since: state.now, until }, next),
        ];
        return;
      }
      case 'intent':
        yield* calls(state, worker, name, put);
        return;
      case 'answered':
        yield [`${name} records the answer`, put({ at: 'idle' }, recorded(state, worker))];
    }
  }

  function mayLook({ record, now, left }: State): boolean {
    const { batch, paused, cancelled } = record;
    if (left.calls === 0) return false;
    if (batch.state === 'pending') {
      return !paused && !cancelled && now < NOT_AFTER && now >= (batch.nextAttemptAt ?? 0);
    }
    if (batch.state !== 'submitting') return false;
    const rested = batch.answered ? (batch.nextAttemptAt ?? 0) : batch.lastAttemptAt + UNIT;
    return now >= rested && now < callableUntil(batch, NOT_AFTER);
  }

  function* calls(
    state: State,
    worker: Extract<Worker, { at: 'intent' }>,
    name: string,
    put: (next: Worker, more?: Partial<State>) => State,
  ): Iterable<Step> {
    const { called, since, until } = worker;
    const answered = (answer: Said, more: Partial<State> = {}) =>
      put({ at: 'answered', called, answer }, more);
    if (state.now - since > AT_ONCE || state.now >= until) {
      yield [`${name} makes no call, it is too late for it`, answered('not-sent')];
      return;
    }
    const spent: Partial<State> = { left: { ...state.left, calls: state.left.calls - 1 } };
    const known = state.accepted.findIndex(
      ({ generation, at }) => generation === called.generation && state.now - at < KEY_LIFE,
    );
    if (known >= 0) {
      yield [
        `${name} calls, WeChat knows the key and names its message`,
        answered(`exists m${known}`, spent),
      ];
      yield [
        `${name} calls, WeChat knows the key and names no message`,
        answered('exists-without-id', spent),
      ];
      yield [
        `${name} calls, WeChat knows the key and names a sibling's`,
        answered('exists-with-siblings-id', spent),
      ];
    } else {
      const msgId = `m${state.accepted.length}`;
      const accepting: Partial<State> = {
        ...spent,
        accepted: [...state.accepted, { generation: called.generation, at: state.now }],
        events: [...state.events, msgId],
      };
      yield [`${name} calls, WeChat accepts`, answered(`ok ${msgId}`, accepting)];
      yield [`${name} calls, WeChat accepts and is silent`, answered('silent', accepting)];
      yield [`${name} calls, WeChat refuses`, answered('refused', spent)];
      yield [`${name} calls, WeChat has no sends left`, answered('no-sends-left', spent)];
      yield [
        `${name} calls, WeChat names a sibling's message`,
        answered('exists-with-siblings-id', spent),
      ];
    }
    yield [`${name} calls, WeChat is silent and did nothing`, answered('silent', spent)];
    yield [`${name} calls, WeChat says the key was just in use`, answered('key-in-use', spent)];
  }

  /** As takeInAnswer does it. */
  function recorded(state: State, { called, answer }: Extract<Worker, { at: 'answered' }>): State {
    const { record, now } = state;
    const { batch } = record;
    const reading = readSubmission(answerOf(answer), {
      now,
      asked: called.asked,
      unknownRetryMs: UNIT,
      accountKind: 'service',
      api: 'send',
    });
    if (reading.kind !== 'event') throw new Error('not modelled');
    const { event } = reading;
    const isAsked = batch.state === 'submitting' && batch.generation === called.generation;
    if (event.type !== 'accepted') return isAsked ? change(state, event) : state;
    if (event.msgId === 'sibling') {
      if (!isAsked) return state;
      return change(state, {
        type: 'held',
        reason: 'message-id-taken',
        takenMsgId: event.msgId,
        at: now,
      });
    }
    return claimed(state, event.msgId, latenessOf(batch, event, called.generation) ?? event);
  }

  const answerOf = (said: Said): Answer<Submission> => {
    const [kind, msgId = ''] = said.split(' ');
    if (kind === 'ok') return { kind: 'ok', value: { msgId } };
    if (kind === 'exists') return { ...refusal(45065), msgId };
    return SAID[said as keyof typeof SAID];
  };

  /** The id, the batch, and the event that came before, in one commit (receipt-store.ts). */
  function claimed(state: State, msgId: string, event: BatchEvent): State {
    const { record } = state;
    const submitted = advance(record.batch, event);
    const isMine = 'msgId' in submitted && submitted.msgId === msgId;
    const waits = isMine && submitted.state === 'submitted' && record.parked.includes(msgId);
    const batch = waits ? advance(submitted, receiptOf(msgId, state.now)) : submitted;
    const owned = isMine ? [...new Set([...record.owned, msgId])] : record.owned;
    const parked = waits ? record.parked.filter((id) => id !== msgId) : record.parked;
    return write(state, { batch, owned, parked });
  }

  const receiptOf = (msgId: string, at: number): BatchEvent => ({
    type: 'receipt-arrived',
    msgId,
    receipt: {
      status: 'delivered',
      reason: 'sent',
      total: 100,
      eligible: 100,
      sent: 100,
      failed: 0,
    },
    at,
  });

  function* arrivals(state: State): Iterable<Step> {
    for (const msgId of new Set(state.events)) {
      const events = without(state.events, msgId);
      yield [`the event of ${msgId} comes`, arrived({ ...state, events }, msgId)];
      yield [`the event of ${msgId} is lost`, { ...state, events }];
      if (state.left.copies > 0) {
        const copied = spend(state, 'copies');
        yield [`the event of ${msgId} comes, a copy will follow`, arrived(copied, msgId)];
      }
    }
  }

  function arrived(state: State, msgId: string): State {
    const { record } = state;
    if (!record.owned.includes(msgId)) {
      if (record.parked.includes(msgId)) return state;
      return write(state, { parked: [...record.parked, msgId] });
    }
    const { batch } = record;
    const isIts =
      (batch.state === 'submitted' || batch.state === 'settled') && batch.msgId === msgId;
    return isIts ? change(state, receiptOf(msgId, state.now)) : state;
  }

  function* sweeps(state: State): Iterable<Step> {
    const { record, now } = state;
    const { batch, cancelled } = record;
    if (batch.state === 'submitting' && now >= repeatDeadline(batch.firstAttemptAt, NOT_AFTER)) {
      yield [
        'the sweeper holds it',
        change(state, { type: 'held', reason: 'outcome-unknown', at: now }),
      ];
    }
    if (batch.state === 'pending' && now >= NOT_AFTER) {
      yield ['the sweeper cancels it', change(state, { type: 'cancelled', at: now })];
    }
    const stop = cancelled ? onStop(batch, now) : null;
    if (stop) yield ['what was cancelled is stopped', change(state, stop)];
  }

  function* steering(state: State): Iterable<Step> {
    const { record, left } = state;
    if (left.steers === 0 || record.cancelled) return;
    const steered = spend(state, 'steers');
    if (record.paused) {
      yield ['the operator resumes', { ...write(steered, { paused: false }), stopped: false }];
    } else {
      yield ['the operator pauses', { ...write(steered, { paused: true }), stopped: true }];
    }
    yield ['the operator cancels', { ...write(steered, { cancelled: true }), stopped: true }];
  }

  function* decisions(state: State): Iterable<Step> {
    const { record, left, now, accepted } = state;
    const { batch, cancelled } = record;
    if (left.decisions === 0) return;
    const decided = spend(state, 'decisions');
    const told = { ...decided, toldNotSent: true };
    const maySend = !cancelled && now < NOT_AFTER;
    if (batch.state === 'refused' && maySend) {
      yield ['the operator retries', change(decided, { type: 'retried' })];
    }
    if (!isUnknown(batch)) return;
    const again = change(told, { type: 'resolved-not-sent' });
    yield [
      'the operator says that it was not sent',
      maySend
        ? { ...again, licences: state.licences + 1 }
        : write(told, { batch: advance(again.record.batch, { type: 'cancelled', at: now }) }),
    ];
    for (const at of accepted.keys()) {
      const event = { type: 'resolved-sent', msgId: `m${at}`, at: now } as const;
      yield [`the operator says that it was sent as m${at}`, claimed(decided, `m${at}`, event)];
    }
    if (batch.state === 'held') {
      yield ['the operator gives it up', change(decided, { type: 'resolved-given-up', at: now })];
    }
  }

  function change(state: State, event: BatchEvent): State {
    return write(state, { batch: advance(state.record.batch, event) });
  }

  return steps;
}

/** A failover to a replica that lacks the newest writes; what was called stays called. */
function* forgetting(state: State): Iterable<Step> {
  const [before] = state.before;
  if (state.left.forgets === 0 || !before) return;
  const stopped = before.paused || before.cancelled;
  const forgotten = {
    ...state,
    record: before,
    before: [],
    stopped: state.stopped && stopped,
    forgot: true,
  };
  yield ['Redis fails over and forgets its last write', spend(forgotten, 'forgets')];
}

function write(state: State, changed: Partial<Record>): State {
  const record = { ...state.record, ...changed };
  return { ...state, record, before: state.left.forgets > 0 ? [state.record] : [] };
}

const spend = (state: State, what: keyof Budget): State => ({
  ...state,
  left: { ...state.left, [what]: state.left[what] - 1 },
});

const without = (events: readonly string[], one: string): string[] => {
  const at = events.indexOf(one);
  return events.filter((_, i) => i !== at);
};

/** What is broken in this state, as sentences. */
export function broken(state: State): string[] {
  const { record, accepted, licences, toldNotSent, calledAfterStop } = state;
  const { batch } = record;
  const laws: [boolean, string][] = [
    [accepted.length > 1 + licences, 'WeChat accepted it twice, and no operator said "not sent"'],
    [calledAfterStop, 'a first call began after an acknowledged pause or cancel'],
    [
      !toldNotSent && accepted.length > 0 && NOTHING_WENT.includes(batch.state) && !state.forgot,
      `it is ${batch.state}, and WeChat accepted it`,
    ],
    [
      (batch.state === 'submitted' || batch.state === 'settled') &&
        !accepted.some((_, at) => batch.msgId === `m${at}`),
      'it names a message that WeChat never accepted for it',
    ],
    [batch.state === 'held' && !wasCalled(batch), 'it is held and was never called'],
  ];
  return laws.flatMap(([isBroken, law]) => (isBroken ? [law] : []));
}

const NOTHING_WENT: readonly Batch['state'][] = ['pending', 'refused', 'cancelled'];

const wasCalled = (batch: Batch): boolean => batch.attempts > 0;

/**
 * Nothing disturbs it any more: time passes, one worker works, WeChat answers, events come.
 *
 * @returns the batch as it ends; null if it does not.
 */
const realSteps = makeSteps(RULES);

export function undisturbed(state: State): Batch | null {
  const calm = { deaths: 0, decisions: 0, steers: 0, forgets: 0, copies: 0, ticks: 1, calls: 1 };
  let at: State = { ...state, left: calm };
  for (let count = 0; count < 400; count += 1) {
    const { batch, paused } = at.record;
    if (batch.state === 'settled' || batch.state === 'refused' || batch.state === 'cancelled') {
      return batch;
    }
    if (isUnknown(batch) || (paused && batch.state === 'pending')) return batch;
    if (batch.state === 'submitted' && at.events.length === 0) return batch;
    const all = [...realSteps({ ...at, left: calm })];
    const next =
      all.find(([sentence]) =>
        /sweeper|stopped|moved|records|event of \S+ comes$/.test(sentence),
      ) ??
      all.find(([sentence]) => /accepts$|names its message$|no call/.test(sentence)) ??
      all.find(([sentence]) => /looks$/.test(sentence)) ??
      all.find(([sentence]) => /pass$/.test(sentence));
    if (!next) return null;
    at = next[1];
  }
  return null;
}

/** Counters that decide nothing are left out, so that states which differ in them only are one. */
export function nameOf({ record, before, workers, left, accepted, ...state }: State): string {
  const told = workers.map((worker) => {
    if (worker.at === 'looked') return `looked ${isStill(record, worker.seen)}`;
    if (worker.at === 'idle') return 'idle';
    const { called, ...rest } = worker;
    return Object.values(rest).join(' ') + textOf(called);
  });
  // The workers are alike.
  told.sort();
  const taken = accepted.map(({ generation, at }) => `${generation}@${at}`);
  const records = [record, ...before].map(
    ({ batch, ...rest }) => textOf(batch) + Object.values(rest).join('|'),
  );
  return [...Object.values(state), ...Object.values(left), ...taken, ...records, ...told].join(' ');
}

const texts = new WeakMap<Batch, string>();

function textOf(batch: Batch): string {
  const known = texts.get(batch);
  if (known !== undefined) return known;
  const { version: _, run: __, attempts: ___, ...bare } = batch;
  const text = JSON.stringify(bare);
  texts.set(batch, text);
  return text;
}

export const oneBatch = (left: Budget, rules: Rules = RULES): Model<State> => ({
  start: startWith(left),
  steps: makeSteps(rules),
  name: nameOf,
  broken,
});
