/** Our own count of calls by API path and Beijing day, since each call uses up WeChat's quotas. */
import { beijingDay, type SentToEveryone } from '../campaign/quota-window.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { DAY, MINUTE, SECOND } from '../platform/time.ts';
import { type Command, keptFor, when, write } from './commit.ts';
import { type Keys, makeKeys } from './keys.ts';

/** The sends of a month are counted here (four a month are allowed), so a little more is kept. */
const KEPT = 40 * DAY;

/** Of `2026-11-28`. */
const MONTH = '2026-11'.length;

const SENDS = /message\/mass\/send(?:all)?$/;
/** Beside the calls of a day, by path: how many of its sends were refused. */
export const REFUSED = 'refused';
/** More than any real account may call. */
const MOST_IN_A_MINUTE = 1_000;
/** How much later than we noted a call may have arrived at WeChat. */
export const JITTER = 0.7 * SECOND;

interface CountedCall {
  readonly identity: string;
  /** Such as `message/mass/send`. */
  readonly path: string;
  readonly at: number;
}

/** A call that is made now. */
export function countCommands(keys: Keys, { identity, path, at }: CountedCall): Command[] {
  const minute = keys.minute(identity, path);
  return [
    keptFor(KEPT, ['HINCRBY', keys.calls(identity, beijingDay(at)), path, 1]),
    ...when(
      SENDS.test(path),
      ['LPUSH', minute, at],
      ['LTRIM', minute, 0, MOST_IN_A_MINUTE - 1],
      ['PEXPIRE', minute, MINUTE],
    ),
  ];
}

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
    await write(redis, ...countCommands(keys, { identity: identityOf(account), path, at: now() }));
  }

  /** A send that WeChat refused. */
  async function countRefused(account: string, path: string): Promise<void> {
    if (!SENDS.test(path)) return;
    const day = keys.calls(identityOf(account), beijingDay(now()));
    await write(redis, keptFor(KEPT, ['HINCRBY', day, REFUSED, 1]));
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
  const today = (account: string) => onDay(account, beijingDay(now()));

  /** Of a day such as `2026-11-28` (Beijing), at most 40 days ago. */
  async function onDay(account: string, day: string): Promise<Readonly<Record<string, number>>> {
    const calls = await redis.hgetall(keys.calls(identityOf(account), day));
    return Object.fromEntries(Object.entries(calls).map(([path, n]) => [path, Number(n)]));
  }

  /** WeChat accepted a send to everyone. */
  async function noteEveryone(account: string): Promise<void> {
    const day = beijingDay(now());
    const key = keys.everyone(identityOf(account), day.slice(0, MONTH));
    await write(redis, keptFor(KEPT, ['HINCRBY', key, day, 1]));
  }

  async function toEveryone(account: string): Promise<SentToEveryone> {
    const day = beijingDay(now());
    const days = await redis.hgetall(keys.everyone(identityOf(account), day.slice(0, MONTH)));
    const thisMonth = Object.values(days).reduce((sum, count) => sum + Number(count), 0);
    return { today: Number(days[day] ?? 0), thisMonth };
  }

  return { count, countRefused, today, onDay, minuteHasRoom, noteEveryone, toEveryone };
}
