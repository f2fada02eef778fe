/** What two workers do with batches, step by step, as submit-batch.ts and take-in-answer.ts do it. */
import type { BatchEvent } from '../../src/shared/campaign/advance-batch.ts';
import type { Batch, Called } from '../../src/shared/campaign/batch.ts';
import type { Rules } from './rules.ts';
import {
  ANSWER_WITHIN,
  keyOf,
  minusOne,
  plus,
  REST,
  type Scene,
  type State,
  type Step,
  spend,
  timesOf,
  type Worker,
  withBatch,
  write,
} from './state.ts';
import { answersOf, messageOf, receiptOf, toAnswer } from './wechat.ts';

type At = 0 | 1;

export function makeWorkers(rules: Rules, { skew, begins }: Scene) {
  const { advance, callableUntil, latenessOf, onStop } = rules;

  function* steps(state: State): Iterable<Step> {
    for (const at of [0, 1] as const) {
      // Both begin alike: the second begins only beside the first, unless its clock is its own.
      const [first] = state.workers;
      if (at === 1 && skew === 0 && first.at === 'idle' && state.workers[1].at === 'idle') continue;
      yield* stepsOf(state, at);
    }
  }

  const clockOf = ({ now }: State, at: At): number => now + (at === 1 ? skew : 0);

  function put(state: State, at: At, next: Worker): State {
    const [first, second] = state.workers;
    return { ...state, workers: at === 0 ? [next, second] : [first, next] };
  }

  const IDLE = { at: 'idle' } as const;

  function* stepsOf(state: State, at: At): Iterable<Step> {
    const worker = state.workers[at];
    const name = `worker ${at + 1}`;
    if (worker.at !== 'idle' && state.left.deaths > 0) {
      yield [`${name} dies`, put(spend(state, 'deaths'), at, IDLE)];
    }
    switch (worker.at) {
      case 'idle':
        for (const batch of state.store.batches) yield* looks(state, at, batch);
        return;
      case 'looked':
        return yield intends(state, at, worker);
      case 'intent': {
        const { no, called } = worker;
        const since = worker.recordedAt + (at === 1 ? skew : 0);
        const calling = `${name} calls for batch ${no}`;
        if (!rules.mayCall({ since, until: worker.until }, clockOf(state, at))) {
          const next: Worker = { at: 'answered', no, called, answer: 'not-sent' };
          return yield [`${name} makes no call for batch ${no}, too late`, put(state, at, next)];
        }
        const isLate = skew === 0 && state.now >= state.promised.notAfter;
        const breach = isLate ? `a call for batch ${no} begins after notAfter` : state.breach;
        for (const [words, answer, after] of answersOf(state, called)) {
          yield [
            `${calling}, WeChat ${words}`,
            put({ ...after, breach }, at, { at: 'answered', no, called, answer }),
          ];
        }
        return;
      }
      case 'answered': {
        const recorded = takeIn(put(state, at, IDLE), worker, clockOf(state, at));
        yield [`${name} records the answer about batch ${worker.no}`, recorded];
      }
    }
  }

  function* looks(state: State, at: At, batch: Batch): Iterable<Step> {
    const { store, left } = state;
    const clock = clockOf(state, at);
    const { no } = batch;
    const looked = { at: 'looked', no, seen: store } as const;
    const sees = `worker ${at + 1} looks at batch ${no}`;
    if (batch.state === 'pending') {
      if (!rules.mayStart(store.control) || clock >= store.notAfter) return;
      if (clock < (batch.nextAttemptAt ?? 0) || isBlocked(store.batches, batch, clock)) return;
    } else if (batch.state === 'submitting') {
      if (store.control.cancelled && onStop(batch, clock)) return;
      if (clock >= callableUntil(batch, store.notAfter)) {
        const event = { type: 'held', reason: 'outcome-unknown', at: clock } as const;
        yield [`${sees} and holds it: too late to ask again`, change(state, no, event)];
        return;
      }
      const rested = batch.answered ? (batch.nextAttemptAt ?? 0) : batch.lastAttemptAt + REST;
      if (clock < rested || isBlocked(store.batches, batch, clock)) return;
    } else {
      return;
    }
    if (!rules.isOpen(store)) return;
    if (left.calls > 0) yield [sees, put(state, at, looked)];
  }

  /**
   * While a call of the account is unanswered, no new batch begins; those that are asked about again
   * take turns (enter-lane.ts).
   */
  const isBlocked = (batches: readonly Batch[], me: Batch, clock: number): boolean =>
    batches.some((one) => {
      if (one.no === me.no || one.state !== 'submitting') return false;
      if (!one.unanswered && one.lastAttemptAt + ANSWER_WITHIN > clock) return false;
      return me.state === 'pending' || rules.comesBefore(asking(one), asking(me));
    });

  function intends(state: State, at: At, { no, seen }: Extract<Worker, { at: 'looked' }>): Step {
    const name = `worker ${at + 1}`;
    const batch = seen.batches[no - 1] as Batch;
    const clock = clockOf(state, at);
    const until = callableUntil(batch, seen.notAfter);
    if (!rules.isStill(state.store, seen, no)) {
      return [`${name} finds that batch ${no} or the campaign moved`, put(state, at, IDLE)];
    }
    if (!rules.isOpen(state.store)) {
      return [`${name} finds that the account was stopped`, put(state, at, IDLE)];
    }
    if (state.beatAt !== null && rules.isTooOld(state.beatAt, clock)) {
      return [`${name} finds that Redis is not the one it left`, put(state, at, IDLE)];
    }
    if (clock >= until) return [`${name} finds that it is too late`, put(state, at, IDLE)];
    const called = advance(batch, { type: 'attempt-started', at: clock });
    if (called.state !== 'submitting') return [`${name} has nothing to do`, put(state, at, IDLE)];
    const written = {
      ...write(state, { batches: withBatch(state.store, called) }),
      // With REDIS_WAIT_REPLICAS no call is made before a replica has its intent.
      before: [],
      open: [...state.open, keyOf(called)].sort(),
      breach: breachOf(state, batch),
    };
    const next: Worker = { at: 'intent', no, called, recordedAt: state.now, until };
    return [`${name} records that it will call for batch ${no}`, put(written, at, next)];
  }

  function breachOf(state: State, batch: Batch): string | null {
    const { no } = batch;
    const { store, now, promised } = state;
    const begins = `a call for batch ${no} begins`;
    if (state.accountStopped) return `${begins} while the account is stopped`;
    if (now < promised.sendAt) return `${begins} before sendAt`;
    if (isUnapproved(state)) return `${begins}, and nobody approved it for ${timesOf(store)}`;
    return afterStop(state, batch);
  }

  const isUnapproved = ({ approved, store }: State): boolean =>
    begins === 'unapproved' && approved !== timesOf(store);

  /** After a stop what WeChat may have is asked about, and nothing gets a new chance to go out. */
  function afterStop({ stopped, open, store }: State, batch: Batch): string | null {
    if (!stopped) return null;
    const { no } = batch;
    if (!open.includes(keyOf(batch)))
      return `a call for batch ${no} begins after an acknowledged stop`;
    const isPutOff =
      batch.state === 'submitting' && batch.answered && batch.reason !== 'outcome-unknown';
    return store.control.cancelled && isPutOff
      ? `batch ${no}, which WeChat put off, is called after a cancel`
      : null;
  }

  /** As takeInAnswer does it. */
  function takeIn(
    state: State,
    { no, called, answer }: Extract<Worker, { at: 'answered' }>,
    clock: number,
  ): State {
    const batch = state.store.batches[no - 1] as Batch;
    const reading = rules.readSubmission(toAnswer(answer), {
      now: clock,
      asked: called.asked,
      unknownRetryMs: REST,
      accountKind: 'service',
      api: 'send',
    });
    if (reading.kind === 'new-media') {
      const nextAttemptAt = clock + REST;
      return takeInNo(state, called, { type: 'put-back', reason: 'new-media', nextAttemptAt });
    }
    const { event } = reading;
    if (event.type !== 'accepted') return takeInNo(state, called, event);
    const others = state.store.batches.flatMap(asAsking);
    if (event.adopted && !rules.mayAdopt(asking(called), others, { now: clock, restMs: REST })) {
      const nextAttemptAt = clock + REST;
      return takeInNo(state, called, { type: 'outcome-unknown', nextAttemptAt });
    }
    const message = messageOf(event.msgId);
    const owner = message === null ? 'another campaign' : state.store.owners[message];
    if (message === null || (owner !== undefined && owner !== no)) {
      const reason = 'message-id-taken';
      return takeInNo(state, called, { type: 'held', reason, takenMsgId: event.msgId, at: clock });
    }
    const late = latenessOf(batch, event, called.generation);
    const heard = plus(state.heard, message);
    const open = minusOne(state.open, keyOf(called));
    return claim({ ...state, heard, open }, no, message, late ?? event);
  }

  function takeInNo(state: State, called: Called, event: BatchEvent): State {
    const batch = state.store.batches[called.no - 1] as Batch;
    if (!rules.awaits(batch, called)) return state;
    const isDefinite = event.type === 'put-back' || event.type === 'refused';
    const open = isDefinite ? minusOne(state.open, keyOf(called)) : state.open;
    return change({ ...state, open }, called.no, event);
  }

  /** The id, the batch, and the event that came before, in one commit (receipt-store.ts). */
  function claim(state: State, no: number, message: number, event: BatchEvent): State {
    const { store } = state;
    const submitted = advance(store.batches[no - 1] as Batch, event);
    const isMine = 'msgId' in submitted && submitted.msgId === `m${message}`;
    if (!isMine) return write(state, { batches: withBatch(store, submitted) });
    const waits = submitted.state === 'submitted' && store.parked.includes(message);
    const batch = waits ? advance(submitted, receiptOf(submitted, state.now)) : submitted;
    const owners = [...store.owners];
    owners[message] = no;
    return write(state, {
      batches: withBatch(store, batch),
      owners: Array.from(owners),
      parked: waits ? minusOne(store.parked, message) : store.parked,
    });
  }

  function change(state: State, no: number, event: BatchEvent): State {
    const batch = advance(state.store.batches[no - 1] as Batch, event);
    return write(state, { batches: withBatch(state.store, batch) });
  }

  return { steps, change, claim };
}

export type Workers = ReturnType<typeof makeWorkers>;

const asking = <B extends Batch>(batch: B) => ({ ref: { campaignId: 'c', no: batch.no }, batch });

/** Batches that a call is under way for, or that are asked about again. */
const asAsking = (batch: Batch) => (batch.state === 'submitting' ? [asking(batch)] : []);
