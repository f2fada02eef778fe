/**
 * Between deciding to call WeChat and the call, nothing changes unnoticed: of an operator's decision
 * and a call, the one that Redis took first holds, and a call that comes late is not made.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { HOUR, SECOND } from '../../../src/shared/platform/time.ts';
import { aRequest, toOpenIds } from '../../support/builders.ts';
import { severable } from '../../support/severable.ts';
import { startWorld, type World, type WorldOptions } from '../../support/world.ts';

const SEND = 'message/mass/send';

/** A world whose worker has a way to Redis that is in the test's hands. */
async function farWorld(roundTripMs = 0, options: WorldOptions = {}) {
  const { hostname, port } = new URL(inject('redisUrl'));
  const way = await severable({ host: hostname, port: Number(port) }, { roundTripMs });
  // Before the world, so that it ends after it.
  onTestFinished(() => way[Symbol.asyncDispose]());
  const world = await startWorld({ onTestFinished }, { hosts: [], ...options });
  await world.startHost('far', { redisUrl: `redis://127.0.0.1:${way.port}` });
  return { world, way };
}

const inAnHour = (world: World) => ({
  notAfter: new Date(world.clock.now() + HOUR).toISOString(),
});

/** No job of the account is in hand. */
const quiet = (world: World) =>
  world.until('nothing is in hand', async () => {
    const lane = world.queues.lane('default');
    return (await lane.getActiveCount()) === 0;
  });

type Stop = [what: string, act: (world: World, id: string) => Promise<unknown>, becomes: string];

const STOPS: readonly Stop[] = [
  ['the campaign is paused', (world, id) => world.steer.pause(id, 'ann'), 'pending'],
  ['the campaign is cancelled', (world, id) => world.steer.cancel(id, 'ann'), 'cancelled'],
  ['the account is paused', (world) => world.steerAccount.pause('default', 'ann'), 'pending'],
  [
    'WeChat closes the call to another batch',
    ({ stores, clock }) => {
      const stop = {
        ...{ at: clock.now(), by: 'wechat', errcode: 48001 },
        code: 'refused-by-wechat',
      } as const;
      return stores.lanes.set('default', 'sendBlocked', stop);
    },
    'pending',
  ],
  ['notAfter passes', async (world) => world.clock.turn(HOUR), 'cancelled'],
];

describe('a batch whose token is slow to come', () => {
  it.each(STOPS)('is not called when %s meanwhile', async (_, act, becomes) => {
    const world = await startWorld({ onTestFinished });
    const token = world.faults.hold({ path: 'stable_token' });
    const id = await world.create(aRequest('default', inAnHour(world)));
    await token.arrived;

    await act(world, id);
    token.release();
    await quiet(world);

    await world.until(becomes, async () => (await world.batch(id)).state === becomes);
    expect(world.sendCalls('default')).toEqual([]);
  });
});

describe('a batch without an answer, whose worker stood still before the repeat', () => {
  it('is held once WeChat has forgotten its key, and not called again', async () => {
    const world = await startWorld({ onTestFinished });
    const notAfter = new Date(world.clock.now() + 72 * HOUR).toISOString();
    world.faults.set('silent-after-accepting', { account: 'default' });
    const id = await world.create(aRequest('default', { notAfter }));
    await world.until('unanswered', async () => {
      const batch = await world.stores.batches.read({ campaignId: id, no: 1 });
      return batch?.state === 'submitting' && batch.unanswered;
    });
    const token = world.faults.hold({ path: 'stable_token' });
    await world.jump(3 * HOUR);
    await token.arrived;

    world.clock.turn(25 * HOUR);
    token.release();

    await world.until('held', async () => (await world.batch(id)).state === 'held');
    expect(world.sendCalls('default')).toHaveLength(1);
    expect(world.messages('default')).toEqual({ 1: 25 });
  });
});

describe('a batch whose intent was recorded, and whose worker heard of it late', () => {
  const INTENT = '"state":"submitting"';

  it('is not called any more, was surely not sent, and goes out later', async () => {
    const { world, way } = await farWorld();
    const hold = way.holdAnswerTo(INTENT);
    const id = await world.create(aRequest('default', inAnHour(world)));
    await hold.arrived;
    await world.until('recorded', async () => (await world.batch(id)).state === 'submitting');

    world.clock.turn(5 * SECOND);
    hold.release();

    await world.until('put back', async () => (await world.batch(id)).state === 'pending');
    expect(world.sendCalls('default')).toEqual([]);
    await world.jump(5 * SECOND);
    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.messages('default')).toEqual({ 1: 25 });
  });

  it.each([
    ['notAfter has passed', async (world: World) => world.clock.turn(HOUR)],
    ['the campaign is cancelled and time has gone by', cancelledAndLater],
  ] as const)('is cancelled where %s', async (_, meanwhile) => {
    const { world, way } = await farWorld();
    const hold = way.holdAnswerTo(INTENT);
    const id = await world.create(aRequest('default', inAnHour(world)));
    await hold.arrived;
    await world.until('recorded', async () => (await world.batch(id)).state === 'submitting');

    await meanwhile(world, id);
    hold.release();

    await world.until('put back', async () => (await world.batch(id)).state !== 'submitting');
    await world.jump(5 * SECOND);
    expect(await world.ended(id)).toMatchObject({ state: 'cancelled' });
    expect(world.sendCalls('default')).toEqual([]);
  });
});

