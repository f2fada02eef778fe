/** 45065: a send with this key exists. Whose message it is decides. */
import { afterAll, describe, expect, it } from 'vitest';
import { HOUR, SECOND } from '../../src/shared/platform/time.ts';
import { aRequest, toOpenIds } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  { accounts: Array.from({ length: 10 }, (_, i) => ({ name: `a${i + 1}` })) },
);
const path = 'message/mass/send';

describe('a batch whose key WeChat knows', () => {
  it('adopts the message id if it is nobody else’s', async () => {
    const account = world.nextAccount();
    world.faults.set('reset-after-accepting', { account });

    const id = await world.create(aRequest(account));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', receipt: { sent: 25 } });
    expect(world.sendCalls(account)).toEqual(['reset', 45065]);
    const [send] = world.ledger.sends((one) => one.account === account);
    expect(await world.batch(id)).toMatchObject({ state: 'settled', msgId: send?.msgId });
  });

  it('is held if the message id belongs to another batch', async () => {
    const account = world.nextAccount();
    const earlier = await world.create(aRequest(account));
    await world.ended(earlier);
    world.faults.set('key-taken', { account, msgId: 'latest' });

    const id = await world.create(aRequest(account));

    expect(await world.reaches(id, 'held')).toMatchObject({ batches: { held: 1 } });
    const owner = await world.batch(earlier);
    expect(await world.batch(id)).toMatchObject({
      reason: 'message-id-taken',
      takenMsgId: 'msgId' in owner ? owner.msgId : '',
    });
    expect(world.messages(account)).toEqual({ 1: 25 });
  });

  it('does not adopt the id of another call of the same time that has no answer', async (t) => {
    const own = await startWorld(t, { unknownRetryMs: 3 * SECOND });
    const answer = { path, when: 'after' } as const;
    const ofFirst = own.faults.hold(answer);
    const first = await own.create(aRequest('default'));
    await ofFirst.arrived;
    own.faults.set('key-taken', { path, msgId: 'latest' });
    const ofSecond = own.faults.hold(answer);
    const second = await own.create(aRequest('default'));
    await ofSecond.arrived;
    ofFirst.drop();
    await own.until('the first is unanswered', async () => {
      const batch = await own.batch(first);
      return batch.state === 'submitting' && batch.answered;
    });
    ofSecond.release();

    expect(await own.ended(first)).toMatchObject({ outcome: 'delivered' });
    expect(await own.ended(second)).toMatchObject({ outcome: 'delivered' });
    expect(own.ledger.sends()).toHaveLength(2);
  });

  it('is held if no message id is named, and never called again by itself', async () => {
    const account = world.nextAccount();
    world.faults.set('key-taken', { account, msgId: 'none' });

    const id = await world.create(aRequest(account));

    await world.reaches(id, 'held');
    expect(await world.batch(id)).toMatchObject({ reason: 'message-id-missing' });
    expect(world.sendCalls(account)).toEqual([45065]);
  });

  it('pauses its campaign when it happens twice in a row, and the rest goes on when resumed', async () => {
    const account = world.nextAccount();
    await world.ended(await world.create(aRequest(account)));
    const audience = toOpenIds(45_000);
    // One at a time, so that nobody is called beside the two.
    await world.stores.lanes.set(account, 'narrowUntil', world.clock.now() + HOUR);
    await world.queues.lane(account).setGlobalConcurrency(1);
    world.faults.set('key-taken', { account, path, msgId: 'latest', times: 2 });

    const id = await world.create(aRequest(account, { audience }));
    const paused = await world.reaches(id, 'paused');

    expect(paused).toMatchObject({
      pausedFor: ['message-id-taken'],
      batches: { held: 2, pending: 3 },
    });
    const calls = world.sendCalls(account).length;

    await world.steer.resume(id, 'ann');
    const after = await world.untilView(id, 'settled', ({ batches }) => batches.settled === 3);
    expect(after).toMatchObject({ state: 'held', batches: { held: 2, settled: 3 } });
    expect(world.sendCalls(account)).toHaveLength(calls + 3);

    await world.steer.resolve(id, 'all-held', { as: 'not-sent' }, 'ann');
    expect(await world.ended(id)).toMatchObject({
      outcome: 'delivered',
      receipt: { sent: 45_000 },
    });
    const followers = world.ledger.messagesPerFollower(
      (send) => send.clientMsgId?.startsWith(id) ?? false,
    );
    expect(followers).toEqual({ 1: 45_000 });
  });

  it('counts two in a row anew once another batch was accepted in between', async () => {
    const account = world.nextAccount();
    await world.ended(await world.create(aRequest(account)));
    await world.stores.lanes.set(account, 'narrowUntil', world.clock.now() + HOUR);
    await world.queues.lane(account).setGlobalConcurrency(1);
    const latest = { account, path, msgId: 'latest' } as const;
    world.faults.set('key-taken', latest);
    world.faults.set('key-taken', { ...latest, nth: 2 });

    const id = await world.create(aRequest(account, { audience: toOpenIds(40_000) }));

    const after = await world.untilView(
      id,
      'all called',
      ({ batches }) => batches.held + batches.settled === 4,
    );
    expect(after).toMatchObject({ state: 'held', batches: { held: 2, settled: 2 } });
  });
});
