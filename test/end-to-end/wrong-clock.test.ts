/** A host whose clock is not Redis': local time was taken for UTC, or there is no time server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HOUR, SECOND } from '../../src/shared/platform/time.ts';
import { aRequest } from '../support/builders.ts';
import { clockTests } from '../support/programs.ts';
import { startWorld, type World } from '../support/world.ts';

const inHours = (world: World, hours: number): string =>
  new Date(world.clock.now() + hours * HOUR).toISOString();

describe.each([
  ['ahead', 8 * HOUR],
  ['behind', -8 * HOUR],
])('a worker whose host’s clock is eight hours %s', (_, ms) => {
  it('does nothing and says so, until the clock is right', async () => {
    const world = await startWorld({ onTestFinished }, { hosts: [] });
    let off = ms;
    const worker = await world.startHost('wrong', { hostNow: () => Date.now() + off });
    const due = await world.create(aRequest('default'));
    const tonight = await world.create(
      aRequest('default', { sendAt: inHours(world, 2), notAfter: inHours(world, 7) }),
    );

    expect(await worker.ready()).toEqual([{ code: 'clock-off', aheadSeconds: ms / SECOND }]);
    const wrong = await world.until('told in Redis', async () => {
      const found = await world.stores.lanes.wrongClocks(world.clock.now());
      return found.length > 0 && found;
    });
    expect(wrong[0]?.host).toBe('wrong');
    expect((await world.view(due)).state).toBe('scheduled');

    off = 0;
    expect(await world.ended(due)).toMatchObject({ outcome: 'delivered' });

    expect((await world.view(tonight)).state).toBe('scheduled');
    expect(await worker.ready()).toEqual([]);
    expect(await world.stores.lanes.wrongClocks(world.clock.now())).toEqual([]);
    const said = world.logged.lines.map(({ event }) => event);
    expect(said.filter((event) => String(event).startsWith('clock.'))).toEqual([
      'clock.wrong',
      'clock.right',
    ]);
  });
});

describe('a campaign for tonight', () => {
  it.runIf(clockTests().run)('is left alone by a process whose clock is ahead', async () => {
    const world = await startWorld({ onTestFinished }, { hosts: [], database: 12 });
    const id = await world.create(
      aRequest('default', { sendAt: inHours(world, 2), notAfter: inHours(world, 7) }),
    );
    const [account] = world.accounts;
    const worker = spawn(
      'faketime',
      ['-f', '+8h', process.execPath, '--import', 'tsx', 'src/main.ts', 'worker'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group: faketime starts the worker beside itself, and passes no signal on.
        detached: true,
        env: {
          PATH: process.env.PATH,
          REDIS_URL: world.redisUrl,
          WECHAT_API_BASE_URL: world.sandbox.url,
          WECHAT_SANDBOX: 'true',
          WECHAT_APP_ID: account?.appId,
          WECHAT_APP_SECRET: account?.appSecret,
        },
      },
    );
    // Its pipes close with the last of the group.
    const exited = once(worker, 'close');
    let said = '';
    for (const stream of [worker.stdout, worker.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    await world.until('it runs', () => said.includes('worker is running') || worker.exitCode);

    process.kill(-(worker.pid ?? 0), 'SIGTERM');
    await exited;

    expect(said).toContain('clock.wrong');
    expect((await world.view(id)).state).toBe('scheduled');
    expect(world.sendCalls('default')).toEqual([]);
  });
});
