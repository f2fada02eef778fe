import { afterAll, describe, expect, it } from 'vitest';
import { DAY } from '../../../src/shared/platform/time.ts';
import { acceptCampaignJob } from '../../../src/shared/queue/jobs.ts';
import { aRequest, toOpenIds } from '../../support/builders.ts';
import { startWorld } from '../../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  { accounts: [{ name: 'a1' }, { name: 'a2' }, { name: 'a3' }] },
);

describe('a campaign that another service puts straight into Redis', () => {
  const { campaigns } = world.queues;
  const put = (body: unknown, jobId: string) =>
    campaigns.add(acceptCampaignJob.name, body, { jobId });

  /** The job once it is over, read again: what it returned comes with its end. */
  const over = (jobId: string, how: 'completed' | 'failed') =>
    world.until(how, async () => {
      const state = await campaigns.getJobState(jobId);
      return state === how && (await campaigns.getJob(jobId));
    });
  const acceptedId = async (jobId: string): Promise<string> =>
    ((await over(jobId, 'completed')).returnvalue as { id: string }).id;

  it('is accepted and runs', async () => {
    const account = world.nextAccount();

    await put(aRequest(account), `order-${account}`);

    const id = await acceptedId(`order-${account}`);
    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('twice under one id is one campaign, even when the first job is gone', async () => {
    const account = world.nextAccount();
    const body = aRequest(account);
    const jobId = `order-${account}`;

    await put(body, jobId);
    const first = await acceptedId(jobId);
    await put(body, jobId);
    await (await campaigns.getJob(jobId))?.remove();
    await put(body, jobId);

    expect(await acceptedId(jobId)).toBe(first);
    await world.ended(first);
    expect(world.messages(account)).toEqual({ 1: 25 });
  });

  it('without an id of its own is taken in once, and again when BullMQ counts anew', async (t) => {
    const own = await startWorld(t);
    const intake = own.queues.campaigns;
    const body = aRequest('default');
    const handOver = async (jobId?: string) => {
      const added = await intake.add(acceptCampaignJob.name, body, jobId ? { jobId } : {});
      return own.until('taken in', async () => {
        const job = await intake.getJob(added.id ?? '');
        return job?.finishedOn !== undefined && job;
      });
    };

    const first = await handOver();
    await own.ended(first.returnvalue.id);
    const twice = await handOver();
    const tick = await handOver('repeat:hourly:1795000000000');
    await intake.obliterate({ force: true });
    await own.jump(7 * DAY);
    const later = await handOver();

    expect(twice.failedReason).toContain('same-content');
    expect(tick.failedReason).toContain('same-content');
    expect(later.id).toBe(first.id);
    await own.ended(later.returnvalue.id);
    expect(own.messages('default')).toEqual({ 2: 25 });
  });

  it('with mistakes fails at once, and says all of them', async () => {
    const audience = { type: 'openids', openids: [] };
    await put({ account: 'nobody', audience, message: { type: 'text' } }, 'bad-body');

    const failed = await over('bad-body', 'failed');

    expect(failed.attemptsStarted).toBe(1);
    expect(failed.failedReason).toContain('audience.openids');
    expect(failed.failedReason).toContain('message.content');
  });

  it('with more than 64 KB of data is told to name lists by id', async () => {
    await put(aRequest('a1', { audience: toOpenIds(3_000) }), 'too-big');

    expect((await over('too-big', 'failed')).failedReason).toContain('65536');
  });
});
