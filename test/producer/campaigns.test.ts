import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { DAY, HOUR } from '../../src/shared/platform/time.ts';
import { makeClock } from '../support/clock.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, aWorld, mediaFile, OTHER_KEY, startWorld, type World } from './world.ts';

const { redis, url, prefix } = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
});
afterAll(() => world.stop());

const foreverAfter = (ms: number): string => new Date(Date.now() + ms).toISOString();

describe('POST /v1/campaigns', () => {
  it('accepts a campaign and says who will get it and where to look', async () => {
    const [first, ...more] = openIds(25);
    const openids = [first, first, 'too short', ...more];

    const { status, headers, json } = await world.post(
      '/v1/campaigns',
      aCampaign({ audience: { type: 'openids', openids } }),
    );

    expect(status).toBe(202);
    expect(json).toMatchObject({
      id: expect.stringMatching(/^[0-9a-z]{18}$/),
      state: 'scheduled',
      account: 'default',
      audience: { type: 'list', received: 27, duplicates: 1, invalid: 1, recipients: 25 },
      links: { self: `/v1/campaigns/${json.id}` },
    });
    expect(headers.get('location')).toBe(json.links.self);
    expect((await world.get(json.links.self)).json).toMatchObject({
      id: json.id,
      recipients: 25,
      batches: { total: 0 },
      receipt: { total: null, eligible: null, sent: null, failed: null },
    });
  });

  it('hands the campaign to the workers by id alone', async () => {
    const { json } = await world.post('/v1/campaigns', aCampaign());

    const job = await redis.hgetall(`${prefix}:campaigns:c-${json.id}`);

    expect(job).toMatchObject({
      name: 'run-campaign',
      data: JSON.stringify({ campaignId: json.id }),
    });
  });

  it('tells every mistake at once, each with its place', async () => {
    const { status, headers, json } = await world.post('/v1/campaigns', {
      audience: { type: 'group', groupId: 2 },
      message: { type: 'news', articles: [{ title: '', content: 'x' }] },
      sendAt: '2026-12-01T09:00:00',
      colour: 'red',
    });

    expect(status).toBe(422);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(json).toMatchObject({ title: 'Not valid', status: 422, code: 'invalid-campaign' });
    expect(json.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      '',
      'audience.groupId',
      'message.articles.0.thumb',
      'message.articles.0.title',
      'sendAt',
    ]);
  });

  it.each([
    ['music', { type: 'music', media: {} }, 'message-type-unknown', /1 mistake/],
    [
      'a foreign picture',
      {
        type: 'news',
        articles: [
          {
            thumb: { mediaId: 'M' },
            title: 't',
            content: '<p><img src="https://example.com/a.jpg"></p>',
          },
        ],
      },
      'foreign-picture',
      /1 mistake/,
    ],
    ['nothing to say', { type: 'text', content: '  ' }, 'invalid-campaign', /1 mistake/],
    [
      'an unknown upload',
      { type: 'image', media: { upload: `m_${'0'.repeat(32)}` } },
      'invalid-campaign',
      /1 mistake/,
    ],
  ])('refuses %s', async (_what, message, code, detail) => {
    const { status, json } = await world.post('/v1/campaigns', aCampaign({ message }));

    expect({ status, code: json.code }).toEqual({ status: 422, code });
    expect(json.detail).toMatch(detail);
  });

  describe('pictures in an article', () => {
    const withContent = (content: string) =>
      aCampaign({
        message: { type: 'news', articles: [{ thumb: { mediaId: 'M' }, title: 't', content }] },
        repeat: true,
      });
    const foreign = 'https://cdn.example.com/a.jpg';

    it.each([
      [`<img data-src="https://mmbiz.qpic.cn/a/0" src="${foreign}">`, 'foreign-picture'],
      [`<p style="background:url(${foreign})">a</p>`, 'foreign-picture'],
      [`<svg><image href="${foreign}"/></svg>`, 'foreign-picture'],
      ['<img alt="3 > 2" src="upload:pic.png">', 'upload-unknown'],
      ['<a href="upload:m_0123456789">a</a>', 'upload-misplaced'],
    ])('are refused where followers would miss them: %s', async (content, code) => {
      const { status, json } = await world.post('/v1/campaigns', withContent(content));

      expect(status).toBe(422);
      expect(json.errors).toEqual([
        { path: 'message.articles.0.content', message: expect.any(String), code },
      ]);
    });

    it.each([
      '<img data-src="https://mmbiz.qpic.cn/a/0">',
      `<!-- <img src="${foreign}"> --><p>a</p>`,
      `<img alt='<img src="${foreign}">' src=" https://mmbiz.qpic.cn/a/0 ">`,
    ])('pass where WeChat shows them, or shows nothing: %s', async (content) => {
      const { status } = await world.post('/v1/campaigns', withContent(content));
      expect(status).toBe(202);
    });

    it('are told ten times, however many are foreign', async () => {
      const content = Array.from({ length: 5_000 }, (_, n) => `<img src="${n}.jpg">`).join('');
      const { json } = await world.post('/v1/campaigns', withContent(content));
      expect(json.errors).toHaveLength(11);
    });
  });

  it.each([
    ['today', 8, 202],
    ['today', 9, 422],
    ['2014', 10, 202],
    ['2014', 11, 422],
  ])('knows how many articles WeChat takes: %s, %i', async (WECHAT_PROTOCOL, count, status) => {
    const world = await startWorld({ url, prefix }, { WECHAT_PROTOCOL });
    onTestFinished(() => world.stop());
    const article = { thumb: { mediaId: 'M' }, title: `${count}`, content: 'c' };
    const message = { type: 'news', articles: Array(count).fill(article) };

    expect((await world.post('/v1/campaigns', aCampaign({ message }))).status).toBe(status);
  });

  it('takes titles and contents that WeChat has taken for drafts', async () => {
    const drafts = await startWorld({ url, prefix }, { WECHAT_NEWS_ROUTE: 'draft' });
    onTestFinished(() => drafts.stop());
    const title = '好'.repeat(39);
    const article = { thumb: { mediaId: 'M' }, title, content: '好'.repeat(24_061) };
    const message = { type: 'news', articles: [article] };

    expect((await drafts.post('/v1/campaigns', aCampaign({ message }))).status).toBe(202);
  });

  it('refuses one OpenID with the advice to preview, and keeps nothing', async () => {
    const { status, json } = await world.post(
      '/v1/campaigns',
      aCampaign({ audience: { type: 'openids', openids: openIds(1) } }),
    );

    expect(status).toBe(422);
    expect(json.errors).toEqual([
      {
        code: 'too-few-openids',
        path: 'audience.openids',
        message: expect.stringMatching(/40130.*\/v1\/previews/),
      },
    ]);
    expect(JSON.stringify(json)).not.toContain(openIds(1)[0]);
  });

  it('keeps no file of a request that is refused', async () => {
    const base64 = mediaFile('picture.png').toString('base64');
    const files = async () => (await redis.keys(`${prefix}:record:media*`)).sort();
    const before = await files();

    const { status, json } = await world.post(
      '/v1/campaigns',
      aCampaign({
        message: { type: 'image', media: { base64 } },
        audience: { type: 'openids', openids: openIds(1) },
      }),
    );

    expect({ status, paths: json.errors.map(({ path }: { path: string }) => path) }).toEqual({
      status: 422,
      paths: ['audience.openids'],
    });
    expect(await files()).toEqual(before);
  });

  it.each([
    ['an unknown account', { account: 'nobody' }, 'account'],
    ['a time that has passed', { notAfter: foreverAfter(-1_000) }, 'notAfter'],
    [
      'an end before the beginning',
      { sendAt: foreverAfter(7_200_000), notAfter: foreverAfter(3_600_000) },
      'notAfter',
    ],
    [
      'an unknown list',
      { audience: { type: 'list', listId: 'a_0123456789abcdef' } },
      'audience.listId',
    ],
    ['a tag that is no number', { audience: { type: 'tag', tagId: '2' } }, 'audience.tagId'],
    ['a webhook to a file', { webhook: { url: 'file:///etc/passwd' } }, 'webhook.url'],
    [
      'exclusions from everyone',
      { audience: { type: 'everyone' }, exclude: ['a_0123456789abcdef'] },
      'exclude',
    ],
  ])('refuses %s', async (_what, changes, path) => {
    const { status, json } = await world.post('/v1/campaigns', aCampaign(changes));

    expect(status).toBe(422);
    expect(json.errors.map((mistake: { path: string }) => mistake.path)).toContain(path);
  });

  it('refuses more OpenIDs than fit, and names where they go instead', async () => {
    const openids = openIds(100_001);

    const { status, json } = await world.post(
      '/v1/campaigns',
      aCampaign({ audience: { type: 'openids', openids } }),
    );

    expect({ status, code: json.code }).toEqual({ status: 413, code: 'too-many-openids' });
    expect(json.detail).toContain('/v1/audiences');
  });

  it.each([
    ['no JSON', 'application/json', '{"account":', 400, 'json-malformed'],
    ['no UTF-8', 'application/json', Buffer.from([0x22, 0xd6, 0xd0, 0x22]), 400, 'body-not-utf8'],
    ['another charset', 'application/json; charset=gbk', '{}', 415, 'charset-unsupported'],
    [
      'a form',
      'application/x-www-form-urlencoded',
      'account=default',
      415,
      'content-type-unsupported',
    ],
    [
      '17 MB',
      'application/json',
      JSON.stringify('x'.repeat(17 * 1024 * 1024)),
      413,
      'body-too-large',
    ],
  ])('refuses a body that is %s', async (_what, type, body, status, code) => {
    const answer = await world.call('POST', '/v1/campaigns', {
      headers: { 'content-type': type },
      body,
    });

    expect({ status: answer.status, code: answer.json.code }).toEqual({ status, code });
  });

  it('knows an uploaded file and one that comes inside the request', async () => {
    const upload = await world.call('POST', '/v1/media', { body: mediaFile('photo.jpg') });
    const byId = await world.post(
      '/v1/campaigns',
      aCampaign({ message: { type: 'image', media: { upload: upload.json.id } } }),
    );
    const base64 = mediaFile('photo.jpg').toString('base64');
    const inside = await world.post(
      '/v1/campaigns',
      aCampaign({ message: { type: 'image', media: { base64 } } }),
    );

    expect([byId.status, inside.json]).toMatchObject([202, { code: 'same-content' }]);
  });

  it('keeps its files until it can be sent no more', async () => {
    const { json } = await world.call('POST', '/v1/media', { body: mediaFile('cover.jpg') });

    await world.post(
      '/v1/campaigns',
      aCampaign({
        message: { type: 'image', media: { upload: json.id } },
        sendAt: foreverAfter(200 * DAY),
      }),
    );

    for (const key of await redis.keys(`${prefix}:record:media:${json.id}*`)) {
      expect(await redis.pttl(key)).toBeGreaterThan(200 * DAY);
    }
    expect(await redis.keys(`${prefix}:record:media:${json.id}*`)).toHaveLength(1);
  });
});

