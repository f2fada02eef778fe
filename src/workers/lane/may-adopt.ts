/**
 * Whose message is it? WeChat has been seen to answer 45065 to keys that were never used, with the
 * id of another call of the same moment. While that other call's answer is still on its way, its id
 * looks unowned: the batch that adopts it then takes another batch's receipt for its own.
 *
 * So an id without an owner is adopted only when no other batch may still claim it: not while a
 * first call is under way, and of those that are asked about again the earliest goes first. Pure.
 */
import type { Batch, BatchRef } from '../../shared/campaign/batch.ts';

export interface Asking {
  readonly ref: BatchRef;
  readonly batch: Batch;
}

export function mayAdopt(me: Asking, others: readonly Asking[]): boolean {
  return !others.some((other) => !isSame(me, other) && mayClaim(me, other));
}

function mayClaim(me: Asking, { ref, batch }: Asking): boolean {
  if (batch.state !== 'submitting' || me.batch.state !== 'submitting') return false;
  const isFirstCall = batch.asked === 1 && !batch.answered;
  if (isFirstCall && me.batch.asked === 1) return true;
  const earlier = batch.firstAttemptAt - me.batch.firstAttemptAt;
  return earlier === 0 ? nameOf(ref) < nameOf(me.ref) : earlier < 0;
}

const isSame = (me: Asking, other: Asking): boolean => nameOf(me.ref) === nameOf(other.ref);

const nameOf = ({ campaignId, no }: BatchRef): string => `${campaignId}/${no}`;
