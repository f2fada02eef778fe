import { describe, expect, it } from 'vitest';
import { campaignId } from '../../../src/shared/campaign/campaign-id.ts';
import { makeKeys, recordOf } from '../../../src/shared/record/keys.ts';
import { openRecord } from '../../../src/shared/record/record.ts';
import { aCampaign } from '../../support/builders.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const stores = openRecord({ redis, prefix, retainMs: 60_000, submitTimeoutMs: 500, now: Date.now });
const DAY = 86_400_000;
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

  it('has no page with a next that no campaign follows, whatever the state asked for', async () => {
    const failed: string[] = [];
    for (let n = 0; n < 5; n += 1) failed.push(await accept(BEGAN + DAY + n * 1_000));
    for (const id of failed) {
      await stores.campaigns.end(id, { code: 'media-missing', upload: 'm_1' });
    }
    for (let n = 0; n < 150; n += 1) await accept(BEGAN + 2 * DAY + n * 1_000);
    const { list } = stores.campaigns;

    expect(await list({ state: 'held', limit: 2 })).toMatchObject({ campaigns: [], next: null });
    expect(await list({ state: 'cancelled', limit: 2 })).toMatchObject({
      campaigns: [],
      next: null,
    });
    const seen: string[][] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const where = { state: 'failed', account: 'default', limit: 2 } as const;
      const page = await list(cursor === undefined ? where : { ...where, cursor });
      seen.push(page.campaigns.map(({ id }) => id));
      cursor = page.next;
    }
    expect(seen.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(seen.flat()).toEqual([...failed].reverse());
  });

  it('pages through open campaigns of one state, over more than were read at once', async () => {
    const scheduled: string[] = [];
    for (let n = 0; n < 120; n += 1) scheduled.push(await accept(BEGAN + 3 * DAY + n * 1_000));

    const first = await stores.campaigns.list({ state: 'scheduled', limit: 110 });
    const cursor = first.next ?? '';
    const second = await stores.campaigns.list({ state: 'scheduled', limit: 10, cursor });

    const ids = [...first.campaigns, ...second.campaigns].map(({ id }) => id);
    expect(ids).toEqual([...scheduled].reverse());
  });
});
