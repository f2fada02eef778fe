/**
 * Redis runs out of memory, or of disk, in the middle of everything: a call that WeChat has taken, an
 * event that comes, batches that wait. What each role says, and that all goes on once there is room.
 */
import { execFile } from 'node:child_process';

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import type { CampaignView } from '../../src/shared/contract/campaign-view.ts';
import { MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import type { Trouble } from '../../src/shared/platform/trouble.ts';
import { anAccount, knownToSandbox, startWorld, type World } from '../support/all-roles.ts';
import { openIds } from '../support/open-ids.ts';
import { freePorts, type RedisNode, startNode, until } from '../support/redis-nodes.ts';

const ACCOUNTS = ['busy', 'waiting'].map((name) => anAccount(name));
const FOLLOWERS = 30;

async function ownRedis(appendfsync: string): Promise<RedisNode> {
  const home = await mkdtemp(join(tmpdir(), 'qunfa-full-'));
  const [port = 0] = await freePorts(1);
  const settings = [
    ...['--port', `${port}`, '--bind', '127.0.0.1', '--maxmemory-policy', 'noeviction'],
    ...['--appendonly', 'yes', '--appendfsync', appendfsync, '--save', ''],
  ];
  // A full disk ends no process by a signal, as a file that is too long does.
  const through = ['env', '--ignore-signal=XFSZ'];
  const node = await startNode(home, port, settings, { through });
  onTestFinished(async () => {
    await node.stop();
    await rm(home, { recursive: true });
  });
  return node;
}

/** None of its files may grow beyond that, as if its disk were full. */
const limitFiles = ({ pid }: RedisNode, bytes: number | 'unlimited') =>
  promisify(execFile)('prlimit', [`--pid=${pid()}`, `--fsize=${bytes}:unlimited`]);

async function fillDisk(node: RedisNode): Promise<void> {
  const folder = join(node.dir, 'appendonlydir');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.incr.aof'));
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(folder, name))).size));
  await limitFiles(node, Math.max(...sizes) + 1);
}

interface Lack {
  readonly appendfsync: string;
  fill(node: RedisNode): Promise<unknown>;
  makeRoom(node: RedisNode): Promise<unknown>;
  readonly said: Trouble['code'];
}

const LACKS: Readonly<Record<string, Lack>> = {
  'no memory left': {
    appendfsync: 'always',
    fill: ({ admin }) => admin.config('SET', 'maxmemory', 1),
    makeRoom: ({ admin }) => admin.config('SET', 'maxmemory', 0),
    said: 'redis-full',
  },
  'no disk left, and ends over it': {
    appendfsync: 'always',
    fill: fillDisk,
    makeRoom: (node) => node.start(),
    said: 'redis-silent',
  },
  'no disk left, and refuses writes': {
    appendfsync: 'everysec',
    fill: fillDisk,
    makeRoom: (node) => limitFiles(node, 'unlimited'),
    said: 'redis-append-only-failed',
  },
};

async function post(world: World, account: string, text: string, sendAt = Date.now()) {
  const answer = await world.api('POST', '/v1/campaigns', {
    account,
    audience: { type: 'openids', openids: openIds(FOLLOWERS) },
    message: { type: 'text', content: text },
    sendAt: new Date(sendAt).toISOString(),
  });
  const { id, code } = JSON.parse(answer.text) as CampaignView & { code?: string };
  return { status: answer.status, id, code };
}

it.each(Object.entries(LACKS))(
  'a Redis that has %s forgets nothing, and nothing goes out twice',
  {
    timeout: 3 * MINUTE,
  },
  async (_, lack) => {
    const node = await ownRedis(lack.appendfsync);
    const world = await startWorld({
      redisUrl: `redis://127.0.0.1:${node.port}`,
      accounts: ACCOUNTS,
      environment: {
        API_KEYS: 'service:secret',
        UNKNOWN_RETRY_SECONDS: '0.2',
        // The call that is held keeps its answer.
        SUBMIT_TIMEOUT_SECONDS: '60',
      },
      sandbox: {
        accounts: ACCOUNTS.map(knownToSandbox),
        pace: { pushDelayMs: 5, keyRepeatMs: 100, pushRetryMs: 100 },
        limits: { callsPerMinute: null, massPerDay: null, followerPerMonth: null },
        switches: { strangers: 'followers' },
      },
    });
    onTestFinished(() => world.stop());
    const { faults, events, ledger } = world.sandbox?.sandbox ?? expect.fail('no sandbox');
    faults.set('event-never', { account: 'waiting' });
    const waiting = await post(world, 'waiting', 'waits for its event');
    const state = async (id: string) => (await world.view(id)).state;
    await until('its event', async () => (await state(waiting.id)) === 'awaiting-receipts');
    const hold = faults.hold({ account: 'busy', path: 'message/mass/send' });
    const called = await post(world, 'busy', 'is at WeChat');
    await hold.arrived;
    // Due when there is no room.
    const soon = Date.now() + 3 * SECOND;
    const behind = await Promise.all(
      [1, 2, 3].map((n) => post(world, 'busy', `is number ${n}`, soon)),
    );

    await lack.fill(node);
    const refused = await post(world, 'busy', 'comes too late');
    const said = await world.ready();
    const [sent] = ledger.sends((send) => send.account === 'waiting');
    const isTaken = await events.push('waiting', sent?.msgId ?? '');
    hold.release();
    const hasSent = (id: string) => Object.keys(ledger.messagesPerFollower(`${id}-`)).length > 0;
    await until('an answer that cannot be kept', async () => hasSent(called.id));

    expect([refused.status, refused.code]).toEqual([503, 'redis-unavailable']);
    expect(said.map(({ code }) => code)).toContain(lack.said);
    expect(isTaken).toBe(true);
    await lack.makeRoom(node);

    for (const { id } of [waiting, called, ...behind]) {
      await until(`the end of ${id}`, async () => (await state(id)) === 'completed');
      expect((await world.view(id)).receipt).toMatchObject({ sent: FOLLOWERS });
      expect(ledger.messagesPerFollower(`${id}-`)).toEqual({ 1: FOLLOWERS });
    }
    expect(ledger.sends()).toHaveLength(5);
    await until('readiness', async () => (await world.ready()).length === 0);
  },
);
