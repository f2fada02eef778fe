/** Our own count of calls by API path and Beijing day: WeChat's quotas are spent by calling. */
import type { Redis } from 'ioredis';
import { beijingDay } from '../campaign/quota-window.ts';
import type { IdentityOf } from '../platform/identity.ts';
import { DAY } from '../platform/time.ts';
import { makeKeys } from './keys.ts';

/** A month of sends must be told from the ledger (four a month); a little longer is kept. */
const KEPT_S = (40 * DAY) / 1_000;

export type QuotaLedger = ReturnType<typeof makeQuotaLedger>;

export function makeQuotaLedger({
  redis,
  record,
  identityOf,
  now,
}: {
  redis: Redis;
  record: string;
  identityOf: IdentityOf;
  now: () => number;
}) {
  const keys = makeKeys(record);

  async function count(account: string, path: string): Promise<void> {
    const key = keys.calls(identityOf(account), beijingDay(now()));
    if ((await redis.hincrby(key, path, 1)) === 1) await redis.expire(key, KEPT_S);
  }

  /** Calls made today (Beijing), by API path such as `message/mass/send`. */
  async function today(account: string): Promise<Readonly<Record<string, number>>> {
    const calls = await redis.hgetall(keys.calls(identityOf(account), beijingDay(now())));
    return Object.fromEntries(Object.entries(calls).map(([path, n]) => [path, Number(n)]));
  }

  return { count, today };
}
