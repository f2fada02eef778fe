/**
 * What a screen asks Redis for, where there are ten times as many campaigns.
 * `SCALE_CAMPAIGNS=1000 npx vitest run test/producer/scale.test.ts` prints the table of docs/desk.md.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR } from '../../src/shared/platform/time.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, startWorld, type World } from './world.ts';

const { url, redis, prefix } = testRedis();
const MANY = Number(process.env.SCALE_CAMPAIGNS ?? 200);
const FEW = MANY / 10;
const ACCOUNTS = Array.from({ length: 50 }, (_, at) => `account-${at}`);
const PASSWORD = 'board-password-1';
const folder = await mkdtemp(join(tmpdir(), 'qunfa-scale-'));
afterAll(() => rm(folder, { recursive: true }));

interface Cost {
  readonly commands: number;
  readonly ms: number;
}

const SCREENS = [
  ...['/', '/page/campaigns', '/page/approvals', '/page/calendar', '/page/accounts'],
  ...['/page/accounts/account-7', '/page/library', '/page/statistics', '/page/new'],
];
const costs = new Map<string, Cost[]>(SCREENS.map((path) => [path, []]));
let world: World;

beforeAll(async () => {
  const accounts = Object.fromEntries(
    ACCOUNTS.map((name, at) => [
      name,
      { appId: `wx${String(at).padStart(16, '0')}`, appSecret: 's' },
    ]),
  );
  const file = join(folder, 'accounts.json');
  await writeFile(file, JSON.stringify(accounts));
  world = await startWorld(
    { url, prefix },
    {
      ...{ WECHAT_APP_ID: undefined, WECHAT_APP_SECRET: undefined, ACCOUNTS_FILE: file },
      ...{ BOARD_USER: 'ops', BOARD_PASSWORD: PASSWORD },
    },
  );
  let made = 0;
  for (const upTo of [FEW, MANY]) {
    while (made < upTo) {
      const some = Array.from({ length: Math.min(20, upTo - made) }, (_, at) => enqueue(made + at));
      made += some.length;
      await Promise.all(some);
    }
    for (const path of SCREENS) costs.get(path)?.push(await costOf(path));
  }
});
afterAll(() => world.stop());

async function enqueue(at: number): Promise<void> {
  const account = ACCOUNTS[at % ACCOUNTS.length];
  const sendAt = new Date(Date.now() + ((at % 40) + 1) * HOUR).toISOString();
  const audience = { type: 'tag', tagId: 2 };
  const { status } = await world.post(
    '/v1/campaigns',
    aCampaign({ account, audience, sendAt, name: `campaign ${at}` }),
  );
  if (status !== 202) throw new Error(`refused with ${status}`);
}

/** The second look: what a process keeps is there. */
async function costOf(path: string): Promise<Cost> {
  await look(path);
  const monitor = await redis.duplicate().monitor();
  let commands = 0;
  monitor.on('monitor', (_time: string, args: readonly string[]) => {
    if (args.some((arg) => arg.includes(prefix))) commands += 1;
  });
  const began = performance.now();
  await look(path);
  const ms = performance.now() - began;
  // What was asked last may not have been told yet.
  await redis.ping();
  await sleep(20);
  monitor.disconnect();
  return { commands, ms };
}

async function look(path: string): Promise<void> {
  const authorization = `Basic ${Buffer.from(`ops:${PASSWORD}`).toString('base64')}`;
  const answer = await fetch(`${world.url}${path}`, { headers: { authorization } });
  await answer.text();
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
}

/** It adds up what became of each campaign of its days. */
const ADDS_UP = ['/page/statistics', '/page/calendar'];

describe.each(SCREENS)('%s', (path) => {
  it('asks Redis about as often where there are ten times as many campaigns', () => {
    const [few, many] = costs.get(path) as [Cost, Cost];
    if (process.env.SCALE_CAMPAIGNS) {
      process.stdout.write(
        `| \`${path}\` | ${few.commands} | ${many.commands} | ${few.ms.toFixed(0)} | ${many.ms.toFixed(0)} |\n`,
      );
    }
    // A page of campaigns has fifty rows, and looks at two hundred.
    const shown = 200 * 5;
    const each = ADDS_UP.includes(path) ? 4 * (MANY - FEW) : 0;
    expect(many.commands).toBeLessThanOrEqual(few.commands + shown + each);
  });
});
