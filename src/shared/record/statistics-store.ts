/** Figures of articles as WeChat last told them, by the day of the send. */
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { DAY } from '../platform/time.ts';
import type { ArticleTotals } from '../wechat/statistics.ts';
import { extend, write } from './commit.ts';
import { makeKeys } from './keys.ts';
import { storedOrNull } from './stored.ts';

export interface DayStatistics extends ArticleTotals {
  /** When WeChat was asked, ms; 0: never. */
  readonly askedAt: number;
}

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly identityOf: IdentityOf;
}

/** Longer than WeChat goes on counting. */
const KEPT = 90 * DAY;

export type StatisticsStore = ReturnType<typeof makeStatisticsStore>;

export function makeStatisticsStore({ redis, record, identityOf }: Dependencies) {
  const keys = makeKeys(record);

  async function read(account: string, day: string): Promise<DayStatistics | null> {
    const text = await redis.get(keys.statistics(identityOf(account), day));
    return storedOrNull<DayStatistics>(text);
  }

  async function keep(account: string, day: string, found: DayStatistics): Promise<void> {
    const key = keys.statistics(identityOf(account), day);
    await write(redis, ['SET', key, JSON.stringify(found)], extend(key, KEPT));
  }

  return { read, keep };
}
