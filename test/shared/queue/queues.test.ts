/** The few things of BullMQ's that the product leans on and BullMQ does not say. */
import { type Job, WaitingChildrenError, Worker } from 'bullmq';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { HOUR, SECOND } from '../../../src/shared/platform/time.ts';
import { makeNewRoots } from '../../../src/shared/queue/enqueue-root.ts';
import { awaitDecisionJob, runCampaignJob } from '../../../src/shared/queue/jobs.ts';
import {
  addChildren,
  openQueues,
  partFromParent,
  plan,
  promote,
  wake,
} from '../../../src/shared/queue/queues.ts';
import { wakeCampaign, wakeLane } from '../../../src/shared/queue/wake-campaign.ts';
import { aCampaign } from '../../support/builders.ts';
import { recordedLog } from '../../support/log-lines.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const queues = openQueues({ connection: redis, log: recordedLog().log, prefix });
afterAll(() => queues.close());

const childOf = (campaignId: string, no: number) => ({
  definition: awaitDecisionJob,
  payload: { campaignId, no, generation: 0 },
  options: { delay: HOUR },
});
const rootOf = (campaignId: string) => ({
  id: runCampaignJob.id({ campaignId }),
  queue: queues.campaigns.qualifiedName,
});
const addRoot = (campaignId: string) => {
  const { name, data, opts } = plan({ definition: runCampaignJob, payload: { campaignId } });
  return queues.campaigns.add(name, data, opts);
};

/** Roots wait for their children, and end when none is left; children do nothing. */
function work(): { readonly ended: Promise<Job> } {
  let end: (job: Job) => void = () => undefined;
  const ended = new Promise<Job>((resolve) => {
    end = resolve;
  });
  const worker = new Worker(
    'campaigns',
    async (job, token = '') => {
      if (job.name !== runCampaignJob.name) return;
      const { unprocessed = 0 } = await job.getDependenciesCount();
      if (job.attemptsStarted === 1)
        await addChildren(queues.campaigns, rootOf(job.data.campaignId), [
          childOf(job.data.campaignId, 1),
          childOf(job.data.campaignId, 2),
        ]);
      if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
      expect(unprocessed).toBe(0);
    },
    { connection: redis, prefix },
  );
  worker.on('completed', (job) => job.name === runCampaignJob.name && end(job));
  onTestFinished(() => worker.close());
  return { ended };
}

const untilWaiting = (id: string): Promise<void> =>
  expect.poll(() => queues.campaigns.getJobState(id)).toBe('waiting-children');

describe('children', () => {
  it('keep their root waiting until the last of them is done', async () => {
    const { ended } = work();
    await addRoot('one');
    await untilWaiting('c-one');

    await promote(queues.campaigns, 'h-one-1-0');
    await promote(queues.campaigns, 'h-one-2-0');

    expect((await ended).id).toBe('c-one');
  });

  it('are woken through their root', async () => {
    const { ended } = work();
    await addRoot('two');
    await untilWaiting('c-two');

    await wakeCampaign(queues, 'two');

    expect((await ended).id).toBe('c-two');
  });

  it('are added alone where their root is gone', async () => {
    const [job] = await addChildren(queues.campaigns, rootOf('gone'), [childOf('gone', 1)]);

    expect(await job?.isDelayed()).toBe(true);
    expect(job?.parent).toBeUndefined();
  });

  it('may be parted from a root that somebody else has taken away meanwhile', async () => {
    const root = await addRoot('parted');
    await addChildren(queues.campaigns, rootOf('parted'), [childOf('parted', 1)]);
    const child = await queues.campaigns.getJob(awaitDecisionJob.id(childOf('parted', 1).payload));
    if (!child) throw new TypeError('no child');
    await root.remove({ removeChildren: false });

    await expect(partFromParent(child)).resolves.toBeUndefined();
  });

  it('that somebody else has parted meanwhile are left alone: a cluster refuses the empty key', async () => {
    await addRoot('twice');
    await addChildren(queues.campaigns, rootOf('twice'), [childOf('twice', 1)]);
    const id = awaitDecisionJob.id(childOf('twice', 1).payload);
    const child = await queues.campaigns.getJob(id);
    if (!child) throw new TypeError('no child');
    await partFromParent(child);
    const again = await queues.campaigns.getJob(id);
    if (!again) throw new TypeError('no child');
    let asked = 0;
    again.removeChildDependency = async () => {
      asked += 1;
      return false;
    };

    await partFromParent(again);

    expect(asked).toBe(0);
  });

  it('are added once, however often they are added', async () => {
    for (const _ of [1, 2, 3]) await addChildren(queues.campaigns, null, [childOf('thrice', 1)]);

    const sleeping = await queues.campaigns.getDelayed();
    expect(sleeping.filter(({ id }) => id === 'h-thrice-1-0')).toHaveLength(1);
  });

  it('are checked before they reach Redis', async () => {
    const bad = { ...childOf('bad', 1), payload: { campaignId: 'bad', no: 0, generation: 0 } };

    await expect(addChildren(queues.campaigns, null, [bad])).rejects.toThrow();
    expect(await queues.campaigns.getJob('h-bad-0-0')).toBeUndefined();
  });
});

