import type { WriteStream } from 'node:tty';
import { Redis } from 'ioredis';
import { expect, inject, it } from 'vitest';
import { runDemo } from '../../src/demo/run-demo.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';

/** A database of its own, to see what is left in it. */
const DATABASE = 9;

it('npm run demo uses the Redis of REDIS_URL, and leaves nothing in it', {
  timeout: 5 * MINUTE,
}, async (t) => {
  const url = new URL(inject('redisUrl'));
  url.pathname = `/${DATABASE}`;
  const redis = new Redis(url.href);
  t.onTestFinished(() => redis.disconnect());
  await redis.set('shop:basket', '1');
  const stop = new AbortController();
  let [said, most] = ['', 0];
  const out = {
    isTTY: false,
    write(text: string) {
      said += text;
      // Its campaigns are there, and run.
      if (!/completed/.test(text) || stop.signal.aborted) return true;
      redis.dbsize().then((size) => {
        most = size;
        stop.abort();
      });
      return true;
    },
  } as unknown as WriteStream;

  expect(await runDemo(stop.signal, { out, language: 'en', redisUrl: url.href })).toBe(130);

  expect(said).toContain(`${url.host}/${DATABASE} (REDIS_URL)`);
  expect(most).toBeGreaterThan(10);
  expect(await redis.keys('*')).toEqual(['shop:basket']);
  await redis.flushdb();
});
