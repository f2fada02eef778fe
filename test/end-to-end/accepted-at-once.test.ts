/** A campaign and its root job go to Redis in one write: what may come between the two, and what may not. */
import { describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { makeNewRoots } from '../../src/shared/queue/enqueue-root.ts';
import { runCampaignJob } from '../../src/shared/queue/jobs.ts';
import type { Acceptance } from '../../src/shared/record/accept-campaign.ts';
import { aCampaign, aRequest } from '../support/builders.ts';
import { startWorld, type World } from '../support/world.ts';

function anAcceptance({ clock, stores }: World): Acceptance {
  const now = clock.now();
  return {
    campaign: aCampaign({
      id: 'once0123456789abcd',
      audience: { type: 'everyone' },
      counts: null,
      identity: stores.identityOf('default'),
      ...{ createdAt: now, sendAt: now, notAfter: now + 60 * MINUTE },
    }),
    message: { type: 'text', content: 'once' },
    requestDigest: 'request',
    contentDigest: 'content',
    repeatMeant: false,
  };
}

const rootsOf = async ({ queues }: World): Promise<number> =>
  (await queues.campaigns.getJobs(['waiting', 'delayed', 'prioritized', 'active'])).length;

describe('a campaign that was accepted', () => {
  it('goes out once though its process died before its root was added', async (t) => {
    const world = await startWorld(t);
    const acceptance = anAcceptance(world);
    const { id } = acceptance.campaign;
    const died = new Promise<boolean>(() => undefined);
    void world.stores.campaigns.accept(acceptance, () => died);
    await world.until('in the record', () => world.stores.campaigns.spec(id));

    await world.jump(MINUTE);
    await world.sweep();

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.messages('default')).toEqual({ 1: expect.any(Number) });
  });

  it('is in the outbox while its root could not be added', async (t) => {
    const world = await startWorld(t, { hosts: [] });
    const acceptance = anAcceptance(world);

    const accepted = await world.stores.campaigns.accept(acceptance, async () => false);

    expect(accepted).toMatchObject({ kind: 'created', hasRoot: false });
    const kept = await world.stores.campaigns.outbox(world.clock.now());
    expect(kept).toEqual([{ kind: 'root', id: acceptance.campaign.id }]);
  });

  it('is in no outbox once its root is there', async (t) => {
    const world = await startWorld(t, { hosts: [] });

    await world.create(aRequest('default'));

    expect(await world.stores.campaigns.outbox(world.clock.now())).toEqual([]);
    expect(await rootsOf(world)).toBe(1);
  });
});

describe('a root that a worker has before its campaign is there', () => {
  it('looks again, and the campaign goes on', async (t) => {
    const world = await startWorld(t);
    const acceptance = anAcceptance(world);
    const { id } = acceptance.campaign;
    const roots = makeNewRoots({ queues: world.queues, now: world.clock.now }, MINUTE);
    await roots.add(acceptance.campaign);
    const root = await world.queues.campaigns.getJob(runCampaignJob.id({ campaignId: id }));
    await world.until('asleep', async () => (await root?.getState()) === 'delayed');

    await world.stores.campaigns.accept(acceptance, async () => true);

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });
});

describe('a request that is answered with an earlier campaign', () => {
  it('leaves no root of its own', async (t) => {
    const world = await startWorld(t, { hosts: [] });

    const request = aRequest('default');
    const ids = await Promise.all(
      Array.from({ length: 10 }, () => world.create(request, 'one key')),
    );

    expect(new Set(ids).size).toBe(1);
    expect(await rootsOf(world)).toBe(1);
  });

  it('leaves none where it is refused as the same content', async (t) => {
    const world = await startWorld(t, { hosts: [] });
    const request = aRequest('default');
    await world.create(request);

    await expect(world.create(request)).rejects.toThrow('same-content');

    expect(await rootsOf(world)).toBe(1);
  });
});
