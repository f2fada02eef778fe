/**
 * What people and other systems did, over all campaigns and accounts: a list for each day of
 * Beijing. What the system or WeChat did stands with the campaign alone.
 */
import type { Act, AuditEntry } from '../campaign/audit.ts';
import { beijingDay, startOfBeijingDay } from '../campaign/quota-window.ts';
import type { Redis } from '../platform/redis.ts';
import { DAY } from '../platform/time.ts';
import { type Command, keptFor, write } from './commit.ts';
import { type Keys, makeKeys } from './keys.ts';
import { stored } from './stored.ts';

export type LoggedAct = AuditEntry & {
  readonly account: string;
  readonly campaignId?: string;
};

/** Longer than any campaign is kept. */
export const LOG_KEPT = 400 * DAY;
const BY_ITSELF: readonly string[] = ['qunfa', 'wechat'];

/** For the commit that does what it reports. */
export function logCommands(keys: Keys, act: LoggedAct): Command[] {
  if (BY_ITSELF.includes(act.by)) return [];
  const key = keys.auditOn(beijingDay(act.at));
  return [keptFor(LOG_KEPT, ['RPUSH', key, JSON.stringify(act)])];
}

export interface LogQuery {
  /** Days of Beijing, `2026-12-01`; both included. */
  readonly from: string;
  readonly until: string;
}

/** Where to go on: before these entries of this day, one for each shard. */
export interface LogPlace {
  readonly day: string;
  readonly before: readonly number[];
}

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
}

interface Placed {
  readonly act: LoggedAct;
  /** How many of its list are older. */
  readonly before: number;
}

export type AuditLog = ReturnType<typeof makeAuditLog>;

const AT_ONCE = 500;

export function makeAuditLog({ redis, record }: Dependencies) {
  const keys = makeKeys(record);

  /** What was done to an account. */
  async function note(account: string, entry: Act & Pick<AuditEntry, 'at' | 'by'>): Promise<void> {
    await write(redis, ...logCommands(keys, { ...entry, account }));
  }

  return { note, read: makeReadLog({ redis, records: [record] }) };
}

/** Newest first, over all of these records: one a shard. */
export const makeReadLog = ({ redis, records }: { redis: Redis; records: readonly string[] }) =>
  async function* read(
    { from, until }: LogQuery,
    place?: LogPlace,
  ): AsyncGenerator<{ readonly act: LoggedAct; readonly place: LogPlace }> {
    const first = place && place.day < until ? place.day : until;
    for (let day = first; day >= from; day = dayBefore(day)) {
      const lists = records.map((record) => makeKeys(record).auditOn(day));
      const known = place?.day === day ? place.before : [];
      const before = await Promise.all(lists.map(async (key, at) => known[at] ?? redis.llen(key)));
      const readers = lists.map((key, at) => backwards(redis, key, before[at] ?? 0));
      const heads = await Promise.all(readers.map(nextOf));
      for (let at = newest(heads); at !== -1; at = newest(heads)) {
        const { act, before: older } = heads[at] as Placed;
        before[at] = older;
        yield { act, place: { day, before: [...before] } };
        heads[at] = await nextOf(readers[at] as AsyncGenerator<Placed>);
      }
    }
  };

async function* backwards(redis: Redis, key: string, before: number): AsyncGenerator<Placed> {
  for (let end = before; end > 0; end -= AT_ONCE) {
    const start = Math.max(0, end - AT_ONCE);
    const texts = await redis.lrange(key, start, end - 1);
    for (let at = texts.length - 1; at >= 0; at -= 1) {
      yield { act: stored<LoggedAct>(texts[at] ?? ''), before: start + at };
    }
  }
}

const nextOf = async (reader: AsyncGenerator<Placed>): Promise<Placed | null> => {
  const { done, value } = await reader.next();
  return done ? null : value;
};

/** Whose entry is the newest; -1 where none is left. */
const newest = (heads: readonly (Placed | null)[]): number =>
  heads.reduce<number>(
    (best, head, at) => (head && head.act.at >= (heads[best]?.act.at ?? 0) ? at : best),
    -1,
  );

const dayBefore = (day: string): string => beijingDay(startOfBeijingDay(day) - 1);
