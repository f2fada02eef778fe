/** Jobs that are gone, or will never run: the sweeper replaces them. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { HOUR, MINUTE } from '../../../src/shared/platform/time.ts';
import { runCampaignJob } from '../../../src/shared/queue/jobs.ts';
import { aRequest, toOpenIds } from '../../support/builders.ts';
import { startWorld, type World } from '../../support/world.ts';

const SEND = 'message/mass/send';
const rootOf = (id: string, { queues }: World) =>
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

describe('a batch whose job was removed by hand while its outcome is unknown', () => {
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
