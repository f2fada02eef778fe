/** ACCOUNTS_FILE changes while a worker runs. */
import { expect, it } from 'vitest';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import { start as startWorker } from '../../src/workers/start.ts';
import { aRequest } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

it('an account that is added to a running worker’s settings sends without a restart', async (t) => {
  const world = await startWorld(t, { hosts: [], accounts: [{ name: 'old' }, { name: 'new' }] });
  const old = world.accounts.filter(({ name }) => name === 'old');
  const worker = await startWorker({
    config: { ...world.config, accounts: old },
    reload: () => world.config,
    log: world.logged.log,
    registry: makeRegistry({ role: 'worker' }),
    prefix: world.prefix,
    now: world.clock.now,
  });
  t.onTestFinished(() => worker.stop());
  const id = await world.create(aRequest('new'));
  await world.untilView(id, 'unknown', ({ waiting }) => waiting?.reason === 'account-unknown');

  process.emit('SIGHUP');

  expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
});
