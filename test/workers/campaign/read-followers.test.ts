import type { Job } from 'bullmq';
import { describe, expect, it } from 'vitest';
import type { AccountConfig } from '../../../src/shared/platform/accounts.ts';
import { DAY, SECOND } from '../../../src/shared/platform/time.ts';
import { openRecord } from '../../../src/shared/record/record.ts';
import type { WechatClient } from '../../../src/shared/wechat/client.ts';
import { makeReadFollowers } from '../../../src/workers/campaign/read-followers.ts';
import { openIds } from '../../support/open-ids.ts';
import { testRedis } from '../../support/redis.ts';
import { testStores } from '../../support/stores.ts';

const connection = testRedis();
const { accepted, clock } = testStores(connection);
const { now } = clock;
const stores = openRecord({ ...connection, now, retainMs: DAY, submitTimeoutMs: SECOND });

describe('reading followers', () => {
  it('ends where WeChat leads in a circle, and spends no call on a second round', async () => {
    const audience = { type: 'followers' } as const;
    const campaign = await accepted({ audience, counts: null });
    const ids = openIds(3);
    const pages: Record<string, string[]> = { '': ['a', ids[0] ?? ''], a: ['b', ids[1] ?? ''] };
    const circle = ['a', ids[2] ?? ''];
    const asked: string[] = [];
    const get: WechatClient['get'] = async (_path, { query, answer }) => {
      const cursor = String(query?.next_openid ?? '');
      asked.push(cursor);
      if (asked.length > 9) throw new Error('round and round');
      const [next_openid, ...openid] = pages[cursor] ?? circle;
      return { kind: 'ok', value: answer.parse({ count: 1, data: { openid }, next_openid }) };
    };
    const readFollowers = makeReadFollowers({
      stores,
      wechatFor: () => ({ get }) as WechatClient,
      accountOf: () => ({ kind: 'service' }) as AccountConfig,
      waitForWechat: () => Promise.reject(new Error('nothing to wait for')),
      now,
    });

    await readFollowers({ data: { campaignId: campaign.id } } as Job);

    expect(asked).toEqual(['', 'a', 'b']);
    expect((await stores.campaigns.read(campaign.id))?.control.recipients).toBe(3);
  });
});