describe('a job', () => {
  it('that does not sleep, or is not there, need not be woken', async () => {
    expect(await promote(queues.campaigns, 'never-there')).toBe(false);
    await wake(queues.campaigns, awaitDecisionJob, 'never-there');
    const job = await queues.media.add('awake', {}, { jobId: 'awake' });
    expect(await promote(queues.media, job.id ?? '')).toBe(false);
  });

  it('that has done its work is done once more when it is woken, by three at once too', async () => {
    const done: (string | undefined)[] = [];
    const worker = new Worker('news', async ({ id }) => void done.push(id), {
      connection: redis,
      prefix,
    });
    onTestFinished(() => worker.close());
    const payload = { campaignId: 'again', no: 1, generation: 0 };
    const id = awaitDecisionJob.id(payload);
    await addChildren(queues.news, null, [{ definition: awaitDecisionJob, payload }]);
    await expect.poll(() => queues.news.getJobState(id)).toBe('completed');

    for (const times of [2, 3]) {
      await Promise.all([1, 2, 3].map(() => wake(queues.news, awaitDecisionJob, id)));
      await expect.poll(() => done.length).toBeGreaterThanOrEqual(times);
      await expect.poll(() => queues.news.getJobState(`${id}-again`)).toBe('completed');
    }

    expect(new Set(done)).toEqual(new Set([id, `${id}-again`]));
  });

  it('that is woken again holds up no root that is just ending', async () => {
    const payload = { campaignId: 'ending', no: 1, generation: 0 };
    const id = awaitDecisionJob.id(payload);
    const told: string[] = [];
    let letRootEnd = (): void => undefined;
    const mayEnd = new Promise<void>((resolve) => {
      letRootEnd = resolve;
    });
    const worker = new Worker(
      'followers',
      async (job, token = '') => {
        if (job.name !== runCampaignJob.name) return;
        if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
        told.push('ending');
        await mayEnd;
      },
      { connection: redis, prefix, autorun: false },
    );
    worker.on('failed', (_, error) => void told.push(error.message));
    onTestFinished(() => worker.close());
    const root = await queues.followers.add('run-campaign', {}, { jobId: 'c-ending' });
    const parent = { id: 'c-ending', queue: queues.followers.qualifiedName };
    await addChildren(queues.followers, parent, [{ definition: awaitDecisionJob, payload }]);
    void worker.run();
    await expect.poll(() => told).toEqual(['ending']);

    await wake(queues.followers, awaitDecisionJob, id);
    letRootEnd();

    await expect.poll(() => root.isActive()).toBe(false);
    expect(told).toEqual(['ending']);
    expect(await root.getState()).toBe('completed');
  });
});

describe('a lane that is released', () => {
  it('has no limit any more, and what slept in it starts', async () => {
    const lane = queues.lane('released');
    await lane.rateLimit(HOUR);
    await lane.add('asleep', {}, { jobId: 'asleep', delay: HOUR });

    await wakeLane(queues, 'released');

    expect(await lane.getRateLimitTtl()).toBeLessThanOrEqual(0);
    expect(await lane.getJobState('asleep')).toBe('waiting');
  });
});

describe('the root of an urgent campaign', () => {
  it('goes before a bulk that another service put into the queue', async () => {
    await queues.campaigns.addBulk(
      Array.from({ length: 300 }, (_, n) => ({
        name: 'accept-campaign',
        data: {},
        opts: { jobId: `bulk-${n}` },
      })),
    );
    const newRoots = makeNewRoots({ queues, now: Date.now }, SECOND);

    await newRoots.add(aCampaign({ id: 'urgent', priority: 1, sendAt: 0 }));

    const next = await redis.lindex(queues.campaigns.toKey('wait'), -1);
    expect(next).toBe(runCampaignJob.id({ campaignId: 'urgent' }));
    await queues.campaigns.drain();
  });
});
