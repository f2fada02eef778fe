/** Everything that runs, behind a password, as an operator's browser meets it. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import type { WaitReason } from '../../src/shared/campaign/batch.ts';
import type { CampaignState } from '../../src/shared/campaign/campaign.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { anAccount, knownToSandbox, startWorld, type World } from '../support/all-roles.ts';
import { exampleFile } from '../support/builders.ts';
import { openIds } from '../support/open-ids.ts';

export const CREDENTIALS = { username: 'operator', password: 'board-password-8c1f' };
export const API_KEY = 'crm-key-5f2c7e91d0ab';
export const ACCOUNT = anAccount('default');
/** Each of its campaigns waits for a second person. */
const CAREFUL = anAccount('careful', { approval: 'always', picturePosts: true });
/** What goes wrong with it leaves the others alone. */
const SHOP = anAccount('shop', { callsPerMinute: 60 });
const ACCOUNTS = [ACCOUNT, CAREFUL, SHOP];
const PATIENCE = MINUTE;

/** To be called at the top of a test file. */
export function browserWorld() {
  let world: World | undefined;
  beforeAll(async () => {
    world = await startWorld({
      redisUrl: inject('redisUrl'),
      accounts: ACCOUNTS,
      environment: {
        API_KEYS: `crm:${API_KEY}`,
        BOARD_USER: CREDENTIALS.username,
        BOARD_PASSWORD: CREDENTIALS.password,
      },
      sandbox: {
        accounts: ACCOUNTS.map((account) => knownToSandbox(account)),
        pace: { pushDelayMs: 100, keyRepeatMs: 100 },
        switches: { strangers: 'followers' },
        limits: { callsPerMinute: null, massPerDay: null, followerPerMonth: null },
      },
    });
  });
  afterAll(() => world?.stop());

  const running = (): World => {
    if (!world) throw new Error('the world has not begun');
    return world;
  };

  async function enqueue(name: string, changes: object = {}): Promise<string> {
    const { status, text } = await running().api('POST', '/v1/campaigns', {
      account: 'default',
      name,
      audience: { type: 'openids', openids: openIds(25) },
      message: { type: 'text', content: `hello ${randomBytes(8).toString('hex')}` },
      ...changes,
    });
    if (status !== 202) throw new Error(text);
    return (JSON.parse(text) as { id: string }).id;
  }

  async function reaches(id: string, ...states: CampaignState[]): Promise<void> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const { state } = await running().view(id);
      if (states.includes(state)) return;
      if (Date.now() > deadline) throw new Error(`${id} is ${state}, not ${states.join(' or ')}`);
      await sleep(20);
    }
  }

  /** It stands still for this reason. */
  async function waits(id: string, reason: WaitReason): Promise<void> {
    await expect
      .poll(async () => (await running().view(id)).waiting?.reason, { timeout: PATIENCE })
      .toBe(reason);
  }

  return {
    url: (path: string): string => `${running().producerUrl}${path}`,
    faults: () => sandboxOf(running()).faults,
    sandbox: () => sandboxOf(running()),
    prefix: () => running().prefix,
    api: (method: string, path: string, body?: unknown) => running().api(method, path, body),
    enqueue,
    reaches,
    waits,
    view: (id: string) => running().view(id),
  };
}

function sandboxOf({ sandbox }: World) {
  if (!sandbox) throw new Error('no sandbox');
  return sandbox.sandbox;
}

export const oneArticle = (title: string) => ({
  type: 'news',
  articles: [
    {
      thumb: { base64: exampleFile('cover.jpg').toString('base64'), filename: 'cover.jpg' },
      title,
      content: '<p>hello</p>',
    },
  ],
});
