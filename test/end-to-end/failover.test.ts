/** Masters go, in a Sentinel group and in a cluster: campaigns go on, and nothing goes out twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { connect } from '../../src/shared/platform/redis.ts';
import { MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import { aRequest } from '../support/builders.ts';
import {
  holderOf,
  type RedisGroup,
  type RedisNode,
  startCluster,
  startSentinels,
  until,
} from '../support/redis-nodes.ts';
import { type Severable, severable } from '../support/severable.ts';
import { startWorld, type World } from '../support/world.ts';

const GROUPS = [
  ['a Sentinel group', startSentinels],
  ['a cluster', startCluster],
] as const;

/** One after another until told to stop, each repeated under its key until it is acknowledged. */
function enqueueing(world: World) {
  const ids: string[] = [];
  let isOver = false;
  const done = (async () => {
    for (let n = 0; !isOver; n += 1) {
      const request = aRequest('default', { message: { type: 'text', content: `number ${n}` } });
      for (let id: string | null = null; id === null; await sleep(20)) {
        id = await world.create(request, `key-${n}`).catch(() => null);
        if (id) ids.push(id);
      }
    }
  })();
  return {
    ids,
    async stop() {
      isOver = true;
      await done;
    },
  };
}

/**
 * Each was taken by WeChat once. What the queues lost is found within half a minute, step by step; of
 * an event that only the old master had, WeChat is asked at the deadline of the receipt.
 */
async function allDelivered(world: World, ids: readonly string[]): Promise<void> {
  type Seen = { readonly state: string };
  const isOver = ({ state }: Seen): boolean => state === 'completed';
  const isCalled = (view: Seen): boolean => isOver(view) || view.state === 'awaiting-receipts';
  for (const id of ids) await world.untilView(id, 'its call', isCalled, 2 * MINUTE);
  await world.jump(world.config.pace.receiptDeadlineMs);
  for (const id of ids) {
    expect((await world.untilView(id, 'its end', isOver, 2 * MINUTE)).outcome).toBe('delivered');
  }
  const taken = world.sendCalls('default').filter((answer) => answer === 0);
  expect(taken).toHaveLength(ids.length);
}

const patient = { timeout: 4 * MINUTE };

describe.each(GROUPS)('%s', patient, (_, start) => {
  let group: RedisGroup;
  beforeAll(async () => {
    group = await start();
  });
  afterAll(() => group?.stop());
  const startIn = (t: TestContext) => startWorld(t, { redisUrl: group.url, waitReplicas: 1 });

  it('loses nothing that was acknowledged when its master is killed', async (t) => {
    const world = await startIn(t);
    const enqueued = enqueueing(world);
    await world.until('some', () => enqueued.ids.length > 10);
    const master = await holderOf(group, world.prefix);

    await master.kill();
    await until('another master', async () => (await holderOf(group, world.prefix)) !== master);
    await master.start();
    const before = enqueued.ids.length;
    await world.until('more', () => enqueued.ids.length > before + 10);
    await enqueued.stop();

    await allDelivered(world, enqueued.ids);
    await settled(group);
  });

  it('goes on after its master stood still for longer than a job’s lock', async (t) => {
    const world = await startIn(t);
    const enqueued = enqueueing(world);
    await world.until('some', () => enqueued.ids.length > 10);
    const master = await holderOf(group, world.prefix);

    master.freeze();
    await sleep(16 * SECOND);
    master.thaw();
    const before = enqueued.ids.length;
    await world.until('more', () => enqueued.ids.length > before + 10);
    await enqueued.stop();

    await allDelivered(world, enqueued.ids);
    await settled(group);
  });
});

describe('a cluster whose slot is moved while campaigns run', patient, () => {
  it('delivers each of them once', async (t) => {
    const group = await startCluster();
    t.onTestFinished(() => group.stop());
    const world = await startWorld(t, { redisUrl: group.url });
    const enqueued = enqueueing(world);
    await world.until('some', () => enqueued.ids.length > 10);

    await moveSlot(group, world.prefix);
    const before = enqueued.ids.length;
    await world.until('more', () => enqueued.ids.length > before + 10);
    await enqueued.stop();

    await allDelivered(world, enqueued.ids);
  });
});

