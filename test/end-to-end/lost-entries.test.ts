/** What the record or BullMQ lost, or keeps though it is stale, while Redis ran. */
import { describe, expect, it } from 'vitest';
import { NEW_CONTROL } from '../../src/shared/campaign/campaign.ts';
import { HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { runCampaignJob } from '../../src/shared/queue/jobs.ts';
import { anImage, aRequest, toOpenIds } from '../support/builders.ts';
import { startWorld, type World } from '../support/world.ts';

const SEND = 'message/mass/send';
const recordOf = (world: World): string => `${world.prefix}:record`;

/** Two batches that wait for their receipts. */
async function awaiting(world: World): Promise<string> {
  world.faults.set('event-never', { times: 2 });
  const id = await world.create(aRequest('default', { audience: toOpenIds(20_000) }));
  await world.untilView(id, 'submitted', ({ batches }) => batches.submitted === 2);
  await world.until('asleep', async () => (await rootState(world, id)) === 'waiting-children');
  return id;
}

const rootState = (world: World, campaignId: string) =>
  world.queues.campaigns.getJobState(runCampaignJob.id({ campaignId }));

describe('a campaign', () => {
  it('whose tally is lost is counted again before it ends', async (t) => {
    const world = await startWorld(t);
    const id = await awaiting(world);

    await world.redis.del(`${recordOf(world)}:tally:${id}`);
    await world.events.pushAll();

    expect(await world.ended(id)).toMatchObject({
      outcome: 'delivered',
      batches: { total: 2, settled: 2 },
    });
  });

  it('whose tally is lost is shown as it is after the next sweep', async (t) => {
    const world = await startWorld(t);
    const id = await awaiting(world);
    await world.redis.del(`${recordOf(world)}:tally:${id}`);

    await world.sweep();

    expect((await world.view(id)).batches).toMatchObject({ total: 2, submitted: 2 });
  });

  it('that is missing among the open ones is put back, and its root brought back', async (t) => {
    const world = await startWorld(t);
    const id = await awaiting(world);
    const root = await world.queues.campaigns.getJob(runCampaignJob.id({ campaignId: id }));
    // Not while it is in hand: then it is locked.
    const remove = () =>
      root?.remove({ removeChildren: true }).then(
        () => true,
        () => false,
      );
    await world.until('removed', async () => (await remove()) === true);
    await world.redis.del(`${recordOf(world)}:open`);

    await world.jump(MINUTE);
    await world.sweep();
    await world.events.pushAll();

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('of which nothing is left is dropped from the open ones', async (t) => {
    const world = await startWorld(t, { hosts: [] });
    await world.redis.zadd(`${recordOf(world)}:open`, 0, '000000000000000000');

    await world.sweep();

    expect(await world.stores.campaigns.open()).toEqual([]);
  });
});

describe('a root that sleeps without a child', () => {
  it('is woken while files are uploaded', async (t) => {
    const world = await startWorld(t);
    const hold = world.faults.hold({ path: 'media/upload' });
    const id = await world.create(aRequest('default', { message: anImage() }));
    await hold.arrived;
    await world.until('asleep', async () => (await rootState(world, id)) === 'waiting-children');
    const root = runCampaignJob.id({ campaignId: id });
    await world.redis.del(world.queues.campaigns.toKey(`${root}:dependencies`));
    hold.release();
    await world.until('uploaded', async () => {
      return (await world.queues.media.getCompletedCount()) === 1;
    });
    expect(await rootState(world, id)).toBe('waiting-children');

    await world.sweep();

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('is woken while receipts are awaited', async (t) => {
    const world = await startWorld(t);
    const id = await awaiting(world);
    const root = runCampaignJob.id({ campaignId: id });
    await world.redis.del(world.queues.campaigns.toKey(`${root}:dependencies`));

    await world.sweep();
    await world.events.pushAll();

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });
});

describe('an entry that cannot be handled', () => {
  it('holds up none of those behind it in the outbox', async (t) => {
    const world = await startWorld(t, { hosts: [] });
    const outbox = `${recordOf(world)}:outbox`;
    const id = await world.create(aRequest('default'));
    await world.queues.campaigns.drain();
    const broken = { spec: 'no JSON', control: JSON.stringify(NEW_CONTROL) };
    await world.redis.hset(`${recordOf(world)}:campaign:broken`, broken);
    await world.redis.zadd(outbox, 0, 'root:broken', 1, `root:${id}`);

    await expect(world.sweep()).rejects.toThrow(SyntaxError);

    expect(await world.redis.zrange(outbox, '0', '-1')).toEqual(['root:broken']);
    expect(await rootState(world, id)).toBe('waiting');
  });
});

describe('a batch that has no outcome at its deadline', () => {
  async function overdue(world: World): Promise<string> {
    world.faults.set('status-502', { path: SEND, processed: true, times: null });
    const id = await world.create(aRequest('default'));
    await world.untilView(id, 'unanswered', ({ waiting }) => waiting?.reason === 'outcome-unknown');
    world.clock.turn(23 * HOUR);
    return id;
  }

  it('is held though a thousand stale entries are older, and those are removed', async (t) => {
    const world = await startWorld(t, { unknownRetryMs: HOUR });
    const id = await overdue(world);
    const deadlines = `${recordOf(world)}:deadlines`;
    const stale = Array.from({ length: 1_000 }, (_, n) => [0, `gone/${n + 1}`]).flat();
    await world.redis.zadd(deadlines, ...stale);

    await world.sweep();

    expect((await world.batch(id)).state).toBe('held');
    expect(await world.redis.zcard(deadlines)).toBe(0);
  });

  it('is held while the counts are still checked after a start of Redis', async (t) => {
    const world = await startWorld(t, { unknownRetryMs: HOUR });
    const id = await overdue(world);
    let end: (mended: number) => void = () => undefined;
    const recounting = new Promise<number>((resolve) => {
      end = resolve;
    });

    const sweeping = world.sweep({ recount: () => recounting });
    await world.until('held', async () => (await world.batch(id)).state === 'held');

    end(0);
    await sweeping;
  });
});

describe('the recount after a start of Redis', () => {
  it('reads open campaigns and receipts that changed late, and no other of those kept', async (t) => {
    const world = await startWorld(t);
    const kept = await world.create(aRequest('default'));
    const late = await world.create(aRequest('default', { repeat: true }));
    for (const id of [kept, late]) await world.ended(id);
    const batch = await world.batch(late);
    const msgId = 'msgId' in batch ? batch.msgId : '';
    const receipt = {
      status: 'failed',
      reason: 'failed',
      total: 25,
      eligible: 25,
      sent: 0,
      failed: 25,
    } as const;
    const createdAt = world.clock.now() + MINUTE;
    await world.stores.batches.take('default', { msgId, receipt, createdAt, trusted: true });
    const tally = (id: string): string => `${recordOf(world)}:tally:${id}`;
    for (const id of [kept, late]) await world.redis.hincrby(tally(id), 'sent', 7);
    await world.redis.set(`${recordOf(world)}:counted`, 'another start');

    await world.sweep();

    expect(await world.redis.hget(tally(late), 'sent')).toBe('0');
    expect(await world.redis.hget(tally(kept), 'sent')).toBe('32');
  });
});
