/** A backup of Redis comes back under workers that run: what went out since looks as if it had not. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import { serversOf } from '../../src/shared/platform/redis.ts';
import { DAY, HOUR } from '../../src/shared/platform/time.ts';
import { start as startWorker } from '../../src/workers/start.ts';
import { aRequest } from '../support/builders.ts';
import { severable } from '../support/severable.ts';
import { startWorld } from '../support/world.ts';

/** Every key of one installation, as a copy of the append-only file would bring them back. */
async function backup(redis: Redis, prefix: string): Promise<() => Promise<void>> {
  const keysNow = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      found.push(...(keys as string[]));
    }
    return found;
  };
  const kept = await Promise.all(
    (await keysNow()).map(async (key) => ({ key, dump: await redis.dumpBuffer(key) })),
  );
  return async () => {
    const now = await keysNow();
    if (now.length > 0) await redis.del(now);
    for (const { key, dump } of kept) if (dump) await redis.restore(key, 0, dump);
  };
}

describe('a backup that is restored under running workers', () => {
  it('sends nothing again before an operator has resumed the accounts with open campaigns', async (t) => {
    const own = await startWorld(t, {
      hosts: [],
      accounts: [{ name: 'default' }, { name: 'idle' }],
      // By then WeChat has forgotten the key of the first send.
      pace: { keyMemoryMs: 1 },
    });
    const { hostname, port } = new URL(own.redisUrl);
    await using way = await severable({ host: hostname, port: Number(port) });
    const worker = await startWorker({
      config: {
        ...own.config,
        redis: { ...own.config.redis, url: `redis://127.0.0.1:${way.port}` },
      },
      log: own.logged.log,
      registry: makeRegistry({ role: 'worker' }),
      prefix: own.prefix,
      now: own.clock.now,
    });
    // Before its way to Redis is.
    await using _stopped = { [Symbol.asyncDispose]: () => worker.stop() };
    const id = await own.create({
      account: 'default',
      name: 'Happy Day',
      audience: { type: 'everyone' },
      message: { type: 'text', content: 'once' },
      sendAt: new Date(own.clock.now() + HOUR / 2).toISOString(),
      notAfter: new Date(own.clock.now() + 3 * DAY).toISOString(),
    });
    const restore = await backup(serversOf(own.redis)[0] as Redis, own.prefix);
    await own.jump(HOUR / 2);
    await own.ended(id);
    const once = own.messages('default');

    await way.cut();
    await restore();
    await own.queues.campaigns.getJob(`c-${id}`).then((root) => root?.promote());
    const heartbeat = `${own.prefix}:record:heartbeat`;
    await own.redis.set(heartbeat, own.clock.now() - 26 * HOUR);
    await way.mend();

    await own.untilView(id, 'waiting', ({ waiting }) => waiting?.reason === 'account-paused');
    expect(own.messages('default')).toEqual(once);
    const { lanes } = own.stores;
    expect(await lanes.read('default')).toMatchObject({ restored: { code: 'redis-restored' } });
    expect(await lanes.read('idle')).toEqual({});

    // The operator says so: only now does it go out again.
    expect(await own.steerAccount.resumeRestored(['default', 'idle'], 'ann')).toEqual(['default']);
    await own.ended(id);
    expect(own.sendCalls('default')).toEqual([0, 0]);
  });
});

describe('a copied append-only file that is started in the place of a running Redis', () => {
  it('sends nothing twice, and pauses the accounts with open batches', async (t) => {
    const home = await mkdtemp(join(tmpdir(), 'qunfa-restore-'));
    const cacheDir = join(import.meta.dirname, '../../.qunfa/cache');
    let server = await startPrivateRedis({ dataDir: join(home, 'data'), cacheDir });
    const target = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
    const way = await severable(target);
    t.onTestFinished(async () => {
      await way[Symbol.asyncDispose]();
      await server.stop();
      await rm(home, { recursive: true });
    });
    const world = await startWorld(t, {
      redisUrl: `redis://127.0.0.1:${way.port}`,
      hosts: ['host-1', 'host-2'],
      accounts: [{ name: 'open' }, { name: 'idle' }],
      pace: { keyMemoryMs: 1 },
    });
    const { clock } = world;
    const sendAt = new Date(clock.now() + HOUR / 2).toISOString();
    const notAfter = new Date(clock.now() + 3 * DAY).toISOString();
    const ids = await Promise.all(
      ['one', 'two', 'three'].map((content) =>
        world.create(aRequest('open', { message: { type: 'text', content }, sendAt, notAfter })),
      ),
    );
    // While an fsync takes long, Redis keeps what comes in its memory: the copy would lack it.
    await world.until('all is in the file', async () =>
      /^aof_buffer_length:0\r?$/m.test(await world.redis.info('persistence')),
    );
    await cp(join(home, 'data'), join(home, 'copy'), { recursive: true });
    await world.jump(HOUR / 2);
    for (const id of ids) await world.ended(id);
    expect(world.sendCalls('open')).toEqual([0, 0, 0]);

    await server.stop();
    server = await startPrivateRedis({ dataDir: join(home, 'copy'), cacheDir });
    const restored = new Redis(server.url);
    await restored.set(`${world.prefix}:record:heartbeat`, clock.now() - 26 * HOUR);
    restored.disconnect();
    target.port = Number(new URL(server.url).port);

    const { lanes } = world.stores;
    await world.until('paused', async () => (await lanes.read('open')).restored);
    for (const id of ids) {
      await world.untilView(id, 'why', ({ waiting }) => waiting?.reason === 'account-paused');
    }
    expect(world.sendCalls('open')).toEqual([0, 0, 0]);
    expect(await lanes.read('idle')).toEqual({});
  });
});
