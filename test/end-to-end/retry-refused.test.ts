/** WeChat refuses a whole batch for one OpenID of another account, and does not say which. */
import { afterAll, describe, expect, it } from 'vitest';
import { DAY, HOUR } from '../../src/shared/platform/time.ts';
import { runCampaignJob } from '../../src/shared/queue/jobs.ts';
import { aRequest } from '../support/builders.ts';
import { openIds } from '../support/open-ids.ts';
import { startWorld } from '../support/world.ts';

const FOREIGN = 'oSomebodyElses-0000000000000';
const followers = openIds(25);

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  {
    accounts: ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'].map((name) => ({
      name,
      wechat: { followers, strangers: 'refuse' },
    })),
  },
);

async function refusedCampaign(
  changes: Readonly<Record<string, unknown>> = {},
): Promise<{ id: string; account: string }> {
  const account = world.nextAccount();
  const openids = [...followers.slice(0, 20), FOREIGN, ...followers.slice(20)];
  const id = await world.create(
    aRequest(account, { audience: { type: 'openids', openids }, ...changes }),
  );
  const view = await world.ended(id);
  expect(view).toMatchObject({ outcome: 'none', batches: { refused: 1 } });
  return { id, account };
}

describe('a batch refused for one foreign OpenID', () => {
  it('goes out to the rest once that one is named, however late', async () => {
    const notAfter = new Date(world.clock.now() + 60 * DAY).toISOString();
    const { id, account } = await refusedCampaign({ notAfter });

    await world.steer.retry(id, 'operator', { as: 'without', openIds: [FOREIGN] });

    const view = await world.ended(id);
    expect(view).toMatchObject({ outcome: 'delivered', receipt: { total: 25, sent: 25 } });
    const batch = await world.batch(id);
    expect(batch).toMatchObject({ size: 25, generation: 1 });
    const key = `${world.prefix}:record:audience:${batch.without}`;
    expect(await world.redis.pttl(key)).toBeGreaterThan(59 * DAY);
    expect(world.messages(account)).toEqual({ 1: 25 });
  });

  it('reaches everybody else once by halving, until the batch is too small to divide', async () => {
    const { id, account } = await refusedCampaign();

    for (let round = 0; round < 5; round += 1) {
      await world.steer.retry(id, 'operator', { as: 'halves' });
      await world.ended(id);
    }

    const view = await world.view(id);
    expect(view.outcome).toBe('partly');
    expect(view.batches.refused).toBe(1);
    const reached = Object.values(world.messages(account)).reduce((sum, n) => sum + n, 0);
    expect(world.messages(account)).toEqual({ 1: reached });
    expect(reached).toBeGreaterThanOrEqual(23);
    const sizes = (await world.batches(id)).map(({ size }) => size ?? 0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(26);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(2);
  });

  it('is submitted again once, though two people ask for it at once', async () => {
    const account = world.nextAccount();
    world.faults.set('errcode', {
      account,
      path: 'message/mass/sendall',
      errcode: 45002,
      times: 1,
    });
    const id = await world.create(aRequest(account, { audience: { type: 'everyone' } }));
    await world.ended(id);
    const job = await world.queues.campaigns.getJob(runCampaignJob.id({ campaignId: id }));
    await world.until('its root has ended', () => job?.isCompleted());

    const answers = await Promise.all([world.steer.retry(id, 'ann'), world.steer.retry(id, 'bob')]);

    expect(answers.some((answer) => !('refused' in answer))).toBe(true);
    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.messages(account)).toEqual({ 1: 25 });
  });

  it('stays refused if fewer than two would be left', async () => {
    const { id } = await refusedCampaign();

    await world.steer.retry(id, 'operator', {
      as: 'without',
      openIds: [FOREIGN, ...followers.slice(1)],
    });

    expect(await world.ended(id)).toMatchObject({ outcome: 'none', batches: { refused: 1 } });
  });

  it('is not divided where WeChat alone knows who is meant', async () => {
    const account = world.nextAccount();
    world.faults.set('errcode', { account, path: 'message/mass/sendall', errcode: 40003 });
    const id = await world.create(aRequest(account, { audience: { type: 'tag', tagId: 2 } }));
    const ended = await world.ended(id);

    const result = await world.steer.retry(id, 'operator', { as: 'halves' });

    expect(result).toMatchObject({ refused: { code: 'not-a-list' } });
    expect(ended).toMatchObject({ outcome: 'none', batches: { refused: 1 } });
    expect(await world.view(id)).toEqual(ended);
    expect(await world.stores.campaigns.open()).not.toContain(id);
  });

  it('stays refused once notAfter has passed', async () => {
    const notAfter = new Date(world.clock.now() + HOUR).toISOString();
    const { id, account } = await refusedCampaign({ notAfter });
    const calls = world.sendCalls(account).length;
    await world.jump(2 * HOUR);

    const retried = await world.steer.retry(id, 'operator', { as: 'is' });

    expect(retried).toMatchObject({ refused: { code: 'not-after-passed' } });
    expect(await world.batch(id)).toMatchObject({ state: 'refused', generation: 0 });
    expect(world.sendCalls(account)).toHaveLength(calls);
  });
});
