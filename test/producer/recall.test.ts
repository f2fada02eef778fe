import { describe, expect, it } from 'vitest';
import { makeDecisionsRoutes } from '../../src/producer/api/decisions.ts';
import { makeRecallCampaign } from '../../src/shared/actions/recall-campaign.ts';
import { makeSteerCampaign } from '../../src/shared/actions/steer-campaign.ts';
import { NEW_ITEM } from '../../src/shared/campaign/material.ts';
import { makeKeys } from '../../src/shared/record/keys.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { type SandboxWorld, sandboxWorld } from './sandbox-world.ts';
import { newsAtWechat, sentCampaign } from './sent-campaign.ts';

const redis = testRedis();

const recalling = () =>
  sandboxWorld(redis, {
    // All batches of one article are gone with the first; what WeChat then says is not known.
    sandbox: { pace: { pushDelayMs: 0 }, switches: { deletedAgain: 'ok' } },
    account: { followers: openIds(20_001) },
    routes: ({ stores, queues, config, wechatFor, now }) =>
      makeDecisionsRoutes({
        steer: makeSteerCampaign({
          ...{ stores, queues, wechatFor, now },
          enqueueRoot: async () => undefined,
        }),
        recallCampaign: makeRecallCampaign({
          stores,
          accounts: () => config.accounts,
          wechatFor,
          now,
        }),
      }),
  });

const news = async (world: SandboxWorld, articles = 1) => ({
  type: 'news' as const,
  mediaId: await newsAtWechat(world, articles),
  ignoreReprint: false,
});

const deletes = (world: SandboxWorld): string[] =>
  world.sandbox.ledger.requests('message/mass/delete').map(({ body = '' }) => body);

