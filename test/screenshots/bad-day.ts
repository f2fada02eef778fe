/** Four accounts, and what went wrong on them today, against the sandbox. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { anAccount, knownToSandbox, startWorld } from '../support/all-roles.ts';
import { exampleFile } from '../support/builders.ts';
import { openIds } from '../support/open-ids.ts';

export const OPERATOR = { username: 'ming', password: 'board-password-8c1f' };

const ACCOUNTS = ['shanghai', 'beijing', 'guangzhou', 'chengdu'].map((name) =>
  anAccount(name, name === 'chengdu' ? { approval: 'always' } : {}),
);

export async function badDay(redisUrl: string) {
  const world = await startWorld({
    redisUrl,
    accounts: ACCOUNTS,
    environment: {
      API_KEYS: 'shop:shop-key-5f2c7e91d0ab',
      BOARD_USER: OPERATOR.username,
      BOARD_PASSWORD: OPERATOR.password,
    },
    sandbox: {
      accounts: ACCOUNTS.map((account) => knownToSandbox(account)),
      pace: { pushDelayMs: 50, keyRepeatMs: 100 },
      switches: { strangers: 'followers' },
      limits: { callsPerMinute: null, massPerDay: null, followerPerMonth: null },
    },
  });
  const faults = world.sandbox?.sandbox.faults;
  if (!faults) throw new Error('no sandbox');

  async function enqueue(account: string, name: string, changes: object = {}): Promise<string> {
    const { status, text } = await world.api('POST', '/v1/campaigns', {
      account,
      name,
      audience: { type: 'openids', openids: openIds(2_400) },
      message: { type: 'text', content: `【会员日】${name}：全场八折，今晚 24 点截止。` },
      ...changes,
    });
    if (status !== 202) throw new Error(text);
    return (JSON.parse(text) as { id: string }).id;
  }
  async function reaches(id: string, ...states: string[]): Promise<void> {
    for (const until = Date.now() + MINUTE; Date.now() < until; await sleep(50)) {
      if (states.includes((await world.view(id)).state)) return;
    }
    throw new Error(`${id} never became ${states.join(' or ')}`);
  }

  const tree = await enqueue('shanghai', '双十二预告', {
    audience: { type: 'openids', openids: openIds(20_001) },
    message: {
      type: 'news',
      articles: ['双十二：提前看', '门店营业时间', '会员积分兑换'].map((title) => ({
        thumb: { base64: exampleFile('cover.jpg').toString('base64'), filename: 'cover.jpg' },
        title,
        digest: '上海门店',
        content: '<p>12 月 12 日起，上海各门店全场八折。</p><p>会员另享双倍积分。</p>',
      })),
    },
  });
  await reaches(tree, 'completed');

  const taken = faults.set('key-taken', { account: 'shanghai', msgId: 'none' });
  const held = await enqueue('shanghai', '老客回访', {
    audience: { type: 'openids', openids: openIds(20_001) },
  });
  await reaches(held, 'held');
  taken.remove();

  const wrong = faults.set('errcode', {
    path: 'message/mass/send',
    account: 'beijing',
    errcode: 40003,
  });
  await reaches(await enqueue('beijing', '新品到店'), 'completed');
  wrong.remove();

  faults.set('errcode', { path: 'message/mass/send', account: 'guangzhou', errcode: 50002 });
  await enqueue('guangzhou', '广州店庆', {
    audience: { type: 'openids', openids: openIds(5_000) },
  });

  const approval = await enqueue('chengdu', '成都新店开业', { audience: { type: 'everyone' } });
  await enqueue('beijing', '周末早茶', {
    sendAt: new Date(Date.now() + 20 * HOUR).toISOString(),
    audience: { type: 'tag', tagId: 2 },
  });
  await sleep(1_500);
  return { url: world.producerUrl, tree, held, approval, stop: () => world.stop() };
}