describe('a suppression list of a campaign to followers', () => {
  it('is kept until the followers are read', async () => {
    const list = await world.call('POST', '/v1/audiences?format=text', {
      body: openIds(3).join('\n'),
    });

    await world.post(
      '/v1/campaigns',
      aCampaign({
        audience: { type: 'followers' },
        exclude: [list.json.id],
        sendAt: foreverAfter(200 * DAY),
      }),
    );

    const key = `${prefix}:record:audience:${list.json.id}`;
    expect(await redis.pttl(key)).toBeGreaterThan(200 * DAY);
  });
});

describe('the same request again', () => {
  it('is the same campaign under the same Idempotency-Key', async () => {
    const body = aCampaign();
    const key = { 'idempotency-key': 'order 4711' };

    const first = await world.post('/v1/campaigns', body, key);
    const again = await world.post('/v1/campaigns', body, key);

    expect(again.status).toBe(202);
    expect(again.json).toEqual({ ...first.json, audience: expect.anything() });
    expect(again.json.audience).toEqual(first.json.audience);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });

  it('is another campaign for another caller, or as a job, under the same Idempotency-Key', async () => {
    const body = aCampaign();
    const key = { 'idempotency-key': 'job:order-4714' };
    const first = await world.post('/v1/campaigns', body, key);

    const other = await world.call('POST', '/v1/campaigns', {
      key: OTHER_KEY,
      headers: { 'content-type': 'application/json', ...key },
      body: JSON.stringify({ ...body, name: 'of another caller' }),
    });

    expect(other.status).toBe(202);
    expect(other.json.id).not.toBe(first.json.id);
  });

  it('is still the same campaign when its time has passed and its file is gone', async () => {
    const clock = makeClock();
    const own = await aWorld({ url, prefix: `${prefix}-late` }, {}, clock.now);
    const upload = await own.call('POST', '/v1/media', { body: mediaFile('photo.jpg') });
    const message = { type: 'image', media: { upload: upload.json.id } };
    const body = aCampaign({ message, notAfter: foreverAfter(HOUR) });
    const key = { 'idempotency-key': 'order 4713' };
    const first = await own.post('/v1/campaigns', body, key);
    clock.turn(2 * HOUR);

    const again = await own.post('/v1/campaigns', body, key);
    const other = await own.post('/v1/campaigns', { ...body, name: 'another' }, key);

    expect([again.status, again.json.id]).toEqual([202, first.json.id]);
    expect(other.json).toMatchObject({ code: 'invalid-campaign' });
  });

  it('is refused when the body is another under the same Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'order 4712' };
    const first = await world.post('/v1/campaigns', aCampaign(), key);

    const { status, json } = await world.post('/v1/campaigns', aCampaign(), key);

    expect(status).toBe(409);
    expect(json).toMatchObject({ code: 'idempotency-key-reused', campaignId: first.json.id });
  });

  it('makes one campaign of twenty at once', async () => {
    const body = aCampaign();

    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        world.post('/v1/campaigns', body, { 'idempotency-key': 'twenty' }),
      ),
    );

    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
  });

  it('is refused as the same content without a key, unless a repeat is meant', async () => {
    const body = aCampaign();
    const first = await world.post('/v1/campaigns', body);

    const same = await world.post('/v1/campaigns', body);
    const meant = await world.post('/v1/campaigns', { ...body, repeat: true });
    const keyed = await world.post('/v1/campaigns', body, { 'idempotency-key': 'of its own' });

    expect(same.status).toBe(409);
    expect(same.json).toMatchObject({ code: 'same-content', campaignId: first.json.id });
    expect([meant.status, keyed.status]).toEqual([202, 202]);
  });

  it('is the same content for the same OpenIDs in another order, inline or in a list', async () => {
    const ids = openIds(3);
    const message = { type: 'text', content: 'in any order' };
    const enqueue = (audience: object) =>
      world.post('/v1/campaigns', aCampaign({ audience, message }));
    const inline = (openids: string[]) => enqueue({ type: 'openids', openids });
    const listed = async (openids: string[]) => {
      const { json } = await world.call('POST', '/v1/audiences', {
        headers: { 'content-type': 'text/plain' },
        body: openids.join('\n'),
      });
      return enqueue({ type: 'list', listId: json.id });
    };

    const first = await inline(ids);
    const again = [
      await inline([...ids].reverse().concat(ids)),
      await listed([...ids].reverse()),
      await listed(ids),
    ];
    const others = [await inline(ids.slice(1)), await listed([...openIds(4)].reverse())];

    expect(first.status).toBe(202);
    for (const { status, json } of again) {
      expect([status, json]).toMatchObject([
        409,
        { code: 'same-content', campaignId: first.json.id },
      ]);
    }
    expect(others.map(({ status }) => status)).toEqual([202, 202]);
  });

  it.each(['', 'x'.repeat(256), 'schlüssel'])('refuses the Idempotency-Key %j', async (key) => {
    const { status, json } = await world.post('/v1/campaigns', aCampaign(), {
      'idempotency-key': Buffer.from(key).toString('latin1'),
    });

    expect({ status, code: json.code }).toEqual({ status: 400, code: 'idempotency-key-invalid' });
  });
});

