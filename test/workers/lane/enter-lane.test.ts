/** A lane that a person must release. The race is held by hand: a word between look and sleep. */
import { once } from 'node:events';
import { Worker } from 'bullmq';
import { expect, it, onTestFinished } from 'vitest';
import { DAY } from '../../../src/shared/platform/time.ts';
import { laneOf } from '../../../src/shared/queue/jobs.ts';
import { openQueues } from '../../../src/shared/queue/queues.ts';
import { openRecord } from '../../../src/shared/record/record.ts';
import { makeEnterLane } from '../../../src/workers/lane/enter-lane.ts';
import { rest } from '../../../src/workers/lane/sleep.ts';
import { aCampaign, pending } from '../../support/builders.ts';
import { recordedLog } from '../../support/log-lines.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();

it('goes on at once when it is released while a batch is going to sleep', async () => {
  const now = Date.now;
  const record = openRecord({ redis, prefix, retainMs: DAY, submitTimeoutMs: 1_000, now });
  const queues = openQueues({ connection: redis, log: recordedLog().log, prefix });
  onTestFinished(() => queues.close());
  const campaign = aCampaign();
  await record.lanes.set(campaign.account, 'paused', { at: now(), by: 'ann', code: 'by-operator' });
  const apply = async () => {
    await record.lanes.release(campaign.account);
    return pending();
  };
  const stores = { ...record, batches: { ...record.batches, apply } };
  const enterLane = makeEnterLane({ stores, queues, now });
  const worker = new Worker(
    laneOf(campaign.account),
    async (job, token) => {
      const pause = await enterLane(campaign, pending(), 'send');
      if (pause) await rest({ job, token, lane: queues.lane(campaign.account) }, pause);
    },
    { connection: redis, prefix },
  );
  const entered = once(worker, 'completed');
  onTestFinished(() => worker.close());

  const job = await queues.lane(campaign.account).add('look', {});
  await entered;

  expect((await queues.lane(campaign.account).getJob(job.id ?? ''))?.attemptsStarted).toBe(2);
});
