import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beijingDay } from '../../src/shared/campaign/quota-window.ts';
import { DAY } from '../../src/shared/platform/time.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, OTHER_KEY, startWorld, type World } from './world.ts';

const inDays = (days: number): string => beijingDay(Date.now() + days * DAY);
const [FIRST, SECOND, THIRD] = [inDays(10), inDays(11), inDays(12)];

const { redis, url, prefix } = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
  for (const day of [FIRST, SECOND, THIRD]) {
    for (const hour of ['00', '23']) {
      const sendAt = `${day}T${hour}:30:00+08:00`;
      await world.post('/v1/campaigns', aCampaign({ name: `Winter ${day} ${hour}`, sendAt }));
    }
  }
  const key = { key: OTHER_KEY, headers: { 'content-type': 'application/json' } };
  const body = JSON.stringify(aCampaign({ name: '双十二 SALE' }));
  await world.call('POST', '/v1/campaigns', { ...key, body });
});
afterAll(() => world.stop());

const names = async (query: string): Promise<string[]> =>
  (await world.get(`/v1/campaigns?${query}`)).json.campaigns.map(
    ({ name }: { name: string }) => name,
  );

describe('GET /v1/campaigns', () => {
  it('finds what is planned for a day of Beijing, or for several', async () => {
    expect(await names(`from=${SECOND}&until=${SECOND}`)).toEqual([
      `Winter ${SECOND} 23`,
      `Winter ${SECOND} 00`,
    ]);
    expect(await names(`from=${SECOND}`)).toHaveLength(4);
    expect(await names(`until=${FIRST}`)).toHaveLength(3);
  });

  it('finds a part of the name, in any case', async () => {
    expect(await names('search=sale')).toEqual(['双十二 SALE']);
    expect(await names(`search=${encodeURIComponent('双十二')}`)).toEqual(['双十二 SALE']);
    expect(await names('search=nothing')).toEqual([]);
  });

  it('finds what one key enqueued, and what has one type', async () => {
    expect(await names('createdBy=shop')).toEqual(['双十二 SALE']);
    expect(await names('messageType=news')).toEqual([]);
    expect(await names('messageType=text&state=scheduled&limit=100')).toHaveLength(7);
  });

  it.each(['search=winter', `from=${FIRST}`, 'createdBy=crm', 'state=scheduled&createdBy=crm'])(
    'gives full pages until the last one: %s',
    async (query) => {
      const seen: string[] = [];
      let cursor = '';
      for (;;) {
        const { json } = await world.get(`/v1/campaigns?${query}&limit=4${cursor}`);
        for (const { id } of json.campaigns) seen.push(id);
        if (json.next === null) break;
        expect(json.campaigns).toHaveLength(4);
        cursor = `&cursor=${json.next}`;
      }
      expect(seen).toHaveLength(6);
      expect(seen).toEqual([...new Set(seen)].sort().reverse());
    },
  );

  it('refuses a day that is none', async () => {
    const { status, json } = await world.get('/v1/campaigns?from=2126-13-01');
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'invalid-query' });
  });

  it('keeps its indexes as short as what is kept', async () => {
    const record = `${prefix}:record`;
    expect(await redis.hlen(`${record}:names`)).toBe(7);
    expect(await redis.zcard(`${record}:planned`)).toBe(7);
  });
});