describe('POST /v1/campaigns/:id/recall', () => {
  it('takes down every batch that WeChat took, says what stays, and writes it down', async () => {
    const world = await recalling();
    const { id, msgIds } = await sentCampaign(world, await news(world), { recipients: 10_002 });

    const report = await world.post(`/v1/campaigns/${id}/recall`);

    expect(report.json).toMatchObject({
      id,
      recalled: 2,
      results: [
        { no: 1, msgId: msgIds[1], outcome: 'recalled' },
        { no: 2, msgId: msgIds[2], outcome: 'recalled' },
      ],
      quota: { perDay: 10, usedToday: 2, left: 8 },
    });
    expect(report.json.notes).toContainEqual({
      code: 'cards-stay',
      message: expect.stringContaining('The cards stay in the chats'),
    });
    const audit = await world.stores.campaigns.audit(id);
    expect(audit.slice(-2)).toMatchObject([
      { by: 'crm', action: 'recall', batch: 1, outcome: 'recalled', msgId: msgIds[1] },
      { by: 'crm', action: 'recall', batch: 2, outcome: 'recalled', msgId: msgIds[2] },
    ]);
  });

  it('spends one call on articles that uploadnews made once for all batches', async () => {
    const world = await recalling();
    const { id } = await sentCampaign(world, await news(world), { recipients: 20_001 });
    const key = makeKeys(`${world.prefix}:record`).campaign(id);
    const control = JSON.parse((await world.redis.hget(key, 'control')) ?? '{}');
    const articles = [{ thumb: { mediaId: 'T' }, title: 'article 1', content: '<p>hello</p>' }];
    await world.redis.hset(key, {
      control: JSON.stringify({ ...control, newsBy: 'uploadnews' }),
      message: JSON.stringify({ type: 'news', articles, ignoreReprint: false }),
      'at:news': JSON.stringify(NEW_ITEM),
    });

    const report = await world.post(`/v1/campaigns/${id}/recall`);

    expect(report.json).toMatchObject({ recalled: 3, quota: { usedToday: 1 } });
    expect(deletes(world)).toHaveLength(1);
    const again = await world.post(`/v1/campaigns/${id}/recall`);
    expect(again.json).toMatchObject({
      recalled: 0,
      results: Array(3).fill({ outcome: 'already' }),
    });
  });

  it('spends no second call on what is gone already', async () => {
    const world = await recalling();
    const { id } = await sentCampaign(world, await news(world));
    await world.post(`/v1/campaigns/${id}/recall`, {});

    const again = await world.post(`/v1/campaigns/${id}/recall`, { articleIndex: 1 });

    expect(again.json).toMatchObject({ recalled: 0, results: [{ outcome: 'already' }] });
    expect(deletes(world)).toHaveLength(1);
  });

  it('takes down one article of several', async () => {
    const world = await recalling();
    const { id, msgIds } = await sentCampaign(world, await news(world, 2));

    const report = await world.post(`/v1/campaigns/${id}/recall`, { articleIndex: 2 });

    expect(report.json).toMatchObject({ recalled: 1 });
    expect(JSON.parse(deletes(world)[0] ?? '')).toEqual({
      msg_id: Number(msgIds[1]),
      article_idx: 2,
    });
  });

  it('takes down the batches that are named, and no others', async () => {
    const world = await recalling();
    const { id } = await sentCampaign(world, await news(world), { recipients: 20_001 });

    const report = await world.post(`/v1/campaigns/${id}/recall`, { batches: [2] });

    expect(report.json.results).toMatchObject([{ no: 2, outcome: 'recalled' }]);
    expect(deletes(world)).toHaveLength(1);
  });

  it('says that what is not out yet can still go', async () => {
    const world = await recalling();
    const { id } = await sentCampaign(world, await news(world), { recipients: 10_002, send: [1] });

    const report = await world.post(`/v1/campaigns/${id}/recall`);

    expect(report.json.notes).toContainEqual({
      code: 'not-taken-yet',
      batches: 1,
      message: expect.stringContaining('cancel the campaign'),
    });
  });

  it('goes on past the quota of a fresh account, until WeChat answers 45009', async () => {
    const world = await recalling();
    const { id } = await sentCampaign(world, await news(world), { recipients: 10_002 });
    for (let call = 0; call < 10; call += 1) {
      await world.stores.quota.count('default', 'message/mass/delete');
    }
    world.sandbox.faults.set('errcode', { path: 'message/mass/delete', errcode: 45009, nth: 2 });
    const outcomes = async () => {
      const report = await world.post(`/v1/campaigns/${id}/recall`);
      return report.json.results.map((one: { outcome: string }) => one.outcome);
    };

    expect(await outcomes()).toEqual(['recalled', 'refused']);
    expect(await outcomes()).toEqual(['already', 'recalled']);
  });

  it('passes on WeChat’s no in words', async () => {
    const world = await recalling();
    const { id } = await sentCampaign(world, await news(world));
    world.sandbox.faults.set('errcode', { path: 'message/mass/delete', errcode: 40204 });

    const report = await world.post(`/v1/campaigns/${id}/recall`);

    expect(report.json).toMatchObject({
      recalled: 0,
      results: [{ outcome: 'refused', errcode: 40204, meaning: 'this article cannot be recalled' }],
    });
  });

  it('refuses what WeChat cannot take back before it costs a call', async () => {
    const world = await recalling();
    const { id } = await sentCampaign(world, { type: 'text', content: 'hello' });

    const report = await world.post(`/v1/campaigns/${id}/recall`);

    expect(report.json).toMatchObject({ status: 409, code: 'recall-impossible' });
    expect(deletes(world)).toEqual([]);
  });

  it('does not take a body it cannot read for a recall of everything', async () => {
    const world = await recalling();
    const { id } = await sentCampaign(world, await news(world));

    const report = await world.call('POST', `/v1/campaigns/${id}/recall`, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '{"batches":[7]}',
    });

    expect(report.status).toBe(415);
    expect(deletes(world)).toEqual([]);
  });

  it.each([
    ['an article number below 1', { articleIndex: 0 }, 422],
    ['an article that the message has not', { articleIndex: 11 }, 422],
    ['an unknown field', { everything: true }, 422],
    ['batches that are not there', { batches: [99] }, 409],
  ])('refuses %s', async (_, body, status) => {
    const world = await recalling();
    const { id } = await sentCampaign(world, await news(world));

    expect((await world.post(`/v1/campaigns/${id}/recall`, body)).status).toBe(status);
    expect((await world.post('/v1/campaigns/000000000000000000/recall', {})).status).toBe(404);
  });
});
