import { describe, expect, it } from 'vitest';
import { makeStopCampaign } from '../../../src/shared/actions/stop-campaign.ts';
import type { BatchEvent } from '../../../src/shared/campaign/advance-batch.ts';
import type { Batch } from '../../../src/shared/campaign/batch.ts';
import type { Campaign, Control } from '../../../src/shared/campaign/campaign.ts';
import { MINUTE } from '../../../src/shared/platform/time.ts';
import { laneOf, readFollowersJob, submitBatchJob } from '../../../src/shared/queue/jobs.ts';
import { addChildren } from '../../../src/shared/queue/queues.ts';
import { testParts } from '../../support/parts.ts';
import { testRedis } from '../../support/redis.ts';

const connection = testRedis();
const { redis, prefix } = connection;
const stores = testParts(connection);
const { batches, campaigns, queues, laidOut } = stores;
/** One moment, however long the test takes. */
const AT = stores.clock.now();
const now = (): number => AT;
const stop = makeStopCampaign({ stores, queues, now });

let accounts = 0;
/** Each with a lane of its own; every batch has its job there. */
async function sleeping(count: number, ...events: readonly (readonly BatchEvent[])[]) {
  accounts += 1;
  const campaign = await laidOut(count, { account: `stop-${accounts}` });
  for (const [at, some] of events.entries()) {
    const ref = { campaignId: campaign.id, no: at + 1 };
    for (const event of some) await batches.apply(ref, event);
  }
  for (const batch of await batches.all(campaign.id)) {
    const payload = payloadOf(campaign, batch);
    await queues.lane(campaign.account).add(submitBatchJob.name, payload, {
      ...{ jobId: submitBatchJob.id(payload), delay: MINUTE },
    });
  }
  return campaign;
}

const payloadOf = ({ id }: Campaign, { no, generation, run }: Batch) => {
  return { campaignId: id, no, generation, run };
};

const statesOf = async ({ id }: Campaign) => (await batches.all(id)).map(({ state }) => state);

/** Numbers of the batches that have a job in the lane. */
async function inLane(campaign: Campaign): Promise<number[]> {
  const jobs = await queues.lane(campaign.account).getDelayed();
  return jobs.map(({ data }) => data.no).sort();
}

const STARTED: BatchEvent = { type: 'attempt-started', at: AT };
const SILENT: BatchEvent = { type: 'outcome-unknown', nextAttemptAt: AT + MINUTE };
const PUT_OFF: BatchEvent = { type: 'put-back', reason: 'rate', nextAttemptAt: AT + MINUTE };

const limiterOf = ({ account }: Campaign): string => `${prefix}:${laneOf(account)}:limiter`;

const cancelled = { at: AT, by: 'anna', reason: 'operator' } as const;

const cancel = ({ id }: Campaign) =>
  campaigns.control(id, (control) => ({ ...control, cancelled }));

const controlOf = async ({ id }: Campaign): Promise<Control> =>
  (await campaigns.read(id))?.control as Control;

describe('a cancel', () => {
  it('reaches what was not called, and takes its jobs out of the lane', async () => {
    const campaign = await sleeping(4, [], [STARTED], [STARTED, SILENT]);

    await stop.cancelPending(campaign);

    expect(await statesOf(campaign)).toEqual([
      ...['cancelled', 'submitting', 'submitting', 'cancelled'],
    ]);
    expect((await batches.all(campaign.id))[0]).toMatchObject({ cancelledAt: AT });
    expect(await inLane(campaign)).toEqual([2, 3]);
  });

  it('holds the repeat that WeChat put off, and wakes the lane that waited for it', async () => {
    const campaign = await sleeping(1, [STARTED, SILENT, STARTED, PUT_OFF]);
    await redis.set(limiterOf(campaign), '1', 'PX', MINUTE);

    await stop.cancelPending(campaign);

    expect(await statesOf(campaign)).toEqual(['held']);
    expect(await inLane(campaign)).toEqual([]);
    expect(await redis.exists(limiterOf(campaign))).toBe(0);
  });

  it('leaves the lane asleep over a batch that it did not wait for', async () => {
    const campaign = await sleeping(1);
    await redis.set(limiterOf(campaign), '1', 'PX', MINUTE);

    await stop.cancelPending(campaign);

    expect(await redis.exists(limiterOf(campaign))).toBe(1);
  });

  it('takes out the job of a batch that was cancelled before: whoever did it may have died', async () => {
    const campaign = await sleeping(2, [{ type: 'cancelled', at: AT }]);

    await stop.cancelPending(campaign);

    expect(await inLane(campaign)).toEqual([]);
  });

  it('reaches one whose job is gone', async () => {
    const campaign = await laidOut(1, { account: 'stop-without-job' });

    await stop.cancelPending(campaign);

    expect(await statesOf(campaign)).toEqual(['cancelled']);
  });

  it('takes out the uploads that its job waits for, too', async () => {
    const campaign = await sleeping(1);
    const [job] = await queues.lane(campaign.account).getDelayed();
    const parent = { id: job?.id ?? '', queue: job?.queueQualifiedName ?? '' };
    const definition = readFollowersJob;
    const payload = { campaignId: campaign.id };
    await addChildren(queues.followers, parent, [{ definition, payload }]);
    expect(await queues.followers.getJobCountByTypes('waiting', 'prioritized')).toBe(1);

    await stop.cancelPending(campaign);

    expect(await queues.followers.getJobCountByTypes('waiting', 'prioritized')).toBe(0);
  });

  it('leaves what is over', async () => {
    const accepted: BatchEvent = { type: 'accepted', msgId: '5000001', at: AT };
    const held: BatchEvent = { type: 'held', reason: 'outcome-unknown', at: AT };
    const campaign = await sleeping(2, [STARTED, accepted], [STARTED, held]);

    await stop.cancelPending(campaign);

    expect(await statesOf(campaign)).toEqual(['submitted', 'held']);
    expect(await inLane(campaign)).toEqual([1, 2]);
  });
});

