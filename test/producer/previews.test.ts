import { describe, expect, it } from 'vitest';
import { makePreviewRoutes } from '../../src/producer/api/previews.ts';
import { makePreviewMessage } from '../../src/shared/actions/preview-message.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { sandboxWorld } from './sandbox-world.ts';
import { mediaFile } from './world.ts';

const redis = testRedis();
const [ANN = '', BEN = ''] = openIds(2);
const STRANGER = 'oNobodyWhoFollowsThisAccount';

const previewing = (environment: Record<string, string> = {}) =>
  sandboxWorld(redis, {
    environment,
    sandbox: { switches: { strangers: 'refuse' } },
    routes: ({ stores, config, wechatFor, now }) =>
      makePreviewRoutes({
        accounts: () => config.accounts,
        previewMessage: makePreviewMessage({
          stores,
          accounts: () => config.accounts,
          era: config.wechat.era,
          wechatFor,
          fetchPicture: async () => ({ bytes: mediaFile('picture.png') }),
          now,
        }),
      }),
  });

const base64 = (name: string): { base64: string } => ({
  base64: mediaFile(name).toString('base64'),
});
const text = { type: 'text', content: 'a look' };
const news = {
  type: 'news',
  articles: [{ thumb: base64('cover.jpg'), title: 'Happy Day', content: '<p>hello</p>' }],
};

