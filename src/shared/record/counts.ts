/** What the record holds now, over all campaigns: from its indexes, so that no campaign is read. */
import { COUNTED_KINDS } from '../campaign/attention.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { makeKeys } from './keys.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly identityOf: IdentityOf;
  readonly now: () => number;
}

export type RecordCounts = Awaited<ReturnType<ReturnType<typeof makeRecordCounts>>>;

export function makeRecordCounts({ redis, record, identityOf, now }: Dependencies) {
  const keys = makeKeys(record);

  /** @param accounts whose unanswered calls are counted. */
  return async function count(accounts: readonly string[]) {
    const [work, submitting, submitted, oldest, outbox, held, refused, unanswered] =
      await Promise.all([
        redis.hvals(keys.lanes()),
        redis.zcard(keys.deadlines()),
        redis.zcard(keys.awaiting()),
        redis.zrange(keys.awaiting(), '0', '0', 'WITHSCORES'),
        redis.zcard(keys.outbox()),
        counted('held'),
        counted('refused'),
        Promise.all(
          accounts.map((one) => redis.zcount(keys.unanswered(identityOf(one)), 0, now())),
        ),
      ]);
    const toCall = sum(work.map((text) => Math.max(0, Number(text))));
    const acceptedAt = Number(oldest[1] ?? now());
    return {
      batches: {
        // In lanes: those of paused campaigns have left theirs.
        pending: Math.max(0, toCall - submitting),
        ...{ submitting, submitted, held, refused },
      },
      oldestReceiptMs: Math.max(0, now() - acceptedAt),
      unanswered: sum(unanswered),
      outbox,
    };
  };

  /** The campaigns that need an operator for it are in the index, and few. */
  async function counted(state: keyof typeof COUNTED_KINDS): Promise<number> {
    const members = await redis.zrange(keys.attention(COUNTED_KINDS[state]), '0', '-1');
    const ids = members.map((member) => member.split('/')[1] ?? '');
    const counts = await Promise.all(ids.map((id) => redis.hget(keys.tally(id), state)));
    return sum(counts.map(Number));
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, one) => total + one, 0);
