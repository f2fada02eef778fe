/** What an operator decides is about what the operator saw, holds, and never sends twice. */
import { describe, expect, it } from 'vitest';
import { makeSteerCampaign } from '../../src/shared/actions/steer-campaign.ts';
import type { CampaignView } from '../../src/shared/contract/campaign-view.ts';
import { HOUR, SECOND } from '../../src/shared/platform/time.ts';
import { makeEnqueueRoot } from '../../src/shared/queue/enqueue-root.ts';
import { aRequest, toOpenIds } from '../support/builders.ts';
import { openIds } from '../support/open-ids.ts';
import { startWorld, type World } from '../support/world.ts';

const FOREIGN = 'oSomebodyElses-0000000000000';

function viewIn(result: Awaited<ReturnType<World['steer']['retry']>>): CampaignView {
  if ('refused' in result) throw new Error(JSON.stringify(result.refused));
  return result;
}

/** A campaign to these OpenIDs and a foreign one, which WeChat refuses the whole batch for. */
async function refusedOver(followers: readonly string[], t: Parameters<typeof startWorld>[0]) {
  const world = await startWorld(t, {
    accounts: [{ name: 'a1', wechat: { followers, strangers: 'refuse' } }],
  });
  const audience = { type: 'openids', openids: [...followers, FOREIGN] };
  const id = await world.create(aRequest('a1', { audience }));
  await world.ended(id);
  return { world, id };
}

/** Its only batch is held: WeChat took it, and did not answer. */
async function heldOnce(t: Parameters<typeof startWorld>[0]) {
  const world = await startWorld(t);
  world.faults.set('reset-after-accepting', { path: 'message/mass/send', times: 1 });
  world.faults.set('errcode', { path: 'message/mass/send', errcode: 40008, nth: 2, times: 1 });
  const id = await world.create(aRequest('default', { repeat: true }));
  await world.reaches(id, 'held');
  return { world, id };
}

describe('a batch that an operator gave up', () => {
  it('keeps an unknown outcome, and is not retried', async (t) => {
    const { world, id } = await heldOnce(t);

    await world.steer.resolve(id, 1, { as: 'given-up' }, 'ann');
    const ended = await world.ended(id);
    await world.steer.retry(id, 'ann');

    expect(ended).toMatchObject({
      outcome: 'unknown',
      batches: { abandoned: 1, refused: 0 },
      warnings: [{ code: 'abandoned', batches: 1 }],
    });
    expect(await world.batch(id)).toMatchObject({ state: 'abandoned', generation: 0 });
  });

  it('is corrected by the message id, and submitted again only by the words for it', async (t) => {
    const { world, id } = await heldOnce(t);
    await world.steer.resolve(id, 1, { as: 'given-up' }, 'ann');
    await world.ended(id);

    expect(await world.steer.resolve(id, 1, { as: 'not-sent' }, 'ann')).toMatchObject({
      refused: { code: 'may-be-received-twice' },
    });
    const msgId = world.ledger.sends(id)[0]?.msgId ?? '';
    await world.steer.resolve(id, 1, { as: 'sent', msgId }, 'ann');

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', warnings: [] });
    expect(world.messages('default')).toEqual({ 1: 25 });
  });
});

describe('a decision', () => {
  it('made before another one was written is not applied to what that one left', async (t) => {
    const followers = openIds(100);
    const { world, id } = await refusedOver(followers, t);
    const { version } = await world.view(id);

    await world.steer.retry(id, 'ann', { as: 'halves', seen: version });
    await world.ended(id);
    const second = await world.steer.retry(id, 'bob', { as: 'halves', seen: version });

    expect(second).toMatchObject({
      refused: { code: 'moved', campaign: { id, batches: { total: 2 } } },
    });
    expect(await world.steer.cancel(id, 'bob', { seen: version })).toMatchObject({
      refused: { code: 'campaign-over' },
    });
  });

  it('without a version is computed from what is there when it is committed', async (t) => {
    const followers = openIds(100);
    const { world, id } = await refusedOver(followers, t);

    await Promise.all([
      world.steer.retry(id, 'ann', { as: 'halves' }),
      world.steer.retry(id, 'bob', { as: 'halves' }),
    ]);
    for (let round = 0; round < 8; round += 1) {
      await world.ended(id);
      await world.steer.retry(id, 'ann', { as: 'halves' });
    }
    await world.ended(id);

    const [most] = Object.keys(world.messages('a1'))
      .map(Number)
      .sort((a, b) => b - a);
    expect(most).toBe(1);
    expect(world.messages('a1')[1]).toBeGreaterThanOrEqual(followers.length - 3);
  });

  it('about one hold is not taken for one about the next hold of the batch', async (t) => {
    const { world, id } = await heldOnce(t);
    const { version: seen } = await world.batch(id);
    const decide = () => world.steer.resolve(id, 1, { as: 'not-sent', seen }, 'ann');
    world.faults.set('reset-after-accepting', { path: 'message/mass/send', times: 1 });
    world.faults.set('errcode', { path: 'message/mass/send', errcode: 40008, nth: 2, times: 1 });

    viewIn(await decide());
    await world.untilView(id, 'held again', ({ batches }) => batches.held === 1);
    viewIn(await decide());

    expect(await world.batch(id)).toMatchObject({ state: 'held', generation: 1 });
    expect(await world.steer.resolve(id, 1, { as: 'given-up', seen }, 'ann')).toMatchObject({
      refused: { code: 'moved', batch: { generation: 1 } },
    });
  });

  it('whose recorder dies right after it leaves nothing that is not found', async (t) => {
    const { world, id } = await refusedOver(openIds(25), t);
    const { stores, clock } = world;
    const dead = () => Promise.reject(new Error('killed'));
    const dying = makeSteerCampaign({
      wechatFor: world.wechatFor,
      stores,
      queues: world.queues,
      enqueueRoot: Object.assign(dead, makeEnqueueRoot({ ...world, ...stores, now: clock.now })),
      now: clock.now,
    });

    await dying.retry(id, 'ann', { as: 'without', openIds: [FOREIGN] }).catch(() => undefined);
    expect(await world.view(id)).toMatchObject({ state: 'submitting' });
    await world.jump(31 * SECOND);
    await world.sweep();

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });
});

