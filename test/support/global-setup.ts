/**
 * One real Redis for the whole run: a container where Docker works, else a private server.
 *
 * TEST_REDIS=auto (the default) tries the container first; docker or local allow one way only.
 * REDIS_URL is left alone on purpose: a test run never writes into somebody's own Redis.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisContainer } from '@testcontainers/redis';
import type { TestProject } from 'vitest/node';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { browserTests } from './chromium.ts';
import { clockTests, prometheusTests } from './programs.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
  }
}

interface TestRedis {
  readonly url: string;
  readonly taken: string;
  stop(): Promise<void>;
}

const DEFAULT_IMAGE = 'redis:7.4-alpine';
const WAYS = ['auto', 'docker', 'local'];

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const way = process.env.TEST_REDIS ?? 'auto';
  if (!WAYS.includes(way)) throw new TypeError(`TEST_REDIS is one of ${WAYS.join(', ')}`);

  const redis = await startRedis(way);
  console.log(`tests use ${redis.taken}`);
  console.log(browserTests().said);
  console.log(clockTests().said);
  console.log(prometheusTests().said);
  project.provide('redisUrl', redis.url);
  return () => redis.stop();
}

async function startRedis(way: string): Promise<TestRedis> {
  if (way === 'local') return await startLocal('TEST_REDIS=local');
  try {
    return await startContainer();
  } catch (error) {
    if (way === 'docker') throw error;
    return await startLocal(`no container: ${firstLine(error)}`);
  }
}

/** An answering Docker proves nothing (it may have no image and no registry), so it is tried. */
async function startContainer(): Promise<TestRedis> {
  const image = process.env.REDIS_IMAGE || DEFAULT_IMAGE;
  const command = ['redis-server', '--appendonly', 'yes', '--appendfsync', 'always'];
  const starting = new RedisContainer(image)
    .withCommand([...command, '--save', '', '--maxmemory-policy', 'noeviction'])
    .withStartupTimeout(MINUTE)
    .start();
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${image} was not up within a minute`)), MINUTE);
  });
  try {
    const container = await Promise.race([starting, tooLong]);
    return {
      url: container.getConnectionUrl(),
      taken: `a container of ${image}`,
      stop: async () => {
        await container.stop();
      },
    };
  } catch (error) {
    // One that comes up after all is not wanted any more.
    starting.then((late) => late.stop()).catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function startLocal(why: string): Promise<TestRedis> {
  const dataDir = await mkdtemp(join(tmpdir(), 'qunfa-test-redis-'));
  const cacheDir = join(import.meta.dirname, '../../.qunfa/cache');
  const redis = await startPrivateRedis({ dataDir, cacheDir, log: ([text]) => console.log(text) });
  return {
    url: redis.url,
    taken: `a private Redis (${redis.source}; ${why})`,
    stop: async () => {
      await redis.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
