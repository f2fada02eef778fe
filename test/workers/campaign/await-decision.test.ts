import { describe, expect, it, onTestFinished } from 'vitest';
import { HOUR } from '../../../src/shared/platform/time.ts';
import { aRequest } from '../../support/builders.ts';
import { aJob } from '../../support/parts.ts';
import { startWorld } from '../../support/world.ts';

describe('a job that waits for an operator', () => {
  it('goes back to sleep where it is promoted before the decision', async (t) => {
    const world = await startWorld(t);
    const account = 'default';
    world.faults.set('key-taken', { account, msgId: 'none' });
    const id = await world.create(aRequest(account));
    await world.reaches(id, 'held');
    const job = await world.until('asleep', async () => {
      const found = await world.queues.campaigns.getJob(`h-${id}-1-0`);
      return (await found?.isDelayed()) && found;
    });

    await job.promote();
    await world.until('asleep again', async () => {
      const again = await world.queues.campaigns.getJob(job.id ?? '');
      return (await again?.isDelayed()) && (again?.attemptsStarted ?? 0) > 0;
    });

    expect((await world.view(id)).state).toBe('held');
    expect(world.sendCalls(account)).toEqual([45065]);
  });

  it('is done once its batch is decided about, or another generation of it is held', async (t) => {
    const world = await startWorld(t);
    world.faults.set('key-taken', { msgId: 'none' });
    const id = await world.create(aRequest('default'));
    await world.reaches(id, 'held');
    const payload = { campaignId: id, no: 1, generation: 0 };
    expect(await world.jobs.awaitDecision(payload, aJob())).toMatchObject({ kind: 'until' });

    expect(await world.jobs.awaitDecision({ ...payload, generation: 1 }, aJob())).toBeNull();
    await world.steer.resolve(id, 1, { as: 'given-up' }, 'ann');
    expect(await world.jobs.awaitDecision(payload, aJob())).toBeNull();
  });
});

describe('a job that waits for a resume', () => {
  it.each([
    ['the campaign is resumed', 'resume'],
    ['it is cancelled', 'cancel'],
  ] as const)('is done once %s, and not before', async (_, decision) => {
    const world = await startWorld({ onTestFinished }, { hosts: [] });
    const sendAt = new Date(world.clock.now() + HOUR).toISOString();
    const id = await world.create(aRequest('default', { sendAt }));
    await world.steer.pause(id, 'ann');
    const look = () => world.jobs.awaitResume({ campaignId: id }, aJob());
    expect(await look()).toMatchObject({ kind: 'until' });

    await world.steer[decision](id, 'ann');

    expect(await look()).toBeNull();
  });
});
