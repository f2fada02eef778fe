/**
 * Workers of this version and of the earliest one with the same record, on one Redis under load:
 * a rolling upgrade, and the way back. The earlier one is taken from git's history.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, type TestContext } from 'vitest';
import { MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import { aRequest, someNews, toOpenIds } from '../support/builders.ts';
import { freePorts } from '../support/redis-nodes.ts';
import { end, HERE, startProcess } from '../support/role-process.ts';
import { startWorld, type World } from '../support/world.ts';

/** To be moved when RECORD_VERSION grows, and to the first release once there is one. */
const EARLIEST = process.env.EARLIER_VERSION || '4b8f2003';
const git = (...args: string[]): Buffer =>
  execFileSync('git', args, { cwd: HERE, maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'ignore'] });

const isKept = ((): boolean => {
  try {
    git('cat-file', '-e', `${EARLIEST}^{commit}`);
    return true;
  } catch {
    return false;
  }
})();
if (!isKept) console.log(`NOT TESTED: two versions together (no ${EARLIEST} in git's history)`);

const SEND = 'message/mass/send';

/** The earlier version's files, with the packages of this one. */
function earlierVersion(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'qunfa-earlier-'));
  t.onTestFinished(() => rmSync(home, { recursive: true }));
  const files = git('archive', EARLIEST, 'src', 'package.json', 'tsconfig.json');
  execFileSync('tar', ['-x', '-C', home], { input: files });
  symlinkSync(join(HERE, 'node_modules'), join(home, 'node_modules'));
  return home;
}

/** By turns through this version and the earlier one's producer. */
function enqueueing(world: World, producer: string) {
  const ids: string[] = [];
  let isOver = false;

  async function post(request: object): Promise<string> {
    const response = await fetch(`${producer}/v1/campaigns`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    if (response.status !== 202) throw new Error(await response.text());
    return ((await response.json()) as { id: string }).id;
  }

  const done = (async () => {
    for (let n = 0; !isOver; n += 1) {
      const changes =
        n % 10 === 4
          ? { audience: toOpenIds(10_001) }
          : n % 10 === 7
            ? { message: someNews() }
            : {};
      const request = aRequest('default', changes);
      ids.push(n % 2 === 0 ? await world.create(request) : await post(request));
      await sleep(SECOND / 4);
    }
  })();
  return {
    ids,
    async stop() {
      isOver = true;
      await done;
    },
  };
}

describe.runIf(isKept)('workers of two versions on one Redis', () => {
  it('roll forward and back under load, with nothing lost or sent twice', {
    timeout: 8 * MINUTE,
  }, async (t) => {
    const world = await startWorld(t, { hosts: [], database: 9 });
    const home = earlierVersion(t);
    const [port = 0] = await freePorts(1);
    const env = { SUBMIT_TIMEOUT_SECONDS: '10', PRODUCER_PORT: `${port}` };
    const earlier = () => startProcess(t, world, { home, env });
    const current = () => startProcess(t, world, { env });
    const producer = `http://127.0.0.1:${port}`;
    await startProcess(t, world, { home, env, role: 'producer' });
    await world.until('the producer', () =>
      fetch(`${producer}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );

    let running = [await earlier(), await earlier()];
    const load = enqueueing(world, producer);
    const refuseOne = () => void world.faults.set('errcode', { path: SEND, errcode: 40003 });
    /** So many more are taken, from whoever runs now. */
    const more = async (what: string): Promise<void> => {
      const before = world.ledger.sends().length;
      await world.until(what, () => world.ledger.sends().length > before + 8, 2 * MINUTE);
    };
    /** One dies in the middle of a call that WeChat has accepted, the others end their work. */
    const replace = async (next: readonly ChildProcess[]): Promise<void> => {
      const leaving = running;
      running = [...next];
      refuseOne();
      await more('both versions');
      const hold = world.faults.hold({ path: SEND });
      await hold.arrived;
      for (const one of leaving) await end(one, 'SIGKILL');
      hold.release();
      await more('the next version alone');
    };

    refuseOne();
    await more('the earlier version');
    await replace([await current()]);
    await replace([await earlier()]);
    const last = await current();
    await more('both versions');
    for (const one of running) expect(await end(one, 'SIGTERM')).toBe(0);
    await more('this version');
    await load.stop();
    running = [last];

    const tried = new Set<string>();
    for (const id of load.ids) {
      let view = await world.untilView(
        id,
        'its end',
        ({ state }) => state === 'completed',
        2 * MINUTE,
      );
      if (view.batches.refused > 0) {
        tried.add(id);
        await world.steer.retry(id, 'ann');
        view = await world.untilView(
          id,
          'its end',
          ({ outcome }) => outcome === 'delivered',
          2 * MINUTE,
        );
      }
      expect(view).toMatchObject({ state: 'completed', outcome: 'delivered' });
    }
    expect(tried.size).toBe(3);
    const batches = await Promise.all(load.ids.map(world.batches));
    const taken = world.ledger.sends().map(({ clientMsgId }) => clientMsgId);
    expect(taken).toHaveLength(batches.flat().length);
    expect(new Set(taken).size).toBe(taken.length);
    expect(world.ledger.duplicates()).toEqual([]);
    expect(await world.stores.attention.entries()).toEqual([]);
  });
});
