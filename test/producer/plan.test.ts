import { describe, expect, it } from 'vitest';
import { makePlansRoutes } from '../../src/producer/api/plans.ts';
import { makePlanCampaign } from '../../src/shared/actions/plan-campaign.ts';
import { aCampaign as anAccepted } from '../support/builders.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { sandboxWorld } from './sandbox-world.ts';
import { aCampaign, mediaFile } from './world.ts';

const redis = testRedis();

const planning = (environment: Record<string, string> = {}) =>
  sandboxWorld(redis, {
    environment,
    routes: ({ stores, config, wechatFor, now }) =>
      makePlansRoutes({
        accounts: () => config.accounts,
        planCampaign: makePlanCampaign({
          stores,
          accounts: () => config.accounts,
          era: config.wechat.era,
          allowPrivateTargets: config.allowPrivateTargets,
          wechatFor,
          now,
        }),
      }),
  });

describe('POST /v1/campaigns/plan', () => {
  it('counts recipients and calls as the campaign itself would have them', async () => {
    const world = await planning();
    const ids = openIds(10_001);

    const plan = await world.post(
      '/v1/campaigns/plan',
      aCampaign({ audience: { type: 'openids', openids: [...ids, ids[0], 'short'] } }),
    );

    expect(plan.status).toBe(200);
    expect(plan.json).toMatchObject({
      account: 'default',
      recipients: 10_001,
      batches: 2,
      calls: { 'message/mass/send': 2 },
      quota: { 'message/mass/send': { perDay: 100, usedToday: 0, left: 100 } },
      fitsNotAfter: true,
    });
  });

  it('names the pictures that would be fetched, counts their uploads, and fetches none', async () => {
    const world = await planning();
    const thumb = { base64: mediaFile('cover.jpg').toString('base64') };
    const content =
      '<img src="https://cdn.example/a.png"><img src="https://cdn.example/b.png"><img src="https://cdn.example/a.png">';
    const articles = [{ thumb, title: 'Happy Day', content }];

    const plan = await world.post(
      '/v1/campaigns/plan',
      aCampaign({ message: { type: 'news', articles, fetchImages: true } }),
    );

    expect(plan.json).toMatchObject({
      fetches: ['https://cdn.example/a.png', 'https://cdn.example/b.png'],
      calls: { 'media/uploadimg': 2 },
    });
  });

  it('counts the batches of campaigns that are accepted and not laid out yet', async () => {
    const world = await planning();
    const counts = { received: 20_001, duplicates: 0, invalid: 0, recipients: 20_001 };
    await world.stores.campaigns.accept({
      campaign: anAccepted({ counts, sendAt: 0 }),
      message: { type: 'text', content: 'hello' },
      requestDigest: 'before',
      contentDigest: 'before',
      repeatMeant: false,
    });

    const plan = await world.post('/v1/campaigns/plan', aCampaign());

    expect(plan.json.advice).toContainEqual({
      code: 'calls-ahead',
      calls: 3,
      message: '3 calls of other campaigns may go before it.',
    });
  });

  it('sends nothing and keeps nothing', async () => {
    const world = await planning();
    const base64 = mediaFile('photo.jpg').toString('base64');
    const keys = async () => (await world.redis.keys(`${world.prefix}:record:*`)).sort();
    const before = await keys();

    const plan = await world.post(
      '/v1/campaigns/plan',
      aCampaign({ message: { type: 'image', media: { base64 } } }),
    );

    expect(plan.json).toMatchObject({ calls: { 'media/upload': 1, 'message/mass/send': 1 } });
    expect(await keys()).toEqual(before);
    expect(world.sandbox.ledger.requests()).toEqual([]);
  });

  it('refuses what the campaign itself would be refused for, all at once', async () => {
    const world = await planning();

    const plan = await world.post('/v1/campaigns/plan', {
      ...aCampaign(),
      audience: { type: 'list', listId: 'a_nothing-there' },
      notAfter: '2020-01-01T00:00:00Z',
      webhook: { url: 'http://127.0.0.1/hook' },
    });

    expect(plan.status).toBe(422);
    expect(plan.json.errors.map(({ path }: { path: string }) => path)).toEqual([
      'notAfter',
      'webhook.url',
      'audience.listId',
    ]);
  });

  it('sends one OpenID to the previews', async () => {
    const world = await planning();

    const plan = await world.post(
      '/v1/campaigns/plan',
      aCampaign({ audience: { type: 'openids', openids: openIds(1) } }),
    );

    expect(plan.status).toBe(422);
    expect(plan.text).toContain('POST /v1/previews');
  });

  it('spends what the ledger says is left, and passes on what WeChat says if asked', async () => {
    const world = await planning();
    for (let call = 0; call < 100; call += 1) {
      await world.stores.quota.count('default', 'message/mass/sendall');
    }

    const plan = await world.post(
      '/v1/campaigns/plan?ask=wechat',
      aCampaign({ audience: { type: 'tag', tagId: 2 } }),
    );

    expect(plan.json.quota['message/mass/sendall']).toMatchObject({ usedToday: 100, left: 0 });
    expect(plan.json.advice).toContainEqual({
      code: 'sends-left',
      account: 'default',
      left: 0,
      message: expect.stringContaining('No mass send of default is left today'),
    });
    expect(plan.json.wechat['message/mass/sendall']).toMatchObject({ left: 100 });
  });

  it.each([
    { audience: { type: 'followers' }, waits: true },
    { audience: { type: 'followers', tagId: 2 }, waits: false },
  ])('says whether $audience would wait for approval', async ({ audience, waits }) => {
    const world = await planning({ WECHAT_APPROVAL: 'everyone' });

    const plan = await world.post('/v1/campaigns/plan', aCampaign({ audience }));

    const codes = plan.json.advice.map(({ code }: { code: string }) => code);
    expect(codes.includes('needs-approval')).toBe(waits);
  });

  it('refuses a question it does not know', async () => {
    const world = await planning();

    expect((await world.post('/v1/campaigns/plan?ask=everyone', aCampaign())).status).toBe(400);
  });
});
