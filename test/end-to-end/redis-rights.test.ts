/** The smallest Redis user that docs/operations.md names does everything, on a Redis of its own. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { start as startProducer } from '../../src/producer/start.ts';
import { connect, untilReady } from '../../src/shared/platform/redis.ts';
import { HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { qunfa } from '../cli/terminal.ts';
import { anAccount, knownToSandbox, startWorld as startAllRoles } from '../support/all-roles.ts';
import { anImage, aRequest, someNews, toOpenIds } from '../support/builders.ts';
import { openIds } from '../support/open-ids.ts';
import {
  freePorts,
  KEPT,
  type RedisNode,
  startCluster,
  startNode,
  until,
} from '../support/redis-nodes.ts';
import { startWorld } from '../support/world.ts';

const PASSWORD = 'a-password-of-redis';
const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
const [, rule = ''] = /ACL SETUSER qunfa on >… ([^`]+)/.exec(page) ?? [];
const [, forCluster = '', forShards = ''] =
  /In a cluster give `([^`]+)` besides, on every node, and with several shards `([^`]+)`/.exec(
    page,
  ) ?? [];

it('a user with the rights of the page does everything, and is denied nothing', {
  timeout: 4 * MINUTE,
}, async (t) => {
  expect(rule).not.toContain('+@all');
  const home = await mkdtemp(join(tmpdir(), 'qunfa-rights-'));
  const [port = 0, replicaPort = 0] = await freePorts(2);
  const common = ['--bind', '127.0.0.1', ...KEPT, '--maxmemory-policy', 'noeviction'];
  const master = await startNode(join(home, 'master'), port, ['--port', `${port}`, ...common]);
  const replica = await startNode(join(home, 'replica'), replicaPort, [
    ...['--port', `${replicaPort}`, ...common, '--repl-diskless-sync-delay', '0'],
    ...['--replicaof', `127.0.0.1 ${port}`],
  ]);
  t.onTestFinished(async () => {
    for (const node of [replica, master]) await node.stop();
    await rm(home, { recursive: true });
  });
  const rights = rule.trim().split(/\s+/);
  await master.admin.call('ACL', 'SETUSER', 'qunfa', 'on', `>${PASSWORD}`, ...rights);
  await until('a replica', async () =>
    (await master.admin.info('replication')).includes('state=online'),
  );

  const world = await startWorld(t, {
    redisUrl: `redis://qunfa:${PASSWORD}@127.0.0.1:${port}`,
    database: 0,
    waitReplicas: 1,
    hosts: ['host-1', 'host-2'],
  });
  const producer = await startProducer({
    config: { ...world.config, producer: { ...world.config.producer, port: 0 } },
    log: world.logged.log,
    prefix: world.prefix,
    now: world.clock.now,
  });
  t.onTestFinished(() => producer.stop());
  const url = new URL(producer.addresses.API ?? '').origin;
  const run = (...argv: string[]) => qunfa(argv, { env: { QUNFA_URL: url } });

  world.faults.set('errcode', { path: 'message/mass/send', errcode: 40003 });
  const refused = await world.create(aRequest('default'));
  await world.ended(refused);
  await world.steer.retry(refused, 'ann');
  const ids = [refused];
  for (const changes of [
    { audience: toOpenIds(10_001) },
    { message: anImage() },
    { message: someNews() },
    { audience: { type: 'followers' } },
  ]) {
    ids.push(await world.create(aRequest('default', changes)));
  }
  await world.steerAccount.pause('default', 'ann');
  await world.steerAccount.resume('default', 'ann');
  const cancelled = await world.create(
    aRequest('default', { sendAt: new Date(world.clock.now() + HOUR).toISOString() }),
  );
  expect((await run('cancel', cancelled)).exit).toBe(0);
  for (const id of ids) {
    const view = await world.untilView(id, 'its end', ({ outcome }) => outcome !== undefined);
    expect(view.outcome).toBe('delivered');
  }
  await world.jump(HOUR);
  await world.sweep();
  for (const path of ['/', '/v1/attention', '/v1/campaigns', '/v1/accounts', '/board/api/queues']) {
    expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 200]);
  }

  expect(await deniedBy(master)).toEqual([]);
});

it('in a cluster with several shards a few more rights are enough', {
  timeout: 4 * MINUTE,
}, async (t) => {
  const cluster = await startCluster();
  t.onTestFinished(() => cluster.stop());
  const rights = [rule, forCluster, forShards].flatMap((some) => some.trim().split(/\s+/));
  for (const { admin } of cluster.nodes) {
    await admin.call('ACL', 'SETUSER', 'qunfa', 'on', `>${PASSWORD}`, ...rights);
  }
  const accounts = [0, 1, 2, 3].map((shard) => anAccount(`account-${shard}`, { shard }));
  const world = await startAllRoles({
    redisUrl: cluster.url.replace('//', `//qunfa:${PASSWORD}@`),
    prefix: '{qunfa}',
    accounts,
    environment: { API_KEYS: 'service:secret', REDIS_SHARDS: '4', REDIS_WAIT_REPLICAS: '1' },
    sandbox: {
      accounts: accounts.map((account) => ({ ...knownToSandbox(account), followers: 30 })),
      pace: { pushDelayMs: 5, keyRepeatMs: 100, pushRetryMs: 100 },
      limits: { callsPerMinute: null, massPerDay: null, followerPerMonth: null },
    },
  });
  t.onTestFinished(() => world.stop());
  const call = async (method: string, path: string, body?: unknown) => {
    const { status, text } = await world.api(method, path, body);
    expect([method, path, status]).toEqual([method, path, expect.toSatisfy((n) => n < 300)]);
    return JSON.parse(text);
  };

  const ids: string[] = [];
  for (const { name: account } of accounts) {
    const text = { account, message: { type: 'text', content: 'hello' } };
    ids.push(
      (await call('POST', '/v1/campaigns', { ...text, audience: { type: 'followers' } })).id,
    );
    const { id } = await call('POST', '/v1/campaigns', {
      ...text,
      audience: { type: 'openids', openids: openIds(30) },
      sendAt: new Date(Date.now() + HOUR).toISOString(),
    });
    await call('POST', `/v1/campaigns/${id}/cancel`);
    await call('POST', `/v1/accounts/${account}/pause`);
    await call('POST', `/v1/accounts/${account}/resume`);
  }
  for (const id of ids) {
    await until(`the end of ${id}`, async () => (await world.view(id)).state === 'completed');
    expect((await world.view(id)).outcome).toBe('delivered');
  }
  for (const path of ['/v1/attention', '/v1/campaigns', '/v1/accounts', '/v1/audit']) {
    await call('GET', path);
  }
  expect(await world.ready()).toEqual([]);

  expect((await Promise.all(cluster.nodes.map(deniedBy))).flat()).toEqual([]);

  for (const { admin } of cluster.nodes)
    await admin.call('ACL', 'SETUSER', 'qunfa', '-cluster|info');
  const denied = connect(world.config.redis, { purpose: 'worker' });
  t.onTestFinished(() => denied.disconnect());
  await expect(untilReady(denied)).rejects.toMatchObject({
    code: 'REDIS_UNFIT',
    details: { refusal: { code: 'redis-user-limited' } },
  });
});

async function deniedBy({ admin }: RedisNode): Promise<string[]> {
  const denied = (await admin.call('ACL', 'LOG')) as string[][];
  return denied.map((entry) => entry.slice(0, 14).join(' '));
}
