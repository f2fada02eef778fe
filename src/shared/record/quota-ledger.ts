/** Our own count of calls by API path and Beijing day: WeChat's quotas are spent by calling. */
import type { Redis } from 'ioredis';
import { beijingDay, type SentToEveryone } from '../campaign/quota-window.ts';
import type { IdentityOf } from '../platform/identity.ts';
import { DAY, MINUTE, SECOND } from '../platform/time.ts';
import { makeKeys } from './keys.ts';

/** A month of sends must be told from the ledger (four a month); a little longer is kept. */
const KEPT_S = (40 * DAY) / 1_000;

/** Of `2026-11-28`. */
const MONTH = '2026-11'.length;

const SENDS = /message\/mass\/send(?:all)?$/;
/** More than any real account may call. */
const MOST_IN_A_MINUTE = 1_000;
/** How much later than we noted a call may have arrived at WeChat. */
export const JITTER = 0.7 * SECOND;

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
    const isSend = SENDS.test(path);
    const [first] = await Promise.all([
      redis.hincrby(key, path, 1),
      isSend ? noteCall(keys.minute(identityOf(account), path)) : undefined,
    ]);
    if (first === 1) await redis.expire(key, KEPT_S);
  }

  async function noteCall(key: string): Promise<void> {
    const at = now();
    await redis
      .multi()
      .lpush(key, at)
      .ltrim(key, 0, MOST_IN_A_MINUTE - 1)
      .pexpire(key, MINUTE)
      .exec();
  }

  /**
   * When the oldest of our own sends leaves WeChat's minute, the one at hand included. Null where
   * none is known.
   */
  async function minuteHasRoom(account: string, path: string): Promise<number | null> {
    const calls = await redis.lrange(keys.minute(identityOf(account), path), 0, -1);
    const oldest = calls.map(Number).findLast((at) => at > now() - MINUTE);
    return oldest === undefined ? null : oldest + MINUTE + JITTER;
  }

  /** Calls made today (Beijing), by API path such as `message/mass/send`. */
  async function today(account: string): Promise<Readonly<Record<string, number>>> {
    const calls = await redis.hgetall(keys.calls(identityOf(account), beijingDay(now())));
    return Object.fromEntries(Object.entries(calls).map(([path, n]) => [path, Number(n)]));
  }

  /** WeChat accepted a send to everyone. */
  async function noteEveryone(account: string): Promise<void> {
    const day = beijingDay(now());
    const key = keys.everyone(identityOf(account), day.slice(0, MONTH));
    await redis.multi().hincrby(key, day, 1).expire(key, KEPT_S).exec();
  }

  async function toEveryone(account: string): Promise<SentToEveryone> {
    const day = beijingDay(now());
    const days = await redis.hgetall(keys.everyone(identityOf(account), day.slice(0, MONTH)));
    const thisMonth = Object.values(days).reduce((sum, count) => sum + Number(count), 0);
    return { today: Number(days[day] ?? 0), thisMonth };
  }

  return { count, today, minuteHasRoom, noteEveryone, toEveryone };
}
