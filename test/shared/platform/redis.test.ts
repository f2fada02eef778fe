import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, type Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { type RunningRedis, startPrivateRedis } from '../../../src/demo/private-redis.ts';
import { connect, untilReady } from '../../../src/shared/platform/redis.ts';
import { checkRedis, redisFaults } from '../../../src/shared/platform/redis-check.ts';
import { refusalOf } from '../../../src/shared/platform/redis-refusal.ts';
import { describeTrouble } from '../../../src/shared/platform/trouble.ts';
import { recordedLog } from '../../support/log-lines.ts';
import { type Severable, type SeverableOptions, severable } from '../../support/severable.ts';

const opened: Redis[] = [];
const ways: Severable[] = [];

afterEach(async () => {
  for (const redis of opened.splice(0)) redis.disconnect();
  await Promise.all(ways.splice(0).map((way) => way[Symbol.asyncDispose]()));
});

function open(url: string, purpose: 'worker' | 'http', log = recordedLog().log): Redis {
  const redis = connect({ url }, { purpose, log });
  if (redis instanceof Cluster) throw new TypeError('no cluster');
  opened.push(redis);
  return redis;
}

async function wayTo(url: string, options?: SeverableOptions) {
  const { hostname, port } = new URL(url);
  const way = await severable({ host: hostname, port: Number(port) }, options);
  ways.push(way);
  return { way, url: `redis://127.0.0.1:${way.port}` };
}

