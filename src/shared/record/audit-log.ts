/**
 * What people and other systems did, over all campaigns and accounts: a list for each day of
 * Beijing. What the system or WeChat did stands with the campaign alone.
 */
import type { Act, AuditEntry } from '../campaign/audit.ts';
import { beijingDay, startOfBeijingDay } from '../campaign/quota-window.ts';
import type { Redis } from '../platform/redis.ts';
import { DAY } from '../platform/time.ts';
import { type Command, write } from './commit.ts';
import { type Keys, makeKeys } from './keys.ts';
import { stored } from './stored.ts';

export type LoggedAct = AuditEntry & {
  readonly account: string;
  readonly campaignId?: string;
};

/** Longer than any campaign is kept. */
const LOG_KEPT = 400 * DAY;
const BY_ITSELF: readonly string[] = ['qunfa', 'wechat'];

/** For the commit that does what it reports. */
export function logCommands(keys: Keys, act: LoggedAct): Command[] {
  if (BY_ITSELF.includes(act.by)) return [];
  const key = keys.auditOn(beijingDay(act.at));
  return [
    ['RPUSH', key, JSON.stringify(act)],
    ['PEXPIRE', key, LOG_KEPT],
  ];
}

export interface LogQuery {
  /** Days of Beijing, `2026-12-01`; both included. */
  readonly from: string;
  readonly until: string;
  readonly isMeant: (act: LoggedAct) => boolean;
}

/** Where to go on: before this entry of this day. */
export interface LogPlace {
  readonly day: string;
  readonly before: number;
}

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
}

export type AuditLog = ReturnType<typeof makeAuditLog>;

const AT_ONCE = 500;

export function makeAuditLog({ redis, record }: Dependencies) {
  const keys = makeKeys(record);

  /** What was done to an account. */
  async function note(account: string, entry: Act & Pick<AuditEntry, 'at' | 'by'>): Promise<void> {
    await write(redis, ...logCommands(keys, { ...entry, account }));
  }

  /** Newest first. */
  async function* read(
    { from, until, isMeant }: LogQuery,
    place?: LogPlace,
  ): AsyncGenerator<{ readonly act: LoggedAct; readonly place: LogPlace }> {
    const first = place ? place.day : until;
    for (let day = first; day >= from; day = dayBefore(day)) {
      const key = keys.auditOn(day);
      let end = place?.day === day ? place.before : await redis.llen(key);
      while (end > 0) {
        const start = Math.max(0, end - AT_ONCE);
        const texts = await redis.lrange(key, start, end - 1);
        for (let at = texts.length - 1; at >= 0; at -= 1) {
          const act = stored<LoggedAct>(texts[at] ?? '');
          if (isMeant(act)) yield { act, place: { day, before: start + at } };
        }
        end = start;
      }
    }
  }

  return { note, read };
}

const dayBefore = (day: string): string => beijingDay(startOfBeijingDay(day) - 1);
