/** What the sweeper, a restart and a second look put right. */
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { runCampaignJob } from '../../src/shared/queue/jobs.ts';
import { aRequest, toOpenIds } from '../support/builders.ts';
import { startWorld, type World } from '../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  { accounts: Array.from({ length: 10 }, (_, i) => ({ name: `a${i + 1}` })) },
);
const SEND = 'message/mass/send';

const rootOf = (id: string, { queues }: World = world) =>
  queues.campaigns.getJob(runCampaignJob.id({ campaignId: id }));

/** Not while a worker has it in hand: then it is locked. */
async function removeRoot(of: World, id: string): Promise<void> {
  const root = await rootOf(id, of);
  const remove = () =>
    root?.remove({ removeChildren: true }).then(
      () => true,
      () => false,
    );
  await of.until('removed', async () => (await remove()) === true);
}

describe('a campaign whose root job was removed by hand', () => {
  it('is found by the sweeper, and goes on without a second send', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const host = await own.startHost('host-1');
    own.faults.set('event-never', { times: 3 });
    const id = await own.create(aRequest('default', { audience: toOpenIds(30_000) }));
    await own.reaches(id, 'awaiting-receipts');
    await host.stop();
    await removeRoot(own, id);

    await own.startHost('host-1');
    await own.jump(MINUTE);
    await own.sweep();
    await own.events.pushAll();

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.messages('default')).toEqual({ 1: 30_000 });
  });
});

describe('a batch whose job was removed by hand while nobody knows whether it went out', () => {
  it('gets another one from the sweeper, and the batches that wait for it go on', async (t) => {
    const own = await startWorld(t, { unknownRetryMs: HOUR });
    own.faults.set('status-502', { path: SEND, processed: true });
    // More batches than are called at once: the last ones keep the root asleep.
    const id = await own.create(aRequest('default', { audience: toOpenIds(60_000) }));
    const lane = own.queues.lane('default');
    const job = await own.until('asleep', async () => (await lane.getDelayed())[0]);
    await own.until('the lane at rest', async () => (await lane.getActiveCount()) === 0);
    await job.remove();

    await own.sweep();
    await own.until('there again', async () => await lane.getJob(job.id ?? ''));
    await own.jump(HOUR);

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.messages('default')).toEqual({ 1: 60_000 });
  });
});

describe('a Redis that starts with the beginning of a transaction that it had dropped', () => {
  it('is counted anew: the campaign ends, and its lane opens again', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const id = await own.create(aRequest('default', { audience: toOpenIds(20_000) }));
    const host = await own.startHost('host-1');
    own.faults.set('event-never', { times: 2 });
    await own.untilView(id, 'submitted', ({ batches }) => batches.submitted === 2);
    await host.stop();
    const record = `${own.prefix}:record`;
    await own.redis.hincrby(`${record}:tally:${id}`, 'submitted', 1);
    await own.redis.hincrby(`${record}:tally:${id}`, 'submitting', -1);
    await own.redis.hincrby(`${record}:lanes`, 'default', -1);
    await own.redis.zadd(`${record}:unanswered:default`, 0, `${id}/1`);
    await own.redis.set(`${record}:counted`, 'another start');

    await own.sweep();

    expect((await own.view(id)).batches).toMatchObject({ total: 2, submitting: 0, submitted: 2 });
    expect(await own.redis.hget(`${record}:lanes`, 'default')).toBe('0');
    await own.startHost('host-1');
    await own.events.pushAll();
    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    const next = await own.create(aRequest('default', { repeat: true }));
    expect(await own.ended(next)).toMatchObject({ outcome: 'delivered' });
  });
});

describe('a job that half a transaction left in no list of its queue', () => {
  it.each([
    ['though it is there', false],
    ['nor anywhere else', true],
  ])('is replaced where a batch needs it, %s', async (_, isGone) => {
    const own = await startWorld({ onTestFinished }, { unknownRetryMs: HOUR });
    own.faults.set('status-502', { path: SEND, processed: true });
    const id = await own.create(aRequest('default'));
    const lane = own.queues.lane('default');
    const job = await own.until('asleep', async () => (await lane.getDelayed())[0]);
    await own.redis.zrem(lane.toKey('delayed'), job.id ?? '');
    if (isGone) await own.redis.del(lane.toKey(job.id ?? ''));
    expect(await lane.getJobState(job.id ?? '')).toBe('unknown');

    await own.sweep();
    await own.until('there again', async () => {
      return (await lane.getJobState(job.id ?? '')) !== 'unknown';
    });
    await own.jump(HOUR);

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.sendCalls('default')).toEqual([502, 45065]);
  });

  it('is replaced where it was the root', async (t) => {
    const own = await startWorld(t);
    const sendAt = new Date(Date.now() + HOUR).toISOString();
    const id = await own.create(aRequest('default', { sendAt }));
    const { campaigns } = own.queues;
    await own.redis.zrem(campaigns.toKey('delayed'), runCampaignJob.id({ campaignId: id }));

    await own.jump(MINUTE);
    await own.sweep();
    await own.jump(HOUR);

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.messages('default')).toEqual({ 1: 25 });
  });
});

