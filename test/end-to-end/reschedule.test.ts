/** A campaign that is moved before it begins goes out at its new time, and at no other. */
import { afterAll, describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { aRequest } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  { accounts: [{ name: 'a1' }, { name: 'a2' }, { name: 'a3' }] },
);
const time = (ms: number): string => new Date(world.clock.now() + ms).toISOString();

describe('a campaign', () => {
  it('that was moved to an earlier time goes out then', async () => {
    const account = world.nextAccount();
    const id = await world.create(aRequest(account, { sendAt: time(HOUR) }));

    await world.steer.reschedule(id, 'ann', { sendAt: time(0) });

    expect((await world.ended(id)).outcome).toBe('delivered');
  });

  it('that was put off is not sent at its first time, and is at its second', async () => {
    const account = world.nextAccount();
    const id = await world.create(aRequest(account, { sendAt: time(HOUR) }));
    await world.steer.reschedule(id, 'ann', { sendAt: time(3 * HOUR) });

    await world.jump(HOUR + MINUTE);
    await world.sweep();
    expect((await world.view(id)).state).toBe('scheduled');
    expect(world.sendCalls(account)).toEqual([]);

    await world.jump(2 * HOUR);
    expect((await world.ended(id)).outcome).toBe('delivered');
    expect(world.sendCalls(account)).toEqual([0]);
  });

  it('that is put off while its batches are about to be laid out is not sent', async () => {
    const account = world.nextAccount();
    const id = await world.create(aRequest(account, { sendAt: time(HOUR) }));
    const read = await world.stores.campaigns.read(id);
    await world.steer.reschedule(id, 'ann', { sendAt: time(3 * HOUR) });

    // A worker that had read it before, and goes on now.
    const laid = await world.stores.campaigns.layBatches(id, [], {}, read ?? undefined);

    expect(laid).toBeNull();
    expect((await world.view(id)).state).toBe('scheduled');
  });
});