describe('POST /v1/previews', () => {
  it('shows a message to people by OpenID or WeChat ID, and says what is left today', async () => {
    const world = await previewing();

    const report = await world.post('/v1/previews', {
      message: text,
      to: [{ openid: ANN }, { wechatId: 'wxid_ann' }],
    });

    expect(report.status).toBe(200);
    expect(report.json).toEqual({
      account: 'default',
      sent: 2,
      results: [
        { to: { openid: ANN }, outcome: 'sent' },
        { to: { wechatId: 'wxid_ann' }, outcome: 'sent' },
      ],
      quota: { perDay: 100, usedToday: 2, left: 98 },
    });
    expect(world.sandbox.ledger.previews().map(({ to }) => to)).toEqual([ANN, 'wxid_ann']);
  });

  it('says in words why one of them got nothing, and goes on with the others', async () => {
    const world = await previewing();

    const report = await world.post('/v1/previews', {
      message: text,
      to: [{ openid: STRANGER }, { openid: BEN }],
    });

    expect(report.json.results).toEqual([
      {
        to: { openid: STRANGER },
        outcome: 'refused',
        errcode: 40003,
        meaning: 'an OpenID is not a follower of this account',
      },
      { to: { openid: BEN }, outcome: 'sent' },
    ]);
  });

  it.each([
    ['image', { type: 'image', media: base64('photo.jpg') }],
    ['voice', { type: 'voice', media: base64('voice.mp3') }],
    ['mpvideo', { type: 'video', media: base64('clip.mp4'), title: 'Clip' }],
    ['mpnews', news],
  ])('brings what a message of %s needs to WeChat, once', async (msgtype, message) => {
    const world = await previewing();
    const body = { message, to: [{ openid: ANN }] };

    expect((await world.post('/v1/previews', body)).json).toMatchObject({ sent: 1 });
    const uploads = world.sandbox.ledger.requests().length;
    expect((await world.post('/v1/previews', body)).json).toMatchObject({ sent: 1 });

    expect(world.sandbox.ledger.previews().map((shown) => shown.msgtype)).toEqual([
      msgtype,
      msgtype,
    ]);
    expect(world.sandbox.ledger.requests().length).toBe(uploads + 1);
  });

  it('fetches pictures of articles where that is asked for', async () => {
    const world = await previewing();
    const content = '<p><img src="https://cdn.example/a.png"></p>';
    const [article] = news.articles;
    const message = { ...news, articles: [{ ...article, content }], fetchImages: true };

    const report = await world.post('/v1/previews', { message, to: [{ openid: ANN }] });

    expect(report.json).toMatchObject({ sent: 1 });
    expect(world.sandbox.ledger.requests('media/uploadimg')).toHaveLength(1);
  });

  it('shows a picture post by a draft that does not stay', async () => {
    const world = await previewing({ WECHAT_PICTURE_POSTS: 'true' });
    const images = [base64('photo.jpg')];
    const message = { type: 'newspic', title: 'Spring', content: 'From Friday.', images };

    const report = await world.post('/v1/previews', { message, to: [{ openid: ANN }] });

    expect(report.json).toMatchObject({ sent: 1 });
    const drafts = world.sandbox.ledger.requests().filter(({ path }) => path.startsWith('draft/'));
    expect(drafts.map(({ path }) => path.split('/').at(-1))).toEqual(['add', 'delete']);
  });

  it('keeps the last uploadnews of the day for a send, unless told otherwise', async () => {
    const world = await previewing();
    for (let call = 0; call < 9; call += 1) {
      await world.stores.quota.count('default', 'media/uploadnews');
    }
    const body = { message: news, to: [{ openid: ANN }] };

    const kept = await world.post('/v1/previews', body);
    expect(kept.json).toMatchObject({ status: 409, code: 'last-uploadnews-kept' });
    const spent = await world.post('/v1/previews', { ...body, spendLast: true });
    expect(spent.json).toMatchObject({ sent: 1 });
  });

  it('previews articles that WeChat has already without another upload', async () => {
    const world = await previewing();
    const body = { message: news, to: [{ openid: ANN }] };
    await world.post('/v1/previews', body);
    for (let call = 0; call < 9; call += 1) {
      await world.stores.quota.count('default', 'media/uploadnews');
    }

    expect((await world.post('/v1/previews', body)).json).toMatchObject({ sent: 1 });
  });

  it('leaves no draft behind where drafts are the route', async () => {
    const world = await previewing({ WECHAT_NEWS_ROUTE: 'draft' });

    const report = await world.post('/v1/previews', { message: news, to: [{ openid: ANN }] });

    expect(report.json).toMatchObject({ sent: 1 });
    const paths = world.sandbox.ledger.requests().map(({ path }) => path);
    expect(paths.filter((path) => path.includes('draft/'))).toEqual(['draft/add', 'draft/delete']);
  });

  it('go on past the quota of a fresh account: WeChat’s 45009 decides', async () => {
    const world = await previewing();
    for (let call = 0; call < 99; call += 1) {
      await world.stores.quota.count('default', 'message/mass/preview');
    }

    const report = await world.post('/v1/previews', {
      message: text,
      to: [{ openid: ANN }, { openid: BEN }],
    });

    expect(report.json).toMatchObject({ sent: 2, quota: { left: 0 } });
  });

  it('asks no more of WeChat once an answer concerns every preview alike', async () => {
    const world = await previewing();
    world.sandbox.faults.set('errcode', { path: 'message/mass/preview', errcode: 48001 });

    const report = await world.post('/v1/previews', {
      message: text,
      to: [{ openid: ANN }, { openid: BEN }],
    });

    expect(report.json.results.map((one: { outcome: string }) => one.outcome)).toEqual([
      'refused',
      'not-tried',
    ]);
  });

  it.each([
    ['nobody', { to: [] }, 'to'],
    ['eleven people', { to: openIds(11).map((openid) => ({ openid })) }, 'to'],
    ['something that is no OpenID', { to: [{ openid: 'x' }] }, 'to.0'],
    ['an account that is not there', { account: 'other', to: [{ openid: ANN }] }, 'account'],
    ['another field', { to: [{ openid: ANN }], wait: true }, ''],
  ])('refuses %s', async (_, changes, path) => {
    const world = await previewing();

    const report = await world.post('/v1/previews', { message: text, ...changes });

    expect(report.status).toBe(422);
    expect(report.json.errors[0].path).toContain(path);
  });

  it('writes no OpenID into its log', async () => {
    const world = await previewing();

    await world.post('/v1/previews', {
      message: text,
      to: [{ openid: ANN }, { openid: STRANGER }],
    });

    expect(world.logged.text()).not.toContain(ANN);
    expect(world.logged.text()).not.toContain(STRANGER);
  });
});
