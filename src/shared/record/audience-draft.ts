/**
 * A list on its way in: nobody sees it, and it goes by itself if nobody finishes it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { type Block, DistinctIds, type DistinctList } from '../openids/distinct-ids.ts';
import type { IdSink } from '../openids/id-sink.ts';
import { HOUR } from '../platform/time.ts';

/** Each write is synced to a disk (`appendfsync always`), which takes longer than writing it. */
const BLOCKS_A_WRITE = 8;
/** One is sent while the other is synced. */
const MAX_ON_THE_WAY = 2;
const DRAFT_TTL = HOUR; // from its newest block on

export interface AudienceProgress {
  readonly received: number;
  readonly invalid: number;
  /** Recipients that are in Redis: they follow when all has been received. */
  readonly stored: number;
}

export interface DraftDeps {
  readonly redis: Redis;
  readonly key: string;
  readonly spillDir: string;
  readonly onProgress?: ((progress: AudienceProgress) => void) | undefined;
}

export type Draft = ReturnType<typeof makeDraft>;

export function makeDraft({ redis, key, spillDir, onProgress }: DraftDeps) {
  const ids = new DistinctIds({ spillDir });
  const onTheWay = new Set<Promise<void>>();
  const waiting: Block[] = [];
  let blocks = 0;
  let stored = 0;
  let failure: { readonly error: unknown } | undefined;

  const sink: IdSink = {
    take: (text, from, to) => ids.take(text, from, to),
    takeString: (id) => ids.takeString(id),
    takeInvalid: () => ids.takeInvalid(),
    ready: async () => {
      tell();
      await nextTurn();
    },
  };

  const tell = () => onProgress?.({ received: ids.received, invalid: ids.invalid, stored });

  async function add(packed: Buffer, count: number): Promise<void> {
    waiting.push({ packed, count });
    if (waiting.length === BLOCKS_A_WRITE) await send();
  }

  async function send(): Promise<void> {
    await whenFewerThan(MAX_ON_THE_WAY);
    const sending = write(waiting.splice(0))
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => onTheWay.delete(sending));
    onTheWay.add(sending);
  }

  /** In one step, so that there is never a block without an end to its life. */
  async function write(some: readonly Block[]): Promise<void> {
    const fields = some.flatMap(({ packed }) => [String(blocks++), packed]);
    const writing = redis
      .multi()
      .hset(key, ...fields)
      .pexpire(key, DRAFT_TTL);
    for (const [error] of (await writing.exec()) ?? []) if (error) throw error;
    for (const { count } of some) stored += count;
    tell();
  }

  async function whenFewerThan(limit: number): Promise<void> {
    while (onTheWay.size >= limit) await Promise.race(onTheWay);
    if (failure) throw failure.error;
  }

  return {
    key,
    ids,
    sink,
    /** Resolves once every block is in Redis. */
    async finish(): Promise<{ list: DistinctList; blocks: number }> {
      const list = await ids.finish(add);
      if (waiting.length > 0) await send();
      await whenFewerThan(1);
      return { list, blocks };
    },
    /** Leaves nothing behind. Redis may be away; then the draft's own lifetime ends it. */
    async abandon(): Promise<void> {
      ids.close();
      await Promise.allSettled(onTheWay);
      await redis.unlink(key).catch(() => {});
    },
  };
}