async function cancelledAndLater(world: World, id: string): Promise<void> {
  await world.steer.cancel(id, 'ann');
  world.clock.turn(5 * SECOND);
}

describe('a call that breaks off while WeChat has it', () => {
  it('was on record before it was made, and is asked about with the same key', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const id = await own.create(aRequest('default'));
    const hold = own.faults.hold({ path: SEND });
    await own.startHost('host-1');
    await hold.arrived;
    const before = await own.batch(id);
    expect(before).toMatchObject({ state: 'submitting', answered: false, attempts: 1 });
    hold.drop();

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.messages('default')).toEqual({ 1: 25 });
    expect(own.sendCalls('default')).toEqual(['reset', 45065]);
  });
});

describe('a batch that waits to be asked about, and is promoted by hand', () => {
  it('goes back to sleep, and asks once when it is time', async (t) => {
    const own = await startWorld(t, { unknownRetryMs: HOUR });
    own.faults.set('status-502', { path: SEND, processed: true });
    const id = await own.create(aRequest('default'));
    const lane = own.queues.lane('default');
    const job = await own.until('asleep', async () => (await lane.getDelayed())[0]);

    await lane.removeRateLimitKey();
    await job.promote();
    await own.until('asleep again', async () => {
      const again = await lane.getJob(job.id ?? '');
      return (await again?.isDelayed()) && (again?.attemptsStarted ?? 0) > 1;
    });

    expect(own.sendCalls('default')).toEqual([502]);
    await own.jump(HOUR);
    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.sendCalls('default')).toEqual([502, 45065]);
  });
});

describe.each([30, 100])('with Redis %i ms away', (roundTripMs) => {
  /** Batches begin one after the other, so that one is always on its way to its call. */
  const paced = { accounts: [{ name: 'default', callsPerMinute: 600 }] };

  it('no call begins after a pause of the campaign has been acknowledged', async () => {
    const { world } = await farWorld(roundTripMs, paced);
    for (let round = 0; round < 2; round += 1) {
      const id = await world.create(aRequest('default', { audience: toOpenIds(50_000) }));
      await world.until('one on its way to its call', () => isOnItsWay(world, id, round + 1));
      // By then it has looked at the record, and more round trips lie before its intent.
      await sleep(2 * roundTripMs);

      const said = await world.steer.pause(id, 'ann');
      if ('refused' in said) throw new Error(said.refused.code);
      const called = said.batches.total - said.batches.pending;
      await quiet(world);
      await world.untilView(id, 'answered', ({ batches }) => batches.submitting === 0);

      const keys = new Set(world.ledger.requests(SEND).map(({ body = '' }) => keyOf(body)));
      expect([...keys].filter((key) => key.startsWith(id)).length).toBeLessThanOrEqual(called);
      await world.steer.cancel(id, 'ann');
    }
  });

  it('no call begins after a pause of the account has been acknowledged', async () => {
    const { world } = await farWorld(roundTripMs, paced);
    for (let round = 0; round < 2; round += 1) {
      const id = await world.create(aRequest('default', { audience: toOpenIds(50_000) }));
      await world.until('one on its way to its call', () => isOnItsWay(world, id, round + 1));
      // By then it has looked at the record, and more round trips lie before its intent.
      await sleep(2 * roundTripMs);

      await world.steerAccount.pause('default', 'ann');
      const called = (await world.batches(id)).filter(({ state }) => state !== 'pending').length;
      await quiet(world);

      const after = (await world.batches(id)).filter(({ state }) => state !== 'pending').length;
      expect(after).toBe(called);
      await world.steer.cancel(id, 'ann');
      await world.steerAccount.resume('default', 'ann');
    }
  });
});

/** Its job runs, and no intent is recorded yet. */
async function isOnItsWay(world: World, id: string, no: number): Promise<boolean> {
  const active = await world.queues.lane('default').getActive();
  const runs = active.some(({ data }) => data.campaignId === id && data.no === no);
  return runs && (await world.batch(id, no)).state === 'pending';
}

const keyOf = (body: string): string => /"clientmsgid":"([^"]+)"/.exec(body)?.[1] ?? '';
