import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { HOUR, MINUTE } from '../../../src/shared/platform/time.ts';
import { runCampaignJob } from '../../../src/shared/queue/jobs.ts';
import { aRequest, toOpenIds } from '../../support/builders.ts';
import { startWorld } from '../../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  { accounts: [{ name: 'a1' }, { name: 'a2' }] },
);
const rootOf = (id: string) => world.queues.campaigns.getJob(runCampaignJob.id({ campaignId: id }));

describe('a campaign whose time came while no worker ran', () => {
  it.each([
    ['goes out late', HOUR + MINUTE, 'completed', 25],
    ['is never sent once notAfter has passed as well', 2 * HOUR, 'cancelled', 0],
  ])('%s', async (_, away, state, reached) => {
    const own = await startWorld({ onTestFinished }, { hosts: [] });
    const id = await own.create(
      aRequest('default', {
        sendAt: new Date(own.clock.now() + HOUR).toISOString(),
        notAfter: new Date(own.clock.now() + 2 * HOUR).toISOString(),
      }),
    );
    await own.jump(away);

    await own.startHost('host-1');

    expect(await own.reaches(id, 'completed', 'cancelled')).toMatchObject({ state });
    expect(own.ledger.recipients()).toBe(reached);
  });
});

describe('a root', () => {
  it('completes once, with its campaign', async () => {
    const account = world.nextAccount();
    const id = await world.create(aRequest(account, { audience: toOpenIds(30_000) }));
    await world.ended(id);
    await world.until('the root is done', async () => (await rootOf(id))?.isCompleted());

    expect((await world.audit(id)).filter((entry) => entry === 'qunfa: ended')).toHaveLength(1);
    const ends = world.logged.lines.filter(
      ({ event, campaign }) => event === 'campaign.ended' && campaign === id,
    );
    expect(ends).toHaveLength(1);
  });
});

describe('a root that is promoted by hand before its time', () => {
  it('calls nothing and goes back to sleep', async () => {
    const account = world.nextAccount();
    const sendAt = new Date(Date.now() + HOUR).toISOString();
    const id = await world.create(aRequest(account, { sendAt }));

    await (await rootOf(id))?.promote();

    await world.until('asleep again', async () => {
      const root = await rootOf(id);
      return (await root?.isDelayed()) && (root?.attemptsStarted ?? 0) > 0;
    });
    expect((await world.view(id)).state).toBe('scheduled');
    expect(world.ledger.calls(account)).toEqual({});
    await world.steer.cancel(id, 'ann');
  });
});
