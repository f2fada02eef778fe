/** Which things that need an operator ALERT_URL was told of. One process tells at a time. */
import type { ToldAttention } from '../contract/attention.ts';
import type { Redis } from '../platform/redis.ts';
import { MINUTE } from '../platform/time.ts';
import { claim, type Release } from './commit.ts';
import { makeKeys } from './keys.ts';
import { stored } from './stored.ts';

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
    /** Thing → the facts that were told of it. */
    async all(): Promise<ReadonlyMap<string, ToldAttention>> {
      const told = Object.entries(await redis.hgetall(keys.told()));
      return new Map(told.map(([thing, facts]) => [thing, stored<ToldAttention>(facts)]));
    },
    async mark(thing: string, facts: ToldAttention): Promise<void> {
      await redis.hset(keys.told(), thing, JSON.stringify(facts));
    },
    async unmark(thing: string): Promise<void> {
      await redis.hdel(keys.told(), thing);
    },
  };
}
