/** Counts again, from the batches themselves, what is kept beside them. */
import type { Batch } from '../campaign/batch.ts';
import {
  batchTotal,
  EMPTY_TALLY,
  TALLY_FIELDS as FIELDS,
  type Tally,
  type TallyField,
  tallyOf,
} from '../campaign/progress.ts';
import type { Redis } from '../platform/redis.ts';
import { refOf } from './change-batch.ts';
import { type Command, commit, untilSettled } from './commit.ts';
import type { Keys } from './keys.ts';
import { stored, storedOrNull, storedTally } from './stored.ts';

export function makeCountBatches({ redis, keys }: { redis: Redis; keys: Keys }) {
  /** Sets a campaign's tally to the sum of its batches. @returns whether it was wrong. */
  async function recountTally(id: string): Promise<boolean> {
    const key = keys.tally(id);
    return untilSettled<boolean>(async () => {
      const before = await redis.hgetall(key);
      const texts = await redis.hvals(keys.batches(id));
      const counted = sumOf(texts.map((text) => stored<Batch>(text)));
      const wrong = FIELDS.filter((field) => Number(before[field] ?? 0) !== counted[field]);
      if (wrong.length === 0) return false;
      // Every field is checked: a batch that moved on meanwhile has changed one of them.
      const checks = FIELDS.map((field) => ({ key, field, is: before[field] ?? null }));
      const commands = wrong.map((field): Command => ['HSET', key, field, counted[field]]);
      const told: Command = ['PUBLISH', keys.feed(), id];
      return (await commit(redis, checks, [...commands, told])) ? true : 'moved';
    });
  }

  /**
   * A lost tally counts fewer batches than there are.
   *
   * @param known as the caller has just read it.
   * @returns whether it had to be set right.
   */
  async function mendTally(id: string, known?: Tally): Promise<boolean> {
    const [there, tally] = await Promise.all([
      redis.hlen(keys.batches(id)),
      known ?? redis.hgetall(keys.tally(id)).then(storedTally),
    ]);
    return there !== batchTotal(tally) && recountTally(id);
  }

  /** The batch of a member of `set`; a member whose batch is not submitting is removed. */
  async function submittingIn(set: string, member: string): Promise<Batch | null> {
    return untilSettled<Batch | null>(async () => {
      const { campaignId, no } = refOf(member);
      const check = { key: keys.batches(campaignId), field: String(no) };
      const is = await redis.hget(check.key, check.field);
      const batch = storedOrNull<Batch>(is);
      if (batch?.state === 'submitting') return batch;
      const gone = await commit(redis, [{ ...check, is }], [['ZREM', set, member]]);
      return gone ? null : 'moved';
    });
  }

  return { recountTally, mendTally, submittingIn };
}

function sumOf(batches: readonly Batch[]): Record<TallyField, number> {
  const sum = { ...EMPTY_TALLY } as Record<TallyField, number>;
  for (const batch of batches) {
    for (const [field, by] of Object.entries(tallyOf(batch))) sum[field as TallyField] += by;
  }
  return sum;
}
