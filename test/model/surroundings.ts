/** What happens beside the workers: time, the sweeper, WeChat's events, a failover. */
import type { Batch } from '../../src/shared/campaign/batch.ts';
import { pauseOf } from '../../src/shared/campaign/lane.ts';
import { uncounted } from '../../src/shared/campaign/receipt.ts';
import { MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import type { Rules } from './rules.ts';
import {
  ANSWER_WITHIN,
  isStopped,
  KEY_LIFE,
  keyOf,
  minusOne,
  plus,
  REST,
  type Scene,
  type State,
  type Step,
  type Store,
  spend,
  write,
} from './state.ts';
import { receiptOf } from './wechat.ts';
import type { Workers } from './workers.ts';

export function makeSurroundings(rules: Rules, { change }: Workers, { skew }: Scene) {
  const { onStop, repeatDeadline } = rules;

  function* steps(state: State): Iterable<Step> {
    yield* ticks(state);
    yield* sweeps(state);
    yield* events(state);
    yield* failovers(state);
    yield* restores(state);
  }

  /** The first worker that finds an old Redis stops what was open then (check-heartbeat.ts). */
  function* restores(state: State): Iterable<Step> {
    const { store, now, backup, beatAt, left } = state;
    if (beatAt !== null) {
      const examined = { ...state, beatAt: null };
      if (!rules.isTooOld(beatAt, now)) {
        yield ['the workers find Redis as they left it', examined];
      } else {
        const restored = { at: now, by: 'qunfa', code: 'redis-restored', minutes: 0 } as const;
        const stopped = write(examined, { lane: { ...store.lane, restored } });
        const paused = { ...stopped, accountStopped: true };
        yield ['the workers find an old Redis: they pause the account', paused];
      }
    }
    if (left.restores === 0) return;
    if (backup === null) {
      yield ['a backup of Redis is made', { ...state, backup: { store, at: now } }];
    } else {
      // It takes a while.
      const at = now + MINUTE;
      const next = { ...goneBackTo(state, backup.store), backup: null, beatAt: backup.at, now: at };
      const restored = spend({ ...next, restoredAt: at }, 'restores');
      yield [`Redis is put back to the backup of ${minutes(now - backup.at)} before`, restored];
    }
  }

  /** To the next moment at which anything may be different. */
  function* ticks(state: State): Iterable<Step> {
    const { now, store, workers, accepted, left } = state;
    if (left.ticks === 0) return;
    const moments = [store.sendAt, store.notAfter];
    for (const batch of store.batches) {
      if ('nextAttemptAt' in batch && batch.nextAttemptAt) moments.push(batch.nextAttemptAt);
      if (batch.state !== 'submitting') continue;
      if (batch.lastAttemptAt + ANSWER_WITHIN > now)
        moments.push(batch.lastAttemptAt + ANSWER_WITHIN);
      moments.push(
        batch.lastAttemptAt + REST,
        repeatDeadline(batch.firstAttemptAt, store.notAfter),
      );
    }
    for (const worker of workers) {
      if (worker.at === 'intent') moments.push(worker.recordedAt + 5 * SECOND);
    }
    for (const { at } of accepted) moments.push(at + KEY_LIFE);
    const seen = skew === 0 ? moments : moments.flatMap((moment) => [moment, moment - skew]);
    const next = Math.min(...seen.filter((moment) => moment > now));
    if (!Number.isFinite(next)) return;
    const after = spend({ ...state, now: next, risked: riskedAt(state, next) }, 'ticks');
    yield [`${Math.round((next - now) / SECOND)} s pass`, after];
  }

  /**
   * A known limit: what WeChat accepted after a backup of the last hour is open again after the restore,
   * without a sign of it. It is called anew under the same key, and adopted; where that comes a day
   * later, WeChat has forgotten the key.
   */
  function riskedAt({ accepted, restoredAt, risked }: State, now: number): readonly string[] {
    if (restoredAt === null) return risked;
    const forgotten = accepted.filter(({ at }) => at <= restoredAt && now - at >= KEY_LIFE);
    return forgotten.map(keyOf).reduce<readonly string[]>(plus, risked);
  }

  function* sweeps(state: State): Iterable<Step> {
    const { store, now } = state;
    for (const batch of store.batches) {
      const { no } = batch;
      if (isOverdue(state, batch)) {
        const event = { type: 'held', reason: 'outcome-unknown', at: now } as const;
        yield [`the sweeper holds batch ${no}`, change(state, no, event)];
      }
      if (batch.state === 'pending' && now >= store.notAfter) {
        const event = { type: 'cancelled', at: now } as const;
        yield [`the sweeper cancels batch ${no}`, change(state, no, event)];
      }
      const stop = store.control.cancelled ? onStop(batch, now) : null;
      if (stop) yield [`the cancel reaches batch ${no}`, change(state, no, stop)];
    }
  }

  /** A call under way at that very moment still has its time to be answered. */
  const isOverdue = ({ now, store }: State, batch: Batch): boolean =>
    batch.state === 'submitting' &&
    now >= repeatDeadline(batch.firstAttemptAt, store.notAfter) &&
    (batch.answered || batch.lastAttemptAt + ANSWER_WITHIN + SECOND <= now);

  function* events(state: State): Iterable<Step> {
    for (const message of new Set(state.events)) {
      const rest = { ...state, events: minusOne(state.events, message) };
      const name = `the event of message ${message}`;
      yield [`${name} comes`, arrived(rest, message)];
      yield [`${name} is lost`, rest];
      if (state.left.copies > 0) {
        yield [`${name} comes, and another copy will`, arrived(spend(state, 'copies'), message)];
      }
    }
    for (const batch of state.store.batches) {
      if (batch.state !== 'submitted') continue;
      const message = Number(batch.msgId.slice(1));
      if (state.events.includes(message) || state.store.parked.includes(message)) continue;
      const { msgId } = batch;
      const receipt = uncounted('delivered', 'told-sent');
      const event = { type: 'receipt-arrived', msgId, receipt, at: state.now } as const;
      const asked = `WeChat is asked what became of batch ${batch.no}`;
      yield [asked, change(state, batch.no, event)];
    }
  }

  function arrived(state: State, message: number): State {
    const { store, now } = state;
    const owner = store.owners[message];
    const batch = owner === undefined ? undefined : store.batches[owner - 1];
    if (owner === undefined) {
      if (store.parked.includes(message)) return state;
      return write(state, { parked: plus(store.parked, message) });
    }
    const isIts = batch && 'msgId' in batch && batch.msgId === `m${message}`;
    return isIts ? change(state, owner, receiptOf(batch, now)) : state;
  }

  return { steps };
}

const minutes = (ms: number): string => `${Math.round(ms / MINUTE)} minutes`;

/** To a replica that lacks the newest writes, acknowledged or not; what was called stays called. */
function* failovers(state: State): Iterable<Step> {
  if (state.left.forgets === 0) return;
  for (const [at, store] of state.before.entries()) {
    const next = spend(goneBackTo(state, store), 'forgets');
    yield [`Redis fails over and forgets its last ${at + 1} writes`, next];
  }
}

/** What an operator was told of stops may be forgotten, too. */
function goneBackTo(state: State, store: Store): State {
  const stopped = state.stopped && isStopped(store);
  const accountStopped = state.accountStopped && pauseOf(store.lane) !== undefined;
  // Answers that are forgotten leave their calls open again.
  const again = store.batches
    .filter(({ state: is }) => is === 'submitting' || is === 'held')
    .map(keyOf);
  const open = [...state.open, ...again].sort();
  return { ...state, store, before: [], stopped, accountStopped, open, forgot: true };
}
