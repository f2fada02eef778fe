/** A real process, killed as a power cut would, in the middle of a call. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import { aRequest, toOpenIds } from '../support/builders.ts';
import { startWorld, type World } from '../support/world.ts';

async function startProcess(t: TestContext, world: World): Promise<ChildProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'qunfa-accounts-'));
  const file = join(folder, 'accounts.json');
  const accounts = world.accounts.map(({ name, ...settings }) => [name, settings]);
  await writeFile(file, JSON.stringify(Object.fromEntries(accounts)));
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', 'worker'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      ACCOUNTS_FILE: file,
      REDIS_URL: world.redisUrl,
      WECHAT_API_BASE_URL: world.sandbox.url,
      WECHAT_SANDBOX: 'true',
      // The call that is held waits for the others to be done.
      SUBMIT_TIMEOUT_SECONDS: '120',
      UNKNOWN_RETRY_SECONDS: '1',
      LOG_LEVEL: 'silent',
    },
  });
  t.onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true });
  });
  return child;
}

describe('a worker killed in the middle of a call that WeChat accepted', () => {
  it('is followed by another that asks with the same key: one delivery', {
    timeout: 5 * MINUTE,
  }, async (t) => {
    const world = await startWorld(t, { hosts: [], database: 7, pace: { keyRepeatMs: SECOND } });
    const first = await startProcess(t, world);
    const hold = world.faults.hold({ path: 'message/mass/send', bodyIncludes: '-2-0"' });
    const id = await world.create(aRequest('default', { audience: toOpenIds(20_001) }));
    await hold.arrived;
    await world.untilView(id, 'the others are done', ({ batches }) => batches.settled === 2);
    const before = await world.batch(id, 2);
    expect(before).toMatchObject({ state: 'submitting', answered: false, attempts: 1 });

    first.kill('SIGKILL');
    await once(first, 'exit');
    hold.release();
    await startProcess(t, world);

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
