/** The smallest Redis user that docs/operations.md names does everything, on a Redis of its own. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { start as startProducer } from '../../src/producer/start.ts';
import { HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { qunfa } from '../cli/terminal.ts';
import { anImage, aRequest, someNews, toOpenIds } from '../support/builders.ts';
import { freePorts, KEPT, startNode, until } from '../support/redis-nodes.ts';
import { startWorld } from '../support/world.ts';

const PASSWORD = 'a-password-of-redis';
const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
const [, rule = ''] = /ACL SETUSER qunfa on >… ([^`]+)/.exec(page) ?? [];

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

  const denied = (await master.admin.call('ACL', 'LOG')) as string[][];
  expect(denied.map((entry) => entry.slice(0, 14).join(' '))).toEqual([]);
});