describe('a pause', () => {
  it('takes out of the lane what was not called, and changes nothing', async () => {
    const campaign = await sleeping(3, [], [STARTED]);

    await stop.parkPending(campaign);

    expect(await statesOf(campaign)).toEqual(['pending', 'submitting', 'pending']);
    expect(await inLane(campaign)).toEqual([2]);
  });
});

describe('what WeChat has just put off', () => {
  it('goes on where nobody cancelled', async () => {
    const campaign = await sleeping(1);
    const [batch] = await batches.all(campaign.id);

    expect(await stop.stopIfCancelled(campaign, batch as Batch)).toBe(batch);
  });

  it('is stopped where the cancel came during the call', async () => {
    const campaign = await sleeping(2, [], [STARTED]);
    await cancel(campaign);
    const [first, second] = (await batches.all(campaign.id)) as [Batch, Batch];

    expect(await stop.stopIfCancelled(campaign, first)).toMatchObject({ state: 'cancelled' });
    expect(await stop.stopIfCancelled(campaign, second)).toBe(second);
    expect(await statesOf(campaign)).toEqual(['cancelled', 'submitting']);
  });

  it('stays as it is where it moved since it was read', async () => {
    const campaign = await sleeping(1);
    await cancel(campaign);
    const [before] = (await batches.all(campaign.id)) as [Batch];
    await batches.apply({ campaignId: campaign.id, no: 1 }, STARTED);

    expect(await stop.stopIfCancelled(campaign, before)).toMatchObject({ state: 'submitting' });
    expect(await statesOf(campaign)).toEqual(['submitting']);
  });

  it('does nothing to a campaign that is gone', async () => {
    const campaign = { ...(await sleeping(1)), id: 'gone00000000000000' };

    expect(await stop.stopLate(campaign)).toBe(false);
    expect(await stop.stopIfCancelled(campaign, { state: 'pending' } as Batch)).toEqual({
      state: 'pending',
    });
  });
});

describe('the passing of notAfter', () => {
  it('cancels what was not called, and says who did it and why', async () => {
    const campaign = await sleeping(2, [STARTED]);

    expect(await stop.stopLate(campaign)).toBe(true);

    expect((await controlOf(campaign)).cancelled).toEqual({
      ...{ at: AT, by: 'qunfa', reason: 'not-after' },
    });
    expect(await statesOf(campaign)).toEqual(['submitting', 'cancelled']);
    expect((await campaigns.audit(campaign.id)).at(-1)).toEqual({
      ...{ at: AT, by: 'qunfa', action: 'not-after-passed' },
    });
  });

  it('finds nothing to do where somebody cancelled', async () => {
    const campaign = await sleeping(1);
    await cancel(campaign);

    expect(await stop.stopLate(campaign)).toBe(false);
    expect((await controlOf(campaign)).cancelled).toEqual(cancelled);
  });

  it('finds nothing to do where it has ended', async () => {
    const campaign = await sleeping(1, [{ type: 'cancelled', at: AT }]);
    expect(await campaigns.end(campaign.id)).toBe(true);

    expect(await stop.stopLate(campaign)).toBe(false);
    expect((await controlOf(campaign)).cancelled).toBeUndefined();
  });

  it.each<[string, (control: Control) => Control]>([
    ['cancels', (control) => ({ ...control, cancelled })],
    ['ends', (control) => ({ ...control, phase: 'ended', endedAt: AT })],
  ])('changes nothing where somebody %s it at that very moment', async (_, change) => {
    const campaign = await sleeping(1);
    let was: Control | undefined;
    const read: typeof campaigns.read = async (id) => {
      const record = await campaigns.read(id);
      was ??= (await campaigns.control(id, change)) as Control;
      return record;
    };
    const late = makeStopCampaign({
      stores: { batches, campaigns: { ...campaigns, read } },
      queues,
      now,
    });

    await late.stopLate(campaign);

    expect(await controlOf(campaign)).toEqual(was);
  });
});
