/** A worker that died between recording WeChat's answer and ending its job. */
import { Worker } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import { laneOf } from '../../src/shared/queue/jobs.ts';
import { start as startWorker } from '../../src/workers/start.ts';
import { aRequest } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

describe('a job left behind in a lane that has no work any more', () => {
  it('is taken over, so that the campaign goes on to its receipt', async (t) => {
    const world = await startWorld(t, { hosts: [] });
    const { queues, stores } = world;
    const lane = queues.lane('default');
    const withoutLanes = await startWorker({
      config: {
        ...world.config,
        worker: { queues: ['campaigns', 'receipts', 'upkeep'], accounts: null },
      },
      log: world.logged.log,
      registry: makeRegistry({ role: 'worker' }),
      prefix: world.prefix,
    });
    const id = await world.create(aRequest('default'));
    await world.until('laid out', async () => (await lane.getJobCounts()).prioritized);
    const dying = new Worker(laneOf('default'), null, {
      connection: world.redis,
      prefix: world.prefix,
      lockDuration: 100,
    });
    await dying.getNextJob('dying');
    const ref = { campaignId: id, no: 1 };
    const at = Date.now();
    await stores.batches.apply(ref, { type: 'attempt-started', at });
    await stores.batches.accepted(ref, { type: 'accepted', msgId: '1000001', at });
    await dying.close(true);
    await withoutLanes.stop();
    expect(await stores.lanes.busy()).toEqual([]);
    expect(await lane.getActiveCount()).toBe(1);

    await world.startHost('host-1');

    await world.until('taken over', async () => (await lane.getCompletedCount()) === 1);
    const receipt = await queues.receipts.getJobState('m-default-1000001');
    expect(receipt).toBe('delayed');
  });
});
