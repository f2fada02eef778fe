import { afterAll, describe, expect, it } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../../../src/shared/platform/time.ts';
import { sweepJob } from '../../../src/shared/queue/jobs.ts';
import { openQueues } from '../../../src/shared/queue/queues.ts';
import { AT_ONCE } from '../../../src/workers/lane/last-look.ts';
import { keepSweeping, scheduleSweep } from '../../../src/workers/upkeep/sweep.ts';
import { recordedLog } from '../../support/log-lines.ts';
import { aJob, testParts } from '../../support/parts.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const { upkeep, ...queues } = openQueues({ connection: redis, log: recordedLog().log, prefix });
afterAll(() => Promise.all([queues.close(), upkeep.close()]));

const planned = async () => (await upkeep.getJobs(['waiting', 'delayed'])).map(({ id }) => id);

describe('a sweep that was to come', () => {
  it('is planned again where Redis has lost it, and left alone where it has not', async () => {
    await scheduleSweep(upkeep);
    const [first] = await planned();
    await keepSweeping(upkeep, Date.now());
    expect(await planned()).toEqual([first]);

    await redis.del(upkeep.toKey('wait'), upkeep.toKey('delayed'));
    await redis.zadd(upkeep.toKey('repeat'), Date.now() - HOUR, sweepJob.schedulerId);
    await keepSweeping(upkeep, Date.now());

    expect(await planned()).toHaveLength(1);
  });

  it('is planned anew where a host whose clock is hours ahead has planned it', async () => {
    await scheduleSweep(upkeep);
    await redis.zadd(upkeep.toKey('repeat'), Date.now() + 8 * HOUR, sweepJob.schedulerId);

    await keepSweeping(upkeep, Date.now());

    const { next = 0 } = (await upkeep.getJobScheduler(sweepJob.schedulerId)) ?? {};
    expect(Math.abs(next - Date.now())).toBeLessThan(MINUTE);
  });
});

describe('a batch whose key’s life, or notAfter, is over', () => {
  it('is held once a call of the last moment can no longer be answered, and not before', async () => {
    const { parts, laidOut, batches, clock, config } = testParts(testRedis());
    const at = clock.now();
    const { id } = await laidOut(1, { notAfter: at - 1 });
    const ref = { campaignId: id, no: 1 };
    await batches.apply(ref, { type: 'attempt-started', at });
    const sweepAt = async (now: number) => {
      await parts({ now: () => now }).sweep({}, aJob());
      return (await batches.read(ref))?.state;
    };
    const answeredBy = at + AT_ONCE + config.pace.submitTimeoutMs + SECOND;

    expect(await sweepAt(answeredBy - 1)).toBe('submitting');
    expect(await sweepAt(answeredBy)).toBe('held');
  });
});