describe('an old master that is cut off, and still takes writes of a worker beside it', () => {
  it('makes no call, while the new one makes it once', async (t) => {
    let way: Severable | undefined;
    let oldPort = 0;
    const group = await startSentinels({
      async monitored(port) {
        oldPort = port;
        way = await severable({ host: '127.0.0.1', port });
        return way.port;
      },
    });
    t.onTestFinished(async () => {
      await way?.cut();
      await group.stop();
    });
    const world = await startWorld(t, { redisUrl: group.url, waitReplicas: 1, hosts: [] });
    const id = await world.create(aRequest('default'));
    await way?.cut();
    await until('another master', async () => {
      const [master] = await group.masters();
      return master !== undefined && master.port !== oldPort;
    });

    const beside = `redis://127.0.0.1:${oldPort}`;
    await world.startHost('beside', { redisUrl: beside });
    const redis = connect({ url: beside }, { purpose: 'worker' });
    t.onTestFinished(() => redis.disconnect());
    const { campaigns } = openRecord({
      ...{ redis, prefix: world.prefix, now: world.clock.now },
      ...{ retainMs: world.config.retainMs, submitTimeoutMs: 1 },
    });
    await world.until(
      'why',
      async () => (await campaigns.view(id))?.waiting?.reason === 'replicas-behind',
    );
    expect(world.sendCalls('default')).toEqual([]);

    await world.startHost('elsewhere');
    expect((await world.ended(id)).outcome).toBe('delivered');
    expect(world.sendCalls('default')).toEqual([0]);
  });
});

describe('a replica that is promoted by hand, before clients are led to it', patient, () => {
  it('has all that was acknowledged', async (t) => {
    const group = await startSentinels({ replicas: 1, sentinels: 0 });
    t.onTestFinished(() => group.stop());
    const [old, replica] = group.nodes as [RedisNode, RedisNode];
    const target = { host: '127.0.0.1', port: old.port };
    const way = await severable(target);
    t.onTestFinished(() => way.cut());
    const world = await startWorld(t, {
      redisUrl: `redis://127.0.0.1:${way.port}`,
      waitReplicas: 1,
    });
    const enqueued = enqueueing(world);
    await world.until('some', () => enqueued.ids.length > 10);

    await replica.admin.replicaof('NO', 'ONE');
    await sleep(55);
    target.port = replica.port;
    await way.cut();
    await way.mend();
    await old.admin.replicaof('127.0.0.1', replica.port);
    const before = enqueued.ids.length;
    await world.until('more', () => enqueued.ids.length > before + 10);
    await enqueued.stop();

    await allDelivered(world, enqueued.ids);
  });
});

/** Everyone that is no master follows one. */
async function settled(group: RedisGroup): Promise<void> {
  const masters = group.nodes.length === 3 ? 1 : 3;
  await until('replicas', async () => {
    const info = await Promise.all(group.nodes.map(({ admin }) => admin.info('replication')));
    const linked = info.filter((text) => text.includes('master_link_status:up')).length;
    return linked === group.nodes.length - masters;
  });
}

/** As `redis-cli --cluster reshard` does it, key by key. */
async function moveSlot(group: RedisGroup, prefix: string): Promise<void> {
  const from = await holderOf(group, prefix);
  const masters = await group.masters();
  const to = masters.find((node) => node !== from) as RedisNode;
  const slot = Number(await from.admin.call('CLUSTER', 'KEYSLOT', prefix));
  const [fromId, toId] = await Promise.all(
    [from, to].map(async ({ admin }) => String(await admin.call('CLUSTER', 'MYID'))),
  );
  await to.admin.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId ?? '');
  await from.admin.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId ?? '');
  for (;;) {
    const keys = (await from.admin.call('CLUSTER', 'GETKEYSINSLOT', slot, 50)) as string[];
    if (keys.length === 0) break;
    await from.admin.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys);
  }
  for (const { admin } of [to, from, ...masters]) {
    await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId ?? '');
  }
}
