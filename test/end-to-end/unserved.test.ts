/** Work that no running worker does: a queue without a process, an account that was removed. */
import { describe, expect, it, type TestContext } from 'vitest';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import { DAY, HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { QUEUE_NAMES } from '../../src/shared/queue/jobs.ts';
import { start as startWorker } from '../../src/workers/start.ts';
import { anImage, aRequest } from '../support/builders.ts';
import { startWorld, type World } from '../support/world.ts';

/** A worker with other settings than the world's. */
async function startOther(t: TestContext, world: World, changes: Partial<World['config']>) {
  const worker = await startWorker({
    config: { ...world.config, ...changes },
    log: world.logged.log,
    registry: makeRegistry({ role: 'worker' }),
    prefix: world.prefix,
    now: world.clock.now,
  });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= worker.stop();
    return stopping;
  };
  t.onTestFinished(stop);
  return stop;
}

describe('a campaign that no running worker can bring on', () => {
  it('says which queue nothing serves, and goes on once a worker does', async (t) => {
    const world = await startWorld(t, { hosts: [] });
    const queues = QUEUE_NAMES.filter((queue) => queue !== 'media');
    await startOther(t, world, { worker: { queues, accounts: null } });

    const id = await world.create(aRequest('default', { message: anImage() }));

    const stuck = await world.untilView(id, 'stuck', ({ state }) => state === 'preparing');
    expect(stuck.waiting).toEqual({ reason: 'no-worker', until: null, queue: 'media' });
    const listed = await world.stores.campaigns.list({ limit: 1 });
    expect(listed.campaigns[0]?.waiting).toEqual(stuck.waiting);
    await world.startHost('host-1');
    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('says so when no worker runs its account’s lane', async (t) => {
    const world = await startWorld(t, { hosts: [], accounts: [{ name: 'one' }, { name: 'two' }] });
    await startOther(t, world, { worker: { queues: null, accounts: ['two'] } });

    const id = await world.create(aRequest('one'));

    const stuck = await world.untilView(id, 'stuck', ({ state }) => state === 'submitting');
    expect(stuck.waiting).toEqual({ reason: 'no-worker', until: null, queue: 'send' });
  });

  it('says so as soon as the last worker has stopped', async (t) => {
    const world = await startWorld(t, { hosts: [] });
    const host = await world.startHost('host-1');
    await host.stop();

    const id = await world.create(aRequest('default'));

    expect((await world.view(id)).waiting).toMatchObject({ queue: 'campaigns' });
  });
});

describe('a campaign whose account was removed from the settings', () => {
  const others = (world: World) => world.accounts.filter(({ name }) => name !== 'removed');
  const accounts = [{ name: 'removed' }, { name: 'other' }];

  it('says so, and its batch is settled as unknown when it is too late to ask', async (t) => {
    const world = await startWorld(t, { hosts: [], accounts });
    const host = await world.startHost('host-1');
    world.faults.set('event-never', { account: 'removed', times: null });
    const id = await world.create(aRequest('removed'));
    await world.reaches(id, 'awaiting-receipts');
    await host.stop();
    await startOther(t, world, { accounts: others(world) });

    await world.untilView(id, 'why', ({ waiting }) => waiting?.reason === 'account-unknown');
    await world.jump(2 * DAY + HOUR);

    expect(await world.ended(id)).toMatchObject({ outcome: 'unknown' });
  });

  it('goes on once the account is back', async (t) => {
    const world = await startWorld(t, { hosts: [], accounts });
    const stop = await startOther(t, world, { accounts: others(world) });
    const id = await world.create(aRequest('removed', { message: anImage() }));
    const upload = await world.until('asleep', async () => {
      const [job] = await world.queues.media.getDelayed();
      return job;
    });
    expect(upload.failedReason).toBeUndefined();
    expect((await world.view(id)).waiting).toEqual({ reason: 'account-unknown', until: null });
    await stop();

    await world.startHost('host-1');
    await world.jump(MINUTE);

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });
});
