/** Which things that need an operator ALERT_URL was told of. One process tells at a time. */
import type { Redis } from '../platform/redis.ts';
import { MINUTE } from '../platform/time.ts';
import { claim, type Release } from './commit.ts';
import { makeKeys } from './keys.ts';

export type AlertMarks = ReturnType<typeof makeAlertMarks>;

/** Longer than one round of messages takes; a process that died leaves it for so long. */
const CLAIMED_FOR = 2 * MINUTE;

export function makeAlertMarks(deps: { redis: Redis; record: string; token: string }) {
  const { redis, record, token } = deps;
  const keys = makeKeys(record);

  return {
    /** @returns null while another process tells. */
    claim: (): Promise<Release | null> =>
      claim(redis, { key: keys.alerting(), token, ms: CLAIMED_FOR }),
    /** Thing → the text by which it was told. */
    all: async (): Promise<Readonly<Record<string, string>>> => redis.hgetall(keys.alerted()),
    async mark(thing: string, text: string): Promise<void> {
      await redis.hset(keys.alerted(), thing, text);
    },
    async unmark(thing: string): Promise<void> {
      await redis.hdel(keys.alerted(), thing);
    },
  };
}
