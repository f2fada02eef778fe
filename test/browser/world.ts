/** Everything that runs, behind a password, as an operator's browser meets it. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, inject } from 'vitest';
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
const PATIENCE = MINUTE;

/** To be called at the top of a test file. */
export function browserWorld() {
  let world: World | undefined;
  beforeAll(async () => {
    world = await startWorld({
      redisUrl: inject('redisUrl'),
      accounts: [ACCOUNT, CAREFUL],
      environment: {
        API_KEYS: `crm:${API_KEY}`,
        BOARD_USER: CREDENTIALS.username,
        BOARD_PASSWORD: CREDENTIALS.password,
      },
      sandbox: {
        accounts: [ACCOUNT, CAREFUL].map((account) => knownToSandbox(account)),
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

  return {
    url: (path: string): string => `${running().producerUrl}${path}`,
    faults: () => {
      const { sandbox } = running();
      if (!sandbox) throw new Error('no sandbox');
      return sandbox.sandbox.faults;
    },
    api: (method: string, path: string, body?: unknown) => running().api(method, path, body),
    enqueue,
    reaches,
    view: (id: string) => running().view(id),
  };
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
