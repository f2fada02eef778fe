/**
 * What one request may cost Redis, however much is kept: commands are counted, not time. Each of these
 * once read every campaign, every account or every batch.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeKeys } from '../../src/shared/record/keys.ts';
import { testRedis } from '../support/redis.ts';
import { testStores } from '../support/stores.ts';
import { aCampaign, startWorld, type World } from './world.ts';

const CAMPAIGNS = 3_000;
const ACCOUNTS = 150;

const run = testRedis();
const folder = await mkdtemp(join(tmpdir(), 'qunfa-bounded-'));
let world: World;
let long = '';

beforeAll(async () => {
  const accounts = Object.fromEntries(
    Array.from({ length: ACCOUNTS }, (_, at) => [
      `a${at}`,
      { appId: `wx${String(at).padStart(16, '0')}`, appSecret: `secret-${at}` },
    ]),
  );
  const file = join(folder, 'accounts.json');
  await writeFile(file, JSON.stringify(accounts));
  world = await startWorld(run, {
    ...{ WECHAT_APP_ID: undefined, WECHAT_APP_SECRET: undefined, ACCOUNTS_FILE: file },
    ...{ BOARD_USER: 'ops', BOARD_PASSWORD: 'correct horse' },
  });
  const stores = testStores(run);
  long = (await stores.laidOut(1_200, { account: 'a1', name: 'long' })).id;
  for (let at = 0; at < CAMPAIGNS; at += 100) {
    await Promise.all(
      Array.from({ length: 100 }, () => stores.accepted({ account: 'a2', name: 'of the shop' })),
    );
  }
}, 120_000);
afterAll(async () => {
  await world.stop();
  await rm(folder, { recursive: true });
});

/** Names of the commands that this process sent meanwhile: a few are the producer's own. */
async function commandsOf<T>(work: () => Promise<T>): Promise<{ answer: T; sent: string[] }> {
  const sent: string[] = [];
  const spy = vi.spyOn(Redis.prototype, 'sendCommand').mockImplementation(function (
    this: Redis,
    ...[command, ...rest]
  ) {
    sent.push(command.name);
    return original.call(this, command, ...rest);
  });
  try {
    const answer = await work();
    expect(sent.length).toBeGreaterThan(0);
    return { answer, sent };
  } finally {
    spy.mockRestore();
  }
}
const original = Redis.prototype.sendCommand;

const look = async (path: string): Promise<string> => {
  const authorization = `Basic ${btoa('ops:correct horse')}`;
  const response = await fetch(`${world.url}${path}`, { headers: { authorization } });
  expect(response.status).toBe(200);
  return response.text();
};

describe('a list of campaigns', () => {
  it('ends after a limited number of looks, and goes on from there', async () => {
    const found: string[] = [];
    let pages = 0;
    let cursor = '';
    do {
      const { answer, sent } = await commandsOf(() =>
        world.get(`/v1/campaigns?createdBy=test&messageType=text&search=long${cursor}`),
      );
      expect(sent.length).toBeLessThan(600);
      found.push(...answer.json.campaigns.map(({ id }: { id: string }) => id));
      cursor = answer.json.next === null ? '' : `&cursor=${answer.json.next}`;
      pages += 1;
    } while (cursor !== '');
    expect(found).toEqual([long]);
    expect(pages).toBe(1);
  });

  it.each([
    ['by one who enqueued none', 'createdBy=nobody'],
    ['of a type that there is not', 'messageType=video'],
  ])('%s costs no more, however many there are', async (_what, query) => {
    const { answer, sent } = await commandsOf(() => world.get(`/v1/campaigns?${query}`));
    expect(answer.json).toMatchObject({ campaigns: [], next: expect.any(String) });
    expect(sent.length).toBeLessThan(4_400);

    const rest = await world.get(`/v1/campaigns?${query}&cursor=${answer.json.next}`);
    expect(rest.json).toMatchObject({ campaigns: [], next: null });
  });
});

describe('a long message', () => {
  it('is read once at a time, however many ask for it', async () => {
    const message = { type: 'text', content: 'x'.repeat(100_000) };
    await run.redis.hset(
      makeKeys(`${run.prefix}:record`).campaign(long),
      'message',
      JSON.stringify(message),
    );
    let [now, most, reads] = [0, 0, 0];
    const spy = vi.spyOn(Redis.prototype, 'sendCommand').mockImplementation(function (
      this: Redis,
      ...[command, ...rest]
    ) {
      if (command.args.includes('message')) {
        reads += 1;
        now += 1;
        most = Math.max(most, now);
        command.promise.finally(() => {
          now -= 1;
        });
      }
      return original.call(this, command, ...rest);
    });
    onTestFinished(() => spy.mockRestore());

    const answers = await Promise.all(
      Array.from({ length: 10 }, () => world.get(`/v1/campaigns/${long}`)),
    );

    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect([reads, most]).toEqual([10, 1]);
  });
});

describe('a plan', () => {
  it('reads no campaign of another account', async () => {
    const { answer, sent } = await commandsOf(() =>
      world.post('/v1/campaigns/plan', aCampaign({ account: 'a3' })),
    );
    expect(answer.status).toBe(200);
    expect(sent.length).toBeLessThan(100);
  });
});

describe('the page', () => {
  it('costs no more, however many campaigns there are', async () => {
    const { sent } = await commandsOf(() => look('/page/campaigns?by=nobody'));
    expect(sent.length).toBeLessThan(4_600);
  });

  it('reads a long campaign piece by piece', async () => {
    const { answer, sent } = await commandsOf(() => look(`/page/campaigns/${long}`));
    expect(answer).toContain('1200');
    expect(sent).not.toContain('hvals');
  });

  it.each(['/page/statistics', '/?after=2'])(
    'is not looked at again and again where it is not live (%s)',
    async (path) => {
      const response = await fetch(`${world.url}${path}`, {
        headers: {
          authorization: `Basic ${btoa('ops:correct horse')}`,
          accept: 'text/event-stream',
        },
        signal: AbortSignal.timeout(10_000),
      });

      expect(await response.text()).toBe('retry: 2000\n\n');
    },
  );

  it('writes the results of a long campaign piece by piece', async () => {
    const { answer, sent } = await commandsOf(() => look(`/page/campaigns/${long}/results.csv`));
    expect(answer.trim().split('\n')).toHaveLength(1_201);
    expect(sent).not.toContain('hvals');
  });
});