describe('a retry without some', () => {
  it('leaves out those of an earlier one, too, and so do halves', async (t) => {
    const followers = openIds(24);
    const { world, id } = await refusedOver(followers, t);
    const [first = ''] = followers;

    await world.steer.retry(id, 'ann', { as: 'without', openIds: [first] });
    await world.ended(id);
    await world.steer.retry(id, 'ann', { as: 'halves' });
    await world.ended(id);
    const sizes = (await world.batches(id)).map(({ size }) => size);
    await world.steer.retry(id, 'ann', { as: 'without', openIds: [FOREIGN] });

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(sizes).toEqual([12, 12]);
    expect(world.ledger.receivedBy('a1', first)).toHaveLength(0);
    expect(world.messages('a1')).toMatchObject({ 1: 23 });
  });
});

describe('a pause', () => {
  it('of a campaign that waits for approval stays when it is approved', async (t) => {
    const world = await startWorld(t, { accounts: [{ name: 'a1', approval: 'always' }] });
    const id = await world.create(aRequest('a1'));

    expect(await world.steer.pause(id, 'ann')).toMatchObject({
      pausedFor: ['operator', 'approval'],
    });
    expect(await world.steer.approve(id, 'bob')).toMatchObject({
      state: 'paused',
      pausedFor: ['operator'],
    });
    await world.steer.resume(id, 'ann');

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('for approval ends with a rejection, too, and its reason', async (t) => {
    const world = await startWorld(t, { accounts: [{ name: 'a1', approval: 'always' }] });
    const id = await world.create(aRequest('a1'));

    await world.steer.reject(id, 'bob', { note: 'wrong date' });

    expect(await world.ended(id)).toMatchObject({
      state: 'cancelled',
      outcome: 'none',
      error: { code: 'rejected', note: 'wrong date' },
    });
    expect(world.messages('a1')).toEqual({});
  });
});

describe('a campaign that is cancelled during a call', () => {
  it('names that call, and ends at once when WeChat puts it off', async (t) => {
    const world = await startWorld(t);
    const hold = world.faults.hold({ path: 'message/mass/send', when: 'before' });
    world.faults.set('errcode', { path: 'message/mass/send', errcode: 45028, times: null });
    const id = await world.create(aRequest('default'));
    await hold.arrived;

    expect(await world.steer.cancel(id, 'ann')).toMatchObject({
      state: 'cancelling',
      inFlight: [{ no: 1, why: 'calling' }],
    });
    hold.release();

    expect(await world.ended(id)).toMatchObject({ state: 'cancelled', outcome: 'none' });
  });

  it('has an outcome: what WeChat had accepted is delivered', async (t) => {
    const world = await startWorld(t);
    const hold = world.faults.hold({ path: 'message/mass/send', when: 'after' });
    const id = await world.create(aRequest('default'));
    await hold.arrived;

    await world.steer.cancel(id, 'ann');
    hold.release();

    expect(await world.ended(id)).toMatchObject({ state: 'cancelled', outcome: 'delivered' });
  });

  it('holds a batch whose repeat WeChat puts off, and calls for it no more', async (t) => {
    const world = await startWorld(t);
    world.faults.set('reset-after-accepting', { path: 'message/mass/send', times: 1 });
    world.faults.set('errcode', { path: 'message/mass/send', errcode: 45009, nth: 2, times: 1 });
    const until = world.clock.now() + 72 * HOUR;
    const notAfter = new Date(until).toISOString();
    const id = await world.create(aRequest('default', { audience: toOpenIds(25), notAfter }));
    await world.until('put off', async () => {
      const [batch] = await world.batches(id);
      return batch?.state === 'submitting' && batch.reason === 'daily-quota';
    });
    const calls = world.sendCalls('default').length;

    await world.steer.cancel(id, 'ann');
    expect(await world.view(id)).toMatchObject({ state: 'held', batches: { held: 1 } });
    await world.jump(24 * HOUR);
    await world.sweep();

    expect(world.sendCalls('default')).toHaveLength(calls);
  });
});
