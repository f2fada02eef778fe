import { describe, expect, it } from 'vitest';
import { campaignId } from '../../../src/shared/campaign/campaign-id.ts';
import { makeKeys } from '../../../src/shared/record/keys.ts';
import { openRecord, recordOf } from '../../../src/shared/record/record.ts';
import { aCampaign } from '../../support/builders.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const stores = openRecord({ redis, prefix, retainMs: 60_000, submitTimeoutMs: 500, now: Date.now });
const BEGAN = Date.UTC(2026, 10, 23);

async function accept(createdAt: number): Promise<string> {
  const id = campaignId(createdAt);
  await stores.campaigns.accept({
    campaign: aCampaign({ id, createdAt }),
    message: { type: 'text', content: id },
    requestDigest: id,
    contentDigest: id,
    repeatMeant: true,
  });
  return id;
}

describe('the list of campaigns', () => {
  it('goes on behind the cursor, though its campaign is no longer kept', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await accept(BEGAN + n * 1_000));
    const newestFirst = [...ids].reverse();
    const first = await stores.campaigns.list({ limit: 2 });
    expect(first.campaigns.map(({ id }) => id)).toEqual(newestFirst.slice(0, 2));

    const keys = makeKeys(recordOf(prefix));
    await redis.del(keys.campaign(first.next ?? ''));
    await redis.zrem(keys.campaigns(), first.next ?? '');

    const second = await stores.campaigns.list({ limit: 2, cursor: first.next ?? '' });
    expect(second.campaigns.map(({ id }) => id)).toEqual(newestFirst.slice(2, 4));
  });

  it('skips none of the same millisecond as a cursor that is gone', async () => {
    const account = 'burst';
    const accepted = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const id = campaignId(BEGAN);
        const campaign = aCampaign({ id, account, createdAt: BEGAN });
        await stores.campaigns.accept({
          campaign,
          message: { type: 'text', content: id },
          requestDigest: id,
          contentDigest: id,
          repeatMeant: true,
        });
        return id;
      }),
    );
    const newestFirst = accepted.sort().reverse();
    const [cursor = ''] = newestFirst.slice(1, 2);
    const keys = makeKeys(recordOf(prefix));
    await redis.del(keys.campaign(cursor));
    await redis.zrem(keys.campaignsOf(account), cursor);

    const { campaigns } = await stores.campaigns.list({ account, cursor, limit: 9 });

    expect(campaigns.map(({ id }) => id)).toEqual(newestFirst.slice(2));
  });
});
