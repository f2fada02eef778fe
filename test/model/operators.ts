/** Operators: what they may decide about batches, on what is there or on what they saw before. */
import type { BatchEvent } from '../../src/shared/campaign/advance-batch.ts';
import { type Batch, isUnknown, newBatch } from '../../src/shared/campaign/batch.ts';
import type { Rules } from './rules.ts';
import {
  followersOf,
  keyOf,
  plus,
  type State,
  type Step,
  type Store,
  spend,
  withBatch,
  write,
} from './state.ts';
import type { Workers } from './workers.ts';

export function makeOperators({ advance, halvesOf, isMeant }: Rules, { change, claim }: Workers) {
  function* steps(state: State): Iterable<Step> {
    if (state.left.decisions > 0) {
      for (const { no } of state.store.batches)
        yield* decides(spend(state, 'decisions'), no, state.store);
    }
    yield* decidesLater(state);
  }

  /** The second operator: looks, and decides when the batch may be another one already. */
  function* decidesLater(state: State): Iterable<Step> {
    const { looked, store, left } = state;
    if (looked === null) {
      if (left.looks === 0) return;
      for (const { no, state: is } of store.batches) {
        const isAsking = is === 'held' || is === 'abandoned' || is === 'refused';
        const next = spend({ ...state, looked: { no, seen: store } }, 'looks');
        if (isAsking) yield [`another operator looks at batch ${no}`, next];
      }
      return;
    }
    const { no, seen } = looked;
    const over = { ...state, looked: null };
    if (!isMeant(store, seen, no)) {
      yield [`the other operator is told that batch ${no} moved`, over];
      return;
    }
    for (const [sentence, next] of decides(over, no, seen)) yield [`the other: ${sentence}`, next];
  }

  /** What may be said of the batch as it was `seen`, applied to the batch as it is. */
  function* decides(state: State, no: number, seen: Store): Iterable<Step> {
    const [batch, shown] = [state.store.batches[no - 1], seen.batches[no - 1]];
    if (!batch || !shown) return;
    const { control, notAfter } = state.store;
    const maySend = !control.cancelled && state.now < notAfter;
    if (shown.state === 'refused' && maySend) {
      yield [`an operator retries batch ${no}`, change(state, no, { type: 'retried' })];
      if (state.left.splits > 0) yield* smaller(spend(state, 'splits'), batch);
    }
    if (!isUnknown(shown)) return;
    yield* unknown({ state, no, shown, maySend });
  }

  function* unknown({
    state,
    no,
    shown,
    maySend,
  }: {
    state: State;
    no: number;
    shown: Batch;
    maySend: boolean;
  }): Iterable<Step> {
    const { now, store } = state;
    const told = { ...state, told: plus(state.told, keyOf(shown)) };
    const again = change(told, no, { type: 'resolved-not-sent' });
    yield [
      `an operator says that batch ${no} was not sent`,
      maySend ? again : change(again, no, { type: 'cancelled', at: now }),
    ];
    for (const [message, accepted] of state.accepted.entries()) {
      const owner = store.owners[message];
      if (accepted.no !== no || (owner !== undefined && owner !== no)) continue;
      const event: BatchEvent = { type: 'resolved-sent', msgId: `m${message}`, at: now };
      yield [
        `an operator says that batch ${no} was sent as ${message}`,
        claim(state, no, message, event),
      ];
    }
    if (shown.state === 'held') {
      const event = { type: 'resolved-given-up', at: now } as const;
      yield [`an operator gives batch ${no} up`, change(state, no, event)];
    }
  }

  function* smaller(state: State, batch: Batch): Iterable<Step> {
    yield* inHalves(state, batch);
    yield* withoutOne(state, batch);
  }

  /** The lower half keeps the number, the upper one gets the next free one (retry-refused.ts). */
  function* inHalves(state: State, batch: Batch): Iterable<Step> {
    const { store } = state;
    const { range, without } = batch;
    const kept = without && followersOf(batch);
    const halves = range && halvesOf(range, kept);
    if (!halves) return;
    const [lower, upper] = halves;
    const after = advance(batch, { type: 'retried', ...lower });
    const other: Batch = {
      ...newBatch(store.batches.length + 1, upper.size),
      range: upper.range,
      ...(without ? { without } : {}),
    };
    const batches = [...withBatch(store, after), other];
    yield [`an operator retries batch ${batch.no} in halves`, write(state, { batches })];
  }

  function* withoutOne(state: State, batch: Batch): Iterable<Step> {
    const [first, ...others] = followersOf(batch);
    if (first === undefined || others.length < 2) return;
    const without = [...(batch.without ?? []), String(first)];
    const event: BatchEvent = { type: 'retried', without, size: others.length };
    const sentence = `an operator retries batch ${batch.no} without follower ${first}`;
    yield [sentence, change(state, batch.no, event)];
  }

  return { steps };
}
