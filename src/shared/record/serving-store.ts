/** What the running workers announce that they serve. An announcement expires if it is not repeated. */
import type { Serving } from '../campaign/serving.ts';
import type { Redis } from '../platform/redis.ts';
import { SECOND } from '../platform/time.ts';
import { write } from './commit.ts';
import type { Keys } from './keys.ts';
import { storedOrNull } from './stored.ts';

export type ServingStore = ReturnType<typeof makeServingStore>;

/** A worker announces it every 10 s. */
const HEARD_FOR = 35 * SECOND;
/** A list of campaigns asks once for all of them. */
const REMEMBERED_FOR = SECOND;

export function makeServingStore(deps: { redis: Redis; keys: Keys; now: () => number }) {
  const { redis, keys, now } = deps;
  let known: { readonly at: number; readonly serving: Promise<Serving[]> } | undefined;

  async function announce(worker: string, serving: Serving): Promise<void> {
    await write(
      redis,
      ['SET', keys.worker(worker), JSON.stringify(serving), 'PX', HEARD_FOR],
      ['SADD', keys.workers(), worker],
    );
  }

  async function leave(worker: string): Promise<void> {
    await write(redis, ['DEL', keys.worker(worker)], ['SREM', keys.workers(), worker]);
  }

  /** @param _account whose workers are meant: of one shard they are the same for all. */
  function serving(_account?: string): Promise<Serving[]> {
    if (known && now() < known.at + REMEMBERED_FOR) return known.serving;
    known = { at: now(), serving: look() };
    return known.serving;
  }

  async function look(): Promise<Serving[]> {
    const workers = await redis.smembers(keys.workers());
    if (workers.length === 0) return [];
    const texts = await redis.mget(workers.map(keys.worker));
    const gone = workers.filter((_, at) => texts[at] === null);
    if (gone.length > 0) await redis.srem(keys.workers(), ...gone);
    return texts.flatMap((text) => storedOrNull<Serving>(text) ?? []);
  }

  return { announce, leave, serving };
}