describe('what can be seen of campaigns', () => {
  it('is a list by pages, newest first, each campaign once', async () => {
    const own = await aWorld({ url, prefix: `${prefix}-list` });
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      ids.push((await own.post('/v1/campaigns', aCampaign())).json.id);
    }

    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const cursor: string = next && `&cursor=${next}`;
      const { json } = await own.get(`/v1/campaigns?limit=2${cursor}`);
      seen.push(...json.campaigns.map(({ id }: { id: string }) => id));
      next = json.next;
    }

    expect(seen).toEqual(ids.reverse());
  });

  it('is filtered by account and state', async () => {
    const { id: scheduled } = (await world.post('/v1/campaigns', aCampaign())).json;
    const { id: paused } = (await world.post('/v1/campaigns', aCampaign())).json;
    await world.post(`/v1/campaigns/${paused}/pause`);

    const of = async (query: string): Promise<string[]> => {
      const { json } = await world.get(`/v1/campaigns?limit=100&${query}`);
      return json.campaigns.map(({ id }: { id: string }) => id);
    };

    expect(await of('state=held')).toEqual([]);
    expect(await of('state=paused')).toEqual([paused]);
    expect(await of('state=scheduled&account=default')).toContain(scheduled);
    expect(await of('state=scheduled&account=default')).not.toContain(paused);
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=ten',
    'state=sent',
    'cursor=%2A',
    'acount=default',
    'limit=1&limit=2',
  ])('refuses ?%s', async (query) => {
    const { status, json } = await world.get(`/v1/campaigns?${query}`);

    expect({ status, code: json.code }).toEqual({ status: 400, code: 'invalid-query' });
  });

  it('tells who did what, page by page', async () => {
    const { id } = (await world.post('/v1/campaigns', aCampaign())).json;
    for (const step of ['pause', 'resume']) await world.post(`/v1/campaigns/${id}/${step}`);

    const first = (await world.get(`/v1/campaigns/${id}/audit?limit=2`)).json;
    const last = (await world.get(`/v1/campaigns/${id}/audit?limit=2&from=${first.next}`)).json;

    const actions = [...first.audit, ...last.audit].map(({ action }) => action);
    expect(actions).toEqual(['accepted', 'pause', 'resume']);
    expect(last.next).toBeNull();
  });

  it.each(['', '/batches', '/audit', '/events', '/results.csv'])(
    'is 404 for an id that nothing has, at …%s',
    async (place) => {
      const unknown = await world.get(`/v1/campaigns/${'0'.repeat(18)}${place}`);
      const malformed = await world.get(`/v1/campaigns/x${place}`);

      expect(unknown.json).toMatchObject({ status: 404, code: 'campaign-not-found' });
      expect(malformed.json).toMatchObject({ status: 404, code: 'campaign-not-found' });
    },
  );

  it('says who did what', async () => {
    const { json } = await world.post('/v1/campaigns', aCampaign());
    await world.post(`/v1/campaigns/${json.id}/pause`);
    await world.call('POST', `/v1/campaigns/${json.id}/resume`, { key: OTHER_KEY });

    const { audit } = (await world.get(`/v1/campaigns/${json.id}/audit`)).json;

    expect(audit.map(({ by, action }: { by: string; action: string }) => [by, action])).toEqual([
      ['crm', 'accepted'],
      ['crm', 'pause'],
      ['shop', 'resume'],
    ]);
  });
});
