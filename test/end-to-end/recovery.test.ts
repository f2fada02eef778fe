/** What a restart of Redis, or of all workers, puts right. */
import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { aRequest, toOpenIds } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

describe('a Redis that starts with the beginning of a transaction that it had dropped', () => {
  it('is counted anew: the campaign ends, and its lane opens again', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const id = await own.create(aRequest('default', { audience: toOpenIds(20_000) }));
    const host = await own.startHost('host-1');
    own.faults.set('event-never', { times: 2 });
    await own.untilView(id, 'submitted', ({ batches }) => batches.submitted === 2);
    await host.stop();
    const record = `${own.prefix}:record`;
    await own.redis.hincrby(`${record}:tally:${id}`, 'submitted', 1);
    await own.redis.hincrby(`${record}:tally:${id}`, 'submitting', -1);
    await own.redis.hincrby(`${record}:lanes`, 'default', -1);
    await own.redis.zadd(`${record}:unanswered:default`, 0, `${id}/1`);
    await own.redis.set(`${record}:counted`, 'another start');

    await own.sweep();

    expect((await own.view(id)).batches).toMatchObject({ total: 2, submitting: 0, submitted: 2 });
    expect(await own.redis.hget(`${record}:lanes`, 'default')).toBe('0');
    await own.startHost('host-1');
    await own.events.pushAll();
    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    const next = await own.create(aRequest('default', { repeat: true }));
    expect(await own.ended(next)).toMatchObject({ outcome: 'delivered' });
  });
});

describe('a worker that finds the last heartbeat over an hour old', () => {
  it('sends nothing until an operator has released the account', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const id = await own.create(aRequest('default'));
    await own.stores.lanes.beat(own.clock.now() - HOUR - MINUTE);

    await own.startHost('host-1');

    await own.untilView(id, 'waiting', ({ waiting }) => waiting?.reason === 'account-paused');
    expect(await own.stores.lanes.read('default')).toMatchObject({ restored: { by: 'qunfa' } });
    expect(own.sendCalls('default')).toEqual([]);

    await own.until('it sleeps', () => own.queues.lane('default').getDelayedCount());
    await own.steerAccount.resume('default', 'ann');
    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('goes on at once where nothing was open', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    await own.stores.lanes.beat(own.clock.now() - HOUR - MINUTE);

    await own.startHost('host-1');
    const id = await own.create(aRequest('default'));

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
  });
});
