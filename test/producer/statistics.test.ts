/** Figures of articles, by the sandbox as WeChat: with delays, gaps and lost ids. */
import { describe, expect, it } from 'vitest';
import { makeStatisticsRoutes } from '../../src/producer/api/statistics.ts';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { makeArticleStatistics } from '../../src/shared/actions/article-statistics.ts';
import { DAY, HOUR } from '../../src/shared/platform/time.ts';
import { receipt } from '../support/builders.ts';
import { testRedis } from '../support/redis.ts';
import { type SandboxWorld, sandboxWorld } from './sandbox-world.ts';
import { newsAtWechat, type SentOptions, sentCampaign } from './sent-campaign.ts';
import type { Answer } from './world.ts';

const redis = testRedis();
const NOON = Date.parse('2026-01-05T12:00:00+08:00');
const CALL = 'datacube/getarticletotaldetail';

interface Turned extends SandboxWorld {
  turn(ms: number): void;
  statistics(id: string): Promise<Answer>;
  calls(): number;
  sent(options?: SentOptions): Promise<string>;
}

async function world(switches: SandboxOptions['switches'] = {}): Promise<Turned> {
  let at = NOON;
  const made = await sandboxWorld(redis, {
    now: () => at,
    sandbox: { switches, limits: { massPerDay: null, everyonePerDay: null } },
    routes: (parts) => makeStatisticsRoutes({ articleStatistics: makeArticleStatistics(parts) }),
  });
  return {
    ...made,
    turn(ms) {
      at += ms;
    },
    statistics: (id) => made.get(`/v1/campaigns/${id}/statistics`),
    calls: () => made.sandbox.ledger.requests().filter(({ path }) => path === CALL).length,
    async sent(options = {}) {
      const mediaId = await newsAtWechat(made, 2);
      const message = { type: 'news', mediaId, ignoreReprint: false } as const;
      return (await sentCampaign(made, message, { recipients: 40, ...options })).id;
    },
  };
}

/** As an acceptance that was adopted by 45065 leaves a batch. */
async function loseDataId({ redis: connection, prefix }: Turned, id: string): Promise<string> {
  const key = `${prefix}:record:batches:${id}`;
  const batch = JSON.parse((await connection.hget(key, '1')) ?? '{}');
  const { msgDataId, ...left } = batch;
  await connection.hset(key, '1', JSON.stringify({ ...left, adopted: true }));
  return msgDataId;
}

const ARTICLES = [1, 2].map((n) => ({
  ...{ thumb: { mediaId: 'M' }, title: `article ${n}`, content: '<p>hello</p>' },
}));
const withArticles = { changes: { message: { type: 'news', articles: ARTICLES } } };

