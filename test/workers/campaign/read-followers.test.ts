import { describe, expect, it } from 'vitest';
import type { WechatClient } from '../../../src/shared/wechat/client.ts';
import { openIds } from '../../support/open-ids.ts';
import { aJob, testParts } from '../../support/parts.ts';
import { testRedis } from '../../support/redis.ts';

const { accepted, campaigns, parts } = testParts(testRedis());

interface Page {
  readonly total: number;
  readonly count: number;
  readonly data?: { readonly openid: string[] } | undefined;
  readonly next_openid: string;
}

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
    const { readFollowers } = parts({ wechatFor: () => ({ get }) as WechatClient });

    expect(await readFollowers({ campaignId: campaign.id }, aJob())).toBeNull();

    expect(asked).toEqual(['', 'a', 'b']);
    expect((await campaigns.read(campaign.id))?.control.recipients).toBe(3);
  });

  /** Pages by cursor; what a page lacks of its `count` it says all the same. */
  function reading(pagesOf: (round: number) => Record<string, Page>) {
    const waits: (string | undefined)[] = [];
    let round = 0;
    let calls = 0;
    const get: WechatClient['get'] = async (_path, { query, answer }) => {
      const cursor = String(query?.next_openid ?? '');
      calls += 1;
      if (cursor === '') round += 1;
      return { kind: 'ok', value: answer.parse(pagesOf(round)[cursor]) };
    };
    const post: WechatClient['post'] = async (path, _body, { answer }) => get(path, { answer });
    const { readFollowers } = parts({ wechatFor: () => ({ get, post }) as WechatClient });
    const job = aJob();
    return {
      waits,
      calls: () => calls,
      async run(campaignId: string, times: number): Promise<void> {
        for (let n = 0; n < times; n += 1) {
          if (!(await readFollowers({ campaignId }, job))) continue;
          waits.push((await controlOf(campaignId))?.waiting?.reason);
        }
      },
    };
  }

  const ids = openIds(300);
  const page = (openid: string[], next_openid: string, more: object = {}): Page => ({
    total: 300,
    count: openid.length,
    data: { openid },
    next_openid,
    ...more,
  });
  const followers = () => accepted({ audience: { type: 'followers' }, counts: null });
  const controlOf = async (id: string) => (await campaigns.read(id))?.control;
  const warningsOf = async (id: string) => (await campaigns.view(id))?.warnings;

  it.each<[string, Record<string, Page>]>([
    ['an empty cursor comes too early', { '': page(ids.slice(0, 100), '') }],
    [
      'a page is empty',
      { '': page(ids.slice(0, 100), 'a'), a: { total: 300, count: 0, next_openid: '' } },
    ],
    [
      'a page comes twice in the place of another',
      {
        '': page(ids.slice(0, 100), 'a'),
        a: page(ids.slice(0, 100), 'b'),
        b: page(ids.slice(200), ''),
      },
    ],
    ['a page is skipped', { '': page(ids.slice(0, 100), 'b'), b: page(ids.slice(200), '') }],
  ])('reads again, then asks an operator, where %s', async (_, pages) => {
    const { id } = await followers();
    const { run, waits } = reading(() => pages);

    await run(id, 3);

    expect(waits).toEqual(['followers-incomplete', 'followers-incomplete']);
    const control = await controlOf(id);
    expect(control?.pauses).toMatchObject({ 'followers-incomplete': { by: 'qunfa' } });
    expect(await warningsOf(id)).toEqual([
      { code: 'followers-incomplete', read: control?.recipients, total: 300 },
    ]);
    expect(control?.recipients).toBeLessThan(300);
  });

  it.each<[string, object]>([
    ['half of the OpenIDs that it counts', { count: 100, data: { openid: ids.slice(0, 50) } }],
    ['none of them', { count: 100, data: undefined }],
  ])('reads a page again that has %s', async (_, broken) => {
    const { id } = await followers();
    let times = 0;
    const { run, waits } = reading(() => ({
      '': page(ids.slice(0, 100), 'a'),
      a: page(ids.slice(100, 200), 'b', times++ < 3 ? broken : {}),
      b: page(ids.slice(200), ''),
    }));

    await run(id, 3);

    expect(waits).not.toEqual([]);
    expect(await controlOf(id)).toMatchObject({ recipients: 300 });
    expect((await controlOf(id))?.pauses).toBeUndefined();
  });

  it('takes a second reading that is whole', async () => {
    const { id } = await followers();
    const { run } = reading((round) => ({
      '': page(ids.slice(0, 100), round === 1 ? '' : 'a'),
      a: page(ids.slice(100), ''),
    }));

    await run(id, 2);

    expect(await controlOf(id)).toMatchObject({ recipients: 300 });
    expect(await warningsOf(id)).toEqual([]);
  });

  it('goes on where it died between finishing the list and noting it', async () => {
    const { id } = await followers();
    const { run, calls } = reading(() => ({ '': page(ids, '') }));
    await run(id, 1);
    await campaigns.control(id, ({ recipients: _, ...rest }) => rest);

    await run(id, 1);

    expect(await controlOf(id)).toMatchObject({ recipients: 300 });
    expect(calls()).toBe(1);
  });

  it('holds the members of a tag against the count of the list of tags', async () => {
    const { id } = await accepted({ audience: { type: 'followers', tagId: 7 }, counts: null });
    const tags = { tags: [{ id: 7, name: 'vip', count: 300 }] };
    const { run } = reading(() => ({ '': { ...page(ids.slice(0, 100), ''), ...tags } }));

    await run(id, 3);

    expect((await controlOf(id))?.pauses).toHaveProperty('followers-incomplete');
  });
});