describe('a campaign that was accepted, and its root never added', () => {
  it('is handed on from the outbox', async (t) => {
    const own = await startWorld(t);
    const sendAt = new Date(Date.now() + HOUR).toISOString();
    const id = await own.create(aRequest('default', { sendAt }));
    await removeRoot(own, id);
    await own.redis.zadd(`${own.prefix}:record:outbox`, Date.now() - MINUTE, `root:${id}`);

    await own.sweep();

    const again = await rootOf(id, own);
    expect(await again?.getState()).toBe('delayed');
    await own.jump(HOUR);
    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
  });
});

describe('a campaign whose time came while no worker ran', () => {
  it.each([
    ['goes out late', HOUR + MINUTE, 'completed', 25],
    ['is never sent once notAfter has passed as well', 2 * HOUR, 'cancelled', 0],
  ])('%s', async (_, away, state, reached) => {
    const own = await startWorld({ onTestFinished }, { hosts: [] });
    const id = await own.create(
      aRequest('default', {
        sendAt: new Date(own.clock.now() + HOUR).toISOString(),
        notAfter: new Date(own.clock.now() + 2 * HOUR).toISOString(),
      }),
    );
    await own.jump(away);

    await own.startHost('host-1');

    expect(await own.reaches(id, 'completed', 'cancelled')).toMatchObject({ state });
    expect(own.ledger.recipients()).toBe(reached);
  });
});

describe('a root', () => {
  it('completes once, with its campaign', async () => {
    const account = world.nextAccount();
    const id = await world.create(aRequest(account, { audience: toOpenIds(30_000) }));
    await world.ended(id);
    await world.until('the root is done', async () => (await rootOf(id))?.isCompleted());

    expect((await world.audit(id)).filter((entry) => entry === 'qunfa: ended')).toHaveLength(1);
    const ends = world.logged.lines.filter(
      ({ event, campaign }) => event === 'campaign.ended' && campaign === id,
    );
    expect(ends).toHaveLength(1);
  });
});

describe('a job promoted by hand before its time', () => {
  it('calls nobody: neither the root', async () => {
    const account = world.nextAccount();
    const sendAt = new Date(Date.now() + HOUR).toISOString();
    const id = await world.create(aRequest(account, { sendAt }));

    await (await rootOf(id))?.promote();

    await world.until('asleep again', async () => {
      const root = await rootOf(id);
      return (await root?.isDelayed()) && (root?.attemptsStarted ?? 0) > 0;
    });
    expect((await world.view(id)).state).toBe('scheduled');
    expect(world.ledger.calls(account)).toEqual({});
    await world.steer.cancel(id, 'ann');
  });

  it('nor a batch that waits to ask again', async (t) => {
    const own = await startWorld(t, { unknownRetryMs: HOUR });
    own.faults.set('status-502', { path: SEND, processed: true });
    const id = await own.create(aRequest('default'));
    const lane = own.queues.lane('default');
    const job = await own.until('asleep', async () => (await lane.getDelayed())[0]);

    await lane.removeRateLimitKey();
    await job.promote();
    await own.until('asleep again', async () => {
      const again = await lane.getJob(job.id ?? '');
      return (await again?.isDelayed()) && (again?.attemptsStarted ?? 0) > 1;
    });

    expect(own.sendCalls('default')).toEqual([502]);
    await own.jump(HOUR);
    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.sendCalls('default')).toEqual([502, 45065]);
  });

  it('nor one that waits for a person', async () => {
    const account = world.nextAccount();
    world.faults.set('key-taken', { account, msgId: 'none' });
    const id = await world.create(aRequest(account));
    await world.reaches(id, 'held');
    const job = await world.until('asleep', async () => {
      const found = await world.queues.campaigns.getJob(`h-${id}-1-0`);
      return (await found?.isDelayed()) && found;
    });

    await job.promote();
    await world.until('asleep again', async () => {
      const again = await world.queues.campaigns.getJob(job.id ?? '');
      return (await again?.isDelayed()) && (again?.attemptsStarted ?? 0) > 0;
    });

    expect((await world.view(id)).state).toBe('held');
    expect(world.sendCalls(account)).toEqual([45065]);
  });
});

describe('a call that breaks off while WeChat has it', () => {
  it('was on record before it was made, and is asked about with the same key', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const id = await own.create(aRequest('default'));
    const hold = own.faults.hold({ path: SEND });
    await own.startHost('host-1');
    await hold.arrived;
    const before = await own.batch(id);
    expect(before).toMatchObject({ state: 'submitting', answered: false, attempts: 1 });
    hold.drop();

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.messages('default')).toEqual({ 1: 25 });
    expect(own.sendCalls('default')).toEqual(['reset', 45065]);
  });
});

describe('a worker that finds the last heartbeat over an hour old', () => {
  it('sends nothing until a person has released the account', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const id = await own.create(aRequest('default'));
    await own.stores.lanes.beat(own.clock.now() - HOUR - MINUTE);

    await own.startHost('host-1');

    await own.untilView(id, 'waiting', ({ waiting }) => waiting?.reason === 'account-paused');
    expect(await own.stores.lanes.read('default')).toMatchObject({ paused: { by: 'qunfa' } });
    expect(own.sendCalls('default')).toEqual([]);

    await own.until('it sleeps', () => own.queues.lane('default').getDelayedCount());
    await own.steerAccount.resume('default');
    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('goes on at once where nothing was open', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    await own.stores.lanes.beat(own.clock.now() - HOUR - MINUTE);

    await own.startHost('host-1');
    const id = await own.create(aRequest('default'));

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
  });
});