describe('a connection to Redis', () => {
  it('says once that Redis is away, however long, and once that it is back', async () => {
    const { way, url } = await wayTo(inject('redisUrl'));
    const { log, lines } = recordedLog();
    const redis = open(url, 'worker', log);
    await untilReady(redis);
    let attempts = 0;
    redis.on('reconnecting', () => {
      attempts += 1;
    });

    await way.cut();
    await expect.poll(() => attempts).toBeGreaterThanOrEqual(4);
    await way.mend();
    await expect.poll(() => redis.status).toBe('ready');

    expect(lines.map(({ event }) => event)).toEqual(['redis.unreachable', 'redis.back']);
  });

  it('says in one write what is said in one turn', async () => {
    const redis = open(inject('redisUrl'), 'http');
    await untilReady(redis);
    const alone = vi.spyOn(redis.stream, '_write');
    const together = vi.spyOn(redis.stream, '_writev');

    const answers = await Promise.all([redis.echo('one'), redis.echo('two'), redis.echo('three')]);

    expect(answers).toEqual(['one', 'two', 'three']);
    expect(together).toHaveBeenCalledOnce();
    expect(alone).not.toHaveBeenCalled();
  });

  it('of a worker keeps a command until Redis is back', async () => {
    const { way, url } = await wayTo(inject('redisUrl'));
    const redis = open(url, 'worker');
    await untilReady(redis);

    await way.cut();
    const answer = redis.ping();
    await way.mend();

    expect(await answer).toBe('PONG');
  });

  it('of an HTTP server refuses a command while Redis is away, and works again after', async () => {
    const { way, url } = await wayTo(inject('redisUrl'));
    const redis = open(url, 'http');
    await untilReady(redis);

    await way.cut();
    await expect.poll(() => redis.status).not.toBe('ready');
    await expect(redis.ping()).rejects.toThrow();

    await way.mend();
    await expect.poll(() => redis.status).toBe('ready');
    expect(await redis.ping()).toBe('PONG');
  });

  it('tells neither user nor password of its address', async () => {
    const { log, lines, text } = recordedLog();
    open('redis://someone:hidden-password@127.0.0.1:1/3', 'worker', log);

    await expect.poll(() => lines).toHaveLength(1);

    expect(lines[0]).toMatchObject({ redis: '127.0.0.1:1/3', event: 'redis.unreachable' });
    expect(text()).not.toMatch(/someone|hidden-password/);
  });

  it('gives up waiting with the reason', async () => {
    const redis = open('redis://127.0.0.1:1', 'worker');

    await expect(untilReady(redis, 500)).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('an error of Redis', () => {
  it.each([
    ['', 'ERR_TLS_CERT_ALTNAME_INVALID', 'redis-certificate-refused'],
    ['', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'redis-certificate-refused'],
    ['', 'CERT_HAS_EXPIRED', 'redis-certificate-refused'],
    ['', 'ERR_SSL_WRONG_VERSION_NUMBER', 'redis-no-tls'],
    ['Ready check failed: NOAUTH Authentication required.', '', 'redis-password-missing'],
    ['MOVED 3999 127.0.0.1:6381', '', 'redis-cluster-node'],
  ])('is for good: %s%s', (message, code, refusal) => {
    const error = Object.assign(new Error(message), code === '' ? {} : { code });

    expect(refusalOf(error)?.code).toBe(refusal);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND'])('may pass: %s', (code) => {
    expect(refusalOf(Object.assign(new Error('connect'), { code }))).toBeUndefined();
  });

  it('may pass while Redis loads its data', () => {
    expect(refusalOf(new Error('LOADING Redis is loading the dataset in memory'))).toBeUndefined();
  });
});

const englishFaults = async (redis: Redis): Promise<string[]> =>
  (await redisFaults(redis)).map((trouble) => describeTrouble(trouble, 'en'));

describe('the check of a Redis', () => {
  let server: RunningRedis;
  let home: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'qunfa-redis-check-'));
    const cacheDir = join(import.meta.dirname, '../../../.qunfa/cache');
    server = await startPrivateRedis({ dataDir: join(home, 'data'), cacheDir });
  });

  afterAll(async () => {
    await server?.stop();
    await rm(home, { recursive: true, force: true });
  });

  async function ready(url = server.url): Promise<Redis> {
    const redis = open(url, 'http');
    await untilReady(redis);
    return redis;
  }

  it('has nothing to say about our own', async () => {
    expect(await checkRedis(await ready())).toEqual([]);
  });

  it.each([
    ['maxmemory-policy', 'allkeys-lru', 'noeviction', /maxmemory-policy is allkeys-lru/, 'fault'],
    ['maxmemory', '1', '0', /% of the memory it may use/, 'fault'],
    ['appendfsync', 'everysec', 'always', /appendfsync is everysec/, 'warning'],
    ['appendonly', 'no', 'yes', /appendonly is off/, 'warning'],
  ])('finds %s %s', async (name, bad, good, sentence, severity) => {
    const redis = await ready();
    await redis.config('SET', name, bad);

    const all = (await checkRedis(redis)).map((trouble) => describeTrouble(trouble, 'en'));
    const faults = await englishFaults(redis);
    await redis.config('SET', name, good);

    expect(all).toEqual([expect.stringMatching(sentence)]);
    expect(faults).toEqual(severity === 'fault' ? [expect.stringMatching(sentence)] : []);
  });

  it('finds a read-only replica', async () => {
    const redis = await ready();
    await redis.replicaof('127.0.0.1', 1);

    const faults = await englishFaults(redis);
    await redis.replicaof('NO', 'ONE');

    expect(faults).toEqual([expect.stringMatching(/read-only replica/)]);
  });

  it('finds a version that is too old', async () => {
    // Only the version is not real: every Redis of today is newer.
    const older = (chunk: Buffer): Buffer =>
      Buffer.from(
        chunk
          .toString('latin1')
          .replace(
            /redis_version:(\d+)\.\d/,
            (_, major: string) => `redis_version:${'5'.padStart(major.length, '0')}.0`,
          ),
        'latin1',
      );
    const { url } = await wayTo(server.url, { rewrite: older });

    expect(await englishFaults(await ready(url))).toEqual([
      expect.stringMatching(/too old: 6\.2 or later/),
    ]);
  });

  it('says so where it may not look', async () => {
    const password = randomBytes(8).toString('hex');
    const redis = await ready();
    await redis.call('ACL', 'SETUSER', 'guest', 'on', `>${password}`, '~*', '+@all', '-config');

    const guest = await ready(server.url.replace('//', `//guest:${password}@`));

    expect(await checkRedis(guest)).toEqual([{ code: 'redis-fsync-unknown' }]);
    expect(await englishFaults(guest)).toEqual([]);
  });

  it('says that Redis does not answer, instead of waiting for it', async () => {
    const redis = open('redis://127.0.0.1:1', 'worker');

    expect(await englishFaults(redis)).toEqual([expect.stringMatching(/does not answer.*REFUSED/)]);
  });
});
