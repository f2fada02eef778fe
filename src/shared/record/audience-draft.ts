/** A list on its way in: not visible to others, and it expires by itself if it is not finished. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Block, DistinctIds, type DistinctList } from '../openids/distinct-ids.ts';
import type { Redis } from '../platform/redis.ts';
import { HOUR } from '../platform/time.ts';
import { write } from './commit.ts';

/** Each write is synced to a disk (`appendfsync always`), which takes longer than writing it. */
const BLOCKS_A_WRITE = 8;
/** One is sent while the other is synced. */
const MAX_IN_FLIGHT = 2;
const DRAFT_TTL = HOUR; // from its newest block on

export interface AudienceProgress {
  readonly received: number;
  readonly invalid: number;
  /** Recipients that are in Redis: they follow when all has been received. */
  readonly stored: number;
}

interface DraftDeps {
  readonly redis: Redis;
  readonly key: string;
  readonly spillDir: string;
  readonly onProgress?: ((progress: AudienceProgress) => void) | undefined;
}

export type Draft = ReturnType<typeof makeDraft>;

export function makeDraft({ redis, key, spillDir, onProgress }: DraftDeps) {
  const inFlight = new Set<Promise<void>>();
  const waiting: Block[] = [];
  let blocks = 0;
  let stored = 0;
  let failure: { readonly error: unknown } | undefined;

  const tell = () => onProgress?.({ received: ids.received, invalid: ids.invalid, stored });
  const ids = new DistinctIds({
    spillDir,
    ready: async () => {
      tell();
      await nextTurn();
    },
  });

  async function add(packed: Buffer, count: number): Promise<void> {
    waiting.push({ packed, count });
    if (waiting.length === BLOCKS_A_WRITE) await send();
  }

  async function send(): Promise<void> {
    await whenFewerThan(MAX_IN_FLIGHT);
    const sending = store(waiting.splice(0))
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  }

  /** In one step, so that no block is ever without an end to its life. */
  async function store(some: readonly Block[]): Promise<void> {
    const fields = some.flatMap(({ packed }) => [blocks++, packed]);
    await write(redis, ['HSET', key, ...fields], ['PEXPIRE', key, DRAFT_TTL]);
    for (const { count } of some) stored += count;
    tell();
  }

  async function whenFewerThan(limit: number): Promise<void> {
    while (inFlight.size >= limit) await Promise.race(inFlight);
    if (failure) throw failure.error;
  }

  return {
    key,
    ids,
    /** Resolves once every block is in Redis. */
    async finish(): Promise<{ list: DistinctList; blocks: number }> {
      const list = await ids.finish(add);
      if (waiting.length > 0) await send();
      await whenFewerThan(1);
      return { list, blocks };
    },
    /** Leaves nothing behind. If Redis is away, the draft expires by itself. */
    async abandon(): Promise<void> {
      ids.close();
      await Promise.allSettled(inFlight);
      await redis.unlink(key).catch(() => {});
    },
  };
}
