/**
 * Whose message is it? WeChat has been seen to answer 45065 to keys that were never used, with the
 * id of another call of the same moment. While that other call has no outcome, its id looks
 * unowned: the batch that adopts it takes another batch's receipt for its own, and is never sent.
 *
 * So an id without an owner is adopted only when nothing else was called at that time, and batches
 * that are asked about again take turns. Pure.
 */
import type { Batch, BatchRef, Called } from '../../shared/campaign/batch.ts';
import { SECOND } from '../../shared/platform/time.ts';

export interface Asking {
  readonly ref: BatchRef;
  readonly batch: Batch;
}

interface Answered {
  /** When its answer is taken in. */
  readonly now: number;
  /** How long a key rests before it is used again. */
  readonly restMs: number;
}

/** So that a call and the repeat of another one, a rest later, are not of the same time. */
const SAME_TIME = 0.9;

/** Where a key rests for less than WeChat's minute, a busy worker must not count as one that stood still. */
const LEAST_STILL = 5 * SECOND;

/** @param me as called. */
export function mayAdopt(
  { ref, batch: me }: { readonly ref: BatchRef; readonly batch: Called },
  others: readonly Asking[],
  { now, restMs }: Answered,
): boolean {
  const sameTime = SAME_TIME * restMs;
  // A worker that stood still brings an answer from before others were held.
  if (now - me.lastAttemptAt > Math.max(restMs / 2, LEAST_STILL)) return false;
  return !others.some(
    ({ ref: its, batch }) =>
      batch.state === 'submitting' &&
      batch.lastAttemptAt > me.lastAttemptAt - sameTime &&
      nameOf(its) !== nameOf(ref),
  );
}

/** Of those that are asked about again, whose turn comes first. */
export function comesBefore(a: Asking, b: Asking): boolean {
  if (a.batch.state !== 'submitting' || b.batch.state !== 'submitting') return false;
  const earlier = a.batch.firstAttemptAt - b.batch.firstAttemptAt;
  return earlier === 0 ? nameOf(a.ref) < nameOf(b.ref) : earlier < 0;
}

const nameOf = ({ campaignId, no }: BatchRef): string => `${campaignId}/${no}`;
