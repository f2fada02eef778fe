/** A lane that an operator must release. The race is held by hand: a release between look and sleep. */
import { once } from 'node:events';
import { Worker } from 'bullmq';
import { expect, it, onTestFinished } from 'vitest';
import { HOUR } from '../../../src/shared/platform/time.ts';
import { laneOf } from '../../../src/shared/queue/jobs.ts';
import { wakeLane } from '../../../src/shared/queue/wake-campaign.ts';
import { rest, until } from '../../../src/workers/job.ts';
import { aCampaign, pending } from '../../support/builders.ts';
import { aJob, testParts } from '../../support/parts.ts';
import { testRedis } from '../../support/redis.ts';

const connection = testRedis();
const { clock, queues, parts, ...stores } = testParts(connection);

it('goes on at once when it is released while a batch is going to sleep', async () => {
  const campaign = aCampaign();
  await stores.lanes.set(campaign.account, 'paused', {
    ...{ at: clock.now(), by: 'ann' },
    code: 'by-operator',
  });
  const apply = async () => {
    await stores.lanes.release(campaign.account);
    return pending();
  };
  const { enterLane } = parts({ stores: { ...stores, batches: { ...stores.batches, apply } } });
  const worker = new Worker(
    laneOf(campaign.account),
    async (job, token) => {
      const wait = await enterLane(job, campaign, pending(), 'send');
      if (wait) await rest(job, token, wait);
    },
    { connection: connection.redis, prefix: connection.prefix },
  );
  const entered = once(worker, 'completed');
  onTestFinished(() => worker.close());

  const job = await queues.lane(campaign.account).add('look', {});
  await entered;

  expect((await queues.lane(campaign.account).getJob(job.id ?? ''))?.attemptsStarted).toBe(2);
});

it('goes on at once when it is resumed while a batch puts it to sleep until the day’s limit is over', async () => {
  const campaign = aCampaign({ account: 'sleeper' });
  const lane = queues.lane('sleeper');
  const sleep = { until: clock.now() + HOUR, reason: 'daily-quota' } as const;
  await stores.lanes.set('sleeper', 'sleep', sleep);
  const wait = await parts().enterLane(aJob(), campaign, pending(), 'send');
  await stores.lanes.release('sleeper');
  await wakeLane(queues, 'sleeper');

  await rest(aJob(), undefined, wait ?? until(0)).catch(() => undefined);

  expect(await lane.getRateLimitTtl()).toBeLessThanOrEqual(0);
});
