/**
 * A list on its way in: nobody sees it, and it goes by itself if nobody finishes it.
 *
 * Blocks go to Redis while the next ones are read; at most a few are on their way at a time.
 */
import type { Redis } from 'ioredis';
import { DistinctIds } from '../audience/distinct-ids.ts';
import type { IdSink } from '../audience/id-sink.ts';
import { HOUR } from '../time.ts';

const MAX_ON_THE_WAY = 4;
/** Told anew with each block, so this is how long an upload may stand still. */
const DRAFT_TTL = HOUR;

export interface DraftDeps {
  readonly redis: Redis;
  readonly key: string;
  readonly spillDir: string;
  readonly onBlock?: () => void;
}

export type Draft = ReturnType<typeof makeDraft>;

export function makeDraft({ redis, key, spillDir, onBlock }: DraftDeps) {
  const onTheWay = new Set<Promise<void>>();
  let blocks = 0;
  let failure: { readonly error: unknown } | undefined;

  const ids = new DistinctIds({
    spillDir,
    onBlock: (packed, giveBack) => {
      const writing = write(blocks++, packed)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => {
          onTheWay.delete(writing);
          giveBack();
        });
      onTheWay.add(writing);
      onBlock?.();
    },
  });

  async function write(no: number, packed: Buffer): Promise<void> {
    const answers = await redis
      .multi()
      .hset(key, String(no), packed)
      .pexpire(key, DRAFT_TTL)
      .exec();
    for (const [error] of answers ?? []) if (error) throw error;
  }

  async function whenFewerThan(limit: number): Promise<void> {
    while (onTheWay.size >= limit) await Promise.race(onTheWay);
    if (failure) throw failure.error;
  }

  const sink: IdSink = {
    take: (text, from, to) => ids.take(text, from, to),
    takeString: (id) => ids.takeString(id),
    takeInvalid: () => ids.takeInvalid(),
    ready: () => whenFewerThan(MAX_ON_THE_WAY),
  };

  return {
    ids,
    sink,
    /** Resolves once every block is in Redis. */
    async finish() {
      const counts = ids.finish();
      await whenFewerThan(1);
      return { counts, blocks };
    },
    /** Leaves nothing behind. Redis may be away; then the draft's own lifetime ends it. */
    async abandon(): Promise<void> {
      ids.close();
      await Promise.allSettled(onTheWay);
      await redis.unlink(key).catch(() => {});
    },
  };
}
