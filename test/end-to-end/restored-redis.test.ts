/** A backup of Redis comes back under workers that run: what went out since looks as if it had not. */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { start as startProducer } from '../../src/producer/start.ts';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import { serversOf } from '../../src/shared/platform/redis.ts';
import { DAY, HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { start as startWorker } from '../../src/workers/start.ts';
import { qunfa } from '../cli/terminal.ts';
import { aRequest } from '../support/builders.ts';
import { freePorts, KEPT, type RedisNode, startNode, until } from '../support/redis-nodes.ts';
import { severable } from '../support/severable.ts';
import { startWorld, type World } from '../support/world.ts';

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

/** As docs/operations.md has it: how a copy is taken, and how a Redis is started from it. */
const COPIES = {
  async 'the append-only file'(node: RedisNode, to: string) {
    // While an fsync takes long, Redis keeps what comes in its memory: the copy would lack it.
    await until('all is in the file', async () =>
      /^aof_buffer_length:0\r?$/m.test(await node.admin.info('persistence')),
    );
    await cp(node.dir, to, { recursive: true });
  },
  async 'a snapshot by BGSAVE'(node: RedisNode, to: string) {
    await node.admin.bgsave();
    // Not by LASTSAVE, whose seconds cannot tell it from the start of this Redis.
    await until('saved', async () => {
      const persistence = await node.admin.info('persistence');
      return /^rdb_bgsave_in_progress:0\r?$/m.test(persistence);
    });
    await mkdir(to);
    await cp(join(node.dir, 'dump.rdb'), join(to, 'dump.rdb'));
  },
};

const startFrom = {
  'the append-only file': (dir: string, port: number) => aNode(dir, port, KEPT),
  // With appendonly yes, Redis would look for an append-only file alone, and start empty.
  async 'a snapshot by BGSAVE'(dir: string, port: number) {
    const node = await aNode(dir, port, ['--appendonly', 'no', '--save', '']);
    await node.admin.config('SET', 'appendonly', 'yes');
    await node.admin.config('SET', 'appendfsync', 'always');
    return node;
  },
};

const aNode = (dir: string, port: number, args: readonly string[]) =>
  startNode(dir, port, ['--bind', '127.0.0.1', '--port', `${port}`, ...args]);

/** In the ways that docs/operations.md names; each resumes all of them at once. */
const RESUME = {
  async 'the API'(url: string) {
    const answer = await fetch(`${url}/v1/accounts/resume`, { method: 'POST' });
    return ((await answer.json()) as { accounts: string[] }).accounts;
  },
  async 'the page'(url: string) {
    const place = '/page/accounts/resume-restored';
    expect(await (await fetch(url)).text()).toContain(`action="${place}"`);
    const headers = { origin: url };
    const init = { method: 'POST', headers, redirect: 'manual' } as const;
    expect((await fetch(`${url}${place}`, init)).status).toBe(303);
    return null;
  },
  async 'the command line'(url: string) {
    const ran = await qunfa(['accounts', 'resume-restored', '--json'], { env: { QUNFA_URL: url } });
    return ran.json<{ accounts: string[] }>().accounts;
  },
};

/** Two accounts with open campaigns, one without, and one that an operator has paused. */
const ACCOUNTS = ['one', 'two', 'idle', 'paused'].map((name) => ({ name }));
const OPEN = ['one', 'two'];

describe('the restore of docs/operations.md, under two workers and a producer', {
  timeout: 4 * MINUTE,
}, () => {
  it.each([
    ['the append-only file', 'the API'],
    ['a snapshot by BGSAVE', 'the page'],
    ['the append-only file', 'the command line'],
  ] as const)('sends nothing twice: from %s, resumed by %s', async (copied, way) => {
    const t = { onTestFinished };
    const home = await mkdtemp(join(tmpdir(), 'qunfa-restore-'));
    const [oldPort = 0, newPort = 0] = await freePorts(2);
    const old = await aNode(join(home, 'data'), oldPort, KEPT);
    const nodes = [old];
    const target = { host: '127.0.0.1', port: old.port };
    const path = await severable(target);
    onTestFinished(async () => {
      await path[Symbol.asyncDispose]();
      for (const node of nodes) await node.stop();
      await rm(home, { recursive: true });
    });
    const world = await startWorld(t, {
      redisUrl: `redis://127.0.0.1:${path.port}`,
      hosts: ['host-1', 'host-2'],
      accounts: ACCOUNTS,
      // By then WeChat has forgotten the keys of what was sent since the copy.
      pace: { keyMemoryMs: 1 },
    });
    const { clock, prefix, stores, sendCalls } = world;
    const { lanes } = stores;
    const producer = await startProducer({
      config: { ...world.config, producer: { ...world.config.producer, port: 0 } },
      log: world.logged.log,
      prefix,
      now: clock.now,
    });
    onTestFinished(() => producer.stop());
    const url = new URL(producer.addresses.API ?? '').origin;
    const inHours = (hours: number) => new Date(clock.now() + hours * HOUR).toISOString();
    const notAfter = inHours(72);
    const create = (account: string, hours: number) =>
      world.create(aRequest(account, { sendAt: inHours(hours), notAfter }));
    const sentSince = await Promise.all(OPEN.map((name) => create(name, 2)));
    const later = await Promise.all(OPEN.map((name) => create(name, 4)));
    const ofPaused = await create('paused', 4);
    await world.steerAccount.pause('paused', 'ann');

    // 1. A copy is taken, and more goes out.
    await COPIES[copied](old, join(home, 'copy'));
    const lost = await create('one', 0);
    await world.ended(lost);
    await world.jump(2 * HOUR);
    for (const id of sentSince) await world.ended(id);
    expect(OPEN.map(sendCalls)).toEqual([[0, 0], [0]]);

    // 2. Redis is started from it, in the place of the one that all roles know.
    await old.stop();
    nodes.push(await startFrom[copied](join(home, 'copy'), newPort));
    target.port = newPort;

    // 3. Every process notices; the accounts with open campaigns are stopped, and no other.
    await world.until('both workers', () => count(world, 'redis.replaced') >= 2);
    for (const id of sentSince) {
      await world.untilView(id, 'why', ({ waiting }) => waiting?.reason === 'account-paused');
    }
    expect(OPEN.map(sendCalls)).toEqual([[0, 0], [0]]);
    expect(await lanes.read('idle')).toEqual({});
    expect(Object.keys(await lanes.read('paused')).sort()).toEqual(['paused', 'restored']);
    expect(count(world, 'lanes.paused-at-start')).toBeGreaterThan(0);
    const { items } = await world.until('the list', async () => {
      const answer = await fetch(`${url}/v1/attention`);
      return answer.ok && ((await answer.json()) as { items: Item[] });
    });
    expect(items.map(({ kind, account, code }) => [kind, account, code]).sort()).toEqual(
      ['one', 'paused', 'two'].map((name) => ['account-stopped', name, 'redis-restored']),
    );

    // 4. The operator cancels what was sent since; 5. and resumes all at once.
    for (const id of sentSince) await world.steer.cancel(id, 'ann');
    const resumed = await RESUME[way](url);
    if (resumed) expect([...resumed].sort()).toEqual(['one', 'paused', 'two']);
    await world.jump(2 * HOUR);

    for (const id of later) expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    await world.untilView(ofPaused, 'why', ({ waiting }) => waiting?.reason === 'account-paused');
    expect(await lanes.read('paused')).toEqual({
      paused: expect.objectContaining({ code: 'by-operator', by: 'ann' }),
    });
    expect(['one', 'two', 'idle', 'paused'].map(sendCalls)).toEqual([[0, 0, 0], [0, 0], [], []]);
    expect(world.ledger.duplicates()).toEqual([]);
  });
});

type Item = { readonly kind: string; readonly account: string; readonly code: string };

const count = ({ logged }: World, event: string): number =>
  logged.lines.filter((line) => line.event === event).length;
