/**
 * A list on its way in: nobody sees it, and it goes by itself if nobody finishes it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { type AudienceCounts, DistinctIds } from '../audience/distinct-ids.ts';
import type { IdSink } from '../audience/id-sink.ts';
import { HOUR } from '../time.ts';

/** Enough that neither side waits for the other. */
const MAX_ON_THE_WAY = 6;
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

  async function send(packed: Buffer, count: number): Promise<void> {
    await whenFewerThan(MAX_ON_THE_WAY);
    const sending = write(blocks++, packed)
      .then(() => {
        stored += count;
        tell();
      })
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => onTheWay.delete(sending));
    onTheWay.add(sending);
  }

  /** In one step, so that there is never a block without an end to its life. */
  async function write(no: number, packed: Buffer): Promise<void> {
    const writing = redis.multi().hset(key, String(no), packed).pexpire(key, DRAFT_TTL);
    for (const [error] of (await writing.exec()) ?? []) if (error) throw error;
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
    async finish(): Promise<{ counts: AudienceCounts; blocks: number }> {
      const counts = await ids.finish(send);
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
