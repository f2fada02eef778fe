/** A real process, killed as a power cut would, in the middle of a call. */
import { describe, expect, it } from 'vitest';
import { MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import { aRequest, toOpenIds } from '../support/builders.ts';
import { end, startProcess } from '../support/role-process.ts';
import { startWorld } from '../support/world.ts';

/** The call that is held waits for the others to be done. */
const PATIENT = { env: { SUBMIT_TIMEOUT_SECONDS: '120' } };

describe('a worker killed in the middle of a call that WeChat accepted', () => {
  it('is followed by another that asks with the same key: one delivery', {
    timeout: 5 * MINUTE,
  }, async (t) => {
    const world = await startWorld(t, { hosts: [], database: 7, pace: { keyRepeatMs: SECOND } });
    const first = await startProcess(t, world, PATIENT);
    const hold = world.faults.hold({ path: 'message/mass/send', bodyIncludes: '-2-0"' });
    const id = await world.create(aRequest('default', { audience: toOpenIds(20_001) }));
    await hold.arrived;
    await world.untilView(id, 'the others are done', ({ batches }) => batches.settled === 2);
    const before = await world.batch(id, 2);
    expect(before).toMatchObject({ state: 'submitting', answered: false, attempts: 1 });

    await end(first, 'SIGKILL');
    hold.release();
    await startProcess(t, world, PATIENT);

    const view = await world.untilView(
      id,
      'ended',
      ({ state }) => state === 'completed',
      2 * MINUTE,
    );
    expect(view).toMatchObject({ outcome: 'delivered', receipt: { sent: 20_001 } });
    expect(world.messages('default')).toEqual({ 1: 20_001 });
    const keys = world.ledger
      .sends()
      .map(({ clientMsgId, recipients }) => [clientMsgId, recipients]);
    expect(keys.sort()).toEqual([1, 2, 3].map((no) => [`${id}-${no}-0`, 6_667]));
  });
});