describe('GET /v1/campaigns/:id/statistics', () => {
  it('has nothing, and asks nothing, before eight on the next morning', async () => {
    const here = await world();
    const id = await here.sent();
    here.turn(19 * HOUR);

    expect((await here.statistics(id)).json).toMatchObject({ missing: 'not-yet', articles: [] });
    expect(here.calls()).toBe(0);
  });

  it('tells each article by day, asks WeChat once a day, and takes in corrected figures', async () => {
    const here = await world();
    const id = await here.sent();
    here.turn(21 * HOUR);

    const { json: first } = await here.statistics(id);
    await here.statistics(id);
    expect(here.calls()).toBe(1);
    expect(first).toMatchObject({
      ...{ unmatched: 0, isDelayed: false, asOf: '2026-01-05' },
      articles: [
        { position: 1, title: 'article 1', readUsers: 18, days: [{ day: '2026-01-05' }] },
        { position: 2, title: 'article 2', readUsers: 9 },
      ],
    });

    here.turn(DAY);
    const { json: second } = await here.statistics(id);
    expect(here.calls()).toBe(2);
    const [{ days }] = second.articles;
    // The newest day had been told too low.
    expect(days).toMatchObject([
      { day: '2026-01-05', readUsers: 20 },
      { day: '2026-01-06', readUsers: 27 },
    ]);
  });

  it('does not ask any more once WeChat has stopped counting', async () => {
    const here = await world();
    const id = await here.sent();
    here.turn(40 * DAY);
    await here.statistics(id);
    here.turn(DAY);
    await here.statistics(id);

    expect(here.calls()).toBe(1);
  });

  it('never has another campaign’s figures', async () => {
    const here = await world();
    const one = await here.sent();
    const other = await here.sent({ recipients: 4 });
    here.turn(DAY);

    expect((await here.statistics(one)).json.articles[0].readUsers).toBe(18);
    expect((await here.statistics(other)).json.articles[0].readUsers).toBe(1);
  });

  it('is joined by the address of the article where the id was lost', async () => {
    const here = await world({ articleUrls: 'long' });
    const id = await here.sent();
    const dataId = await loseDataId(here, id);
    const url = `https://mp.weixin.qq.com/s?__biz=sandbox&mid=${dataId}&idx=1&sn=x#rd`;
    const batch = await here.stores.batches.read({ campaignId: id, no: 1 });
    await here.stores.batches.take('default', {
      msgId: batch && 'msgId' in batch ? batch.msgId : '',
      receipt: receipt({ articleUrls: [{ index: 1, url }] }),
      ...{ createdAt: NOON, trusted: true },
    });
    here.turn(DAY);

    const { json } = await here.statistics(id);
    expect(json).toMatchObject({ unmatched: 0 });
    expect(json.articles).toHaveLength(2);
  });

  it('is joined by title only where no other campaign can have it', async () => {
    const alone = await world();
    const id = await alone.sent(withArticles);
    await loseDataId(alone, id);
    alone.turn(DAY);
    expect((await alone.statistics(id)).json).toMatchObject({ unmatched: 0 });

    const beside = await world();
    const lost = await beside.sent(withArticles);
    await loseDataId(beside, lost);
    await beside.sent({ recipients: 4 });
    beside.turn(DAY);
    expect((await beside.statistics(lost)).json).toMatchObject({ unmatched: 1, articles: [] });
  });

  it.each([
    ['61503', true],
    ['delayed', true],
    ['empty', false],
  ] as const)('waits where WeChat is late: %s', async (statisticsTooEarly, isDelayed) => {
    const here = await world({ statisticsTooEarly, statisticsLateByHours: 30 });
    const id = await here.sent();
    here.turn(DAY);
    const early = await here.statistics(id);
    expect({ status: early.status, ...early.json }).toMatchObject({
      ...{ status: 200, missing: 'not-yet', isDelayed },
    });

    here.turn(30 * HOUR);
    expect((await here.statistics(id)).json.articles).toHaveLength(2);
  });

  it('says why there are none', async () => {
    const here = await world();
    const text = { type: 'text', content: 'hello' } as const;
    const { id } = await sentCampaign(here, text);
    expect((await here.statistics(id)).json).toMatchObject({ missing: 'no-articles' });
    const unsent = await here.sent({ send: [] });
    expect((await here.statistics(unsent)).json).toMatchObject({ missing: 'not-sent' });
    expect((await here.statistics('0'.repeat(18))).status).toBe(404);
  });

  it('passes WeChat’s refusal on', async () => {
    const here = await world();
    const id = await here.sent();
    here.turn(DAY);
    here.sandbox.faults.set('errcode', { path: CALL, errcode: 48001 });
    expect((await here.statistics(id)).json).toMatchObject({
      ...{ status: 409, code: 'refused-by-wechat', errcode: 48001 },
    });
  });

  it('comes as a file: a line for each article and day', async () => {
    const here = await world();
    const id = await here.sent();
    here.turn(2 * DAY);
    const { text } = await here.get(`/v1/campaigns/${id}/statistics.csv`);
    const lines = text
      .replace(/^\ufeff/, '')
      .trim()
      .split('\r\n');
    expect(lines[0]).toBe(
      'position,title,day,readUsers,shareUsers,likeUsers,comments,favouriteUsers',
    );
    expect(lines).toHaveLength(1 + 2 * 2);
  });
});
