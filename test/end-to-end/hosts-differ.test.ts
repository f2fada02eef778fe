/** Two hosts with other settings: no batch may go by the rules of both. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import { start as startWorker } from '../../src/workers/start.ts';
import { anImage, aRequest } from '../support/builders.ts';
import { startWorld, type World } from '../support/world.ts';

type Scope = Parameters<typeof startWorld>[0];

async function startOther(t: Scope, world: World, changes: Partial<World['config']>) {
  const worker = await startWorker({
    config: { ...world.config, ...changes },
    log: world.logged.log,
    registry: makeRegistry({ role: 'worker' }),
    prefix: world.prefix,
    now: world.clock.now,
    hostId: 'host-2',
  });
  t.onTestFinished(() => worker.stop());
}

describe('two hosts with different calls a minute for an account', () => {
  it.each([
    ['started later', 60, 30],
    ['started first', 30, 60],
  ])('go by the lowest (%s), and say so', async (_, first, second) => {
    const world = await startWorld(
      { onTestFinished },
      { accounts: [{ name: 'a', callsPerMinute: first }] },
    );
    const accounts = world.accounts.map((one) => ({ ...one, callsPerMinute: second }));
    await startOther({ onTestFinished }, world, { accounts });

    const id = await world.create(aRequest('a'));
    await world.ended(id);

    const lane = world.queues.lane('a');
    const { duration } = await world.redis.hgetall(`${lane.toKey('meta')}`);
    expect(Number(duration)).toBeGreaterThan(2_000);
    expect(world.logged.lines).toContainEqual(
      expect.objectContaining({ event: 'lane.paces-differ', account: 'a', paces: [30, 60] }),
    );
  });
});

describe('two hosts with different protocols', () => {
  it('are named in the log, and a campaign keeps the one that it was accepted with', async (t) => {
    const world = await startWorld(t, { hosts: [] });
    await startOther(t, world, { wechat: { ...world.config.wechat, era: '2014' } });

    const id = await world.create(aRequest('default', { message: anImage() }));
    await world.ended(id);

    const [call] = world.ledger.requests('message/mass/send');
    expect(JSON.parse(call?.body ?? '{}')).toHaveProperty('images');
    await world.startHost('host-1');
    expect(world.logged.lines).toContainEqual(
      expect.objectContaining({
        event: 'workers.differ',
        code: 'protocols-differ',
        hosts: { 'host-1': 'today', 'host-2': '2014' },
      }),
    );
  });
});
