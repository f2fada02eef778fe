/** The run's one Redis, as one test file sees it: keys under a tag of its own, removed after. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, inject } from 'vitest';

export interface TestRedis {
  readonly redis: Redis;
  readonly url: string;
  /** `{t-…}`: a hash tag, so also usable as BullMQ's prefix. No two files share one. */
  readonly prefix: string;
}

/** To be called at the top of a test file or of a `describe`. */
export function testRedis(): TestRedis {
  const url = inject('redisUrl');
  const prefix = `{t-${randomBytes(6).toString('hex')}}`;
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  afterAll(async () => {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      if (Array.isArray(keys) && keys.length > 0) await redis.unlink(keys.map(String));
    }
    redis.disconnect();
  });
  return { redis, url, prefix };
}
