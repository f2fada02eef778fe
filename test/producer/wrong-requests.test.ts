/** What a caller did wrong is told at once, by status, code and path. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, MINUTE } from '../../src/shared/platform/time.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, startWorld, type World } from './world.ts';

const { redis, url, prefix } = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
});
afterAll(() => world.stop());

const pathsOf = (json: { errors?: { path: string }[] }): string[] =>
  (json.errors ?? []).map(({ path }) => path).sort();

const raw = (path: string, body: string) =>
  world.call('POST', path, { body, headers: { 'content-type': 'application/json' } });

describe('JSON', () => {
  it('with a key twice is refused, and the key is named', async () => {
    const { status, json } = await raw(
      '/v1/campaigns',
      '{"account":"default","audience":{"type":"tag","tagId":2},\n"message":{"type":"text","content":"a"},"audience":{"type":"everyone"}}',
    );

    expect({ status, code: json.code }).toEqual({ status: 400, code: 'json-key-twice' });
    expect(json.detail).toMatch(/"audience" .*line 2, column 41/);
  });

  it('that is none is refused with line and column', async () => {
    const { status, json } = await raw('/v1/previews', '{"account":"default",\n}');

    expect({ status, code: json.code }).toEqual({ status: 400, code: 'json-malformed' });
    expect(json.detail).toMatch(/line 2, column 1/);
    expect(json).toMatchObject({ line: 2, column: 1 });
  });
});

it('a refusal is in the language of Accept-Language: the code and its facts stay', async () => {
  const path = '/v1/campaigns/0123456789abcdefgh';
  const zh = { headers: { 'accept-language': 'zh-CN,zh;q=0.9' } };

  const english = (await world.get(path)).json;
  const chinese = (await world.call('GET', path, zh)).json;

  expect(english).toMatchObject({ code: 'campaign-not-found', title: 'Not found' });
  expect(chinese).toEqual({
    ...english,
    title: '不存在',
    detail: expect.stringContaining('没有这个编号的群发任务'),
  });
});

describe('the mistakes of all checks', () => {
  const gone = `m_${'0'.repeat(32)}`;
  const everythingWrong = {
    account: 'nobody',
    colour: 'red',
    audience: { type: 'list', listId: `a_${'x'.repeat(22)}` },
    message: {
      type: 'news',
      articles: [
        { thumb: { upload: gone }, content: '<img src="https://cdn.example.com/a.jpg">' },
        { thumb: { upload: gone }, title: 't', content: `<img src="upload:${gone}">`, author: 1 },
      ],
    },
    sendAt: '2001-01-01T00:00:00Z',
    webhook: { url: 'https://localhost/hook' },
  };

  it('are in one answer, for a campaign and for its plan', async () => {
    for (const path of ['/v1/campaigns', '/v1/campaigns/plan']) {
      const { status, json } = await world.post(path, everythingWrong);

      expect({ status, code: json.code }).toEqual({ status: 422, code: 'invalid-campaign' });
      expect(pathsOf(json)).toEqual([
        '',
        'account',
        'audience.listId',
        'message.articles.0.content',
        'message.articles.0.thumb.upload',
        'message.articles.0.title',
        'message.articles.1.author',
        'message.articles.1.content',
        'message.articles.1.thumb.upload',
        'sendAt',
        'webhook.url',
      ]);
    }
  });

  it('name nothing twice: what the schema refuses is not looked at further', async () => {
    const { json } = await world.post('/v1/campaigns', {
      account: 7,
      audience: { type: 'everybody' },
      message: { type: 'image', media: { upload: 'x' } },
      exclude: ['x'],
    });

    expect(pathsOf(json)).toEqual([
      'account',
      'audience.type',
      'exclude.0',
      'message.media.upload',
    ]);
  });
});

describe('a cover that is to be fitted', () => {
  it('is refused when the campaign is accepted, if it cannot be decoded', async () => {
    const undecodable = Buffer.concat([
      Buffer.from([0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 30, 0, 40, 1, 1, 0x11, 0]),
      Buffer.from([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]),
      Buffer.alloc(70_000, 0x55),
      Buffer.from([0xff, 0xd9]),
    ]);
    const thumb = { base64: undecodable.toString('base64'), fit: true };
    const message = { type: 'news', articles: [{ thumb, title: 't', content: 'c' }] };

    const { status, json } = await world.post('/v1/campaigns', aCampaign({ message }));

    expect(status).toBe(422);
    expect(json.errors).toEqual([
      {
        code: 'picture-not-decoded',
        path: 'message.articles.0.thumb',
        message: 'thumb: the picture cannot be decoded',
      },
    ]);
  });
});

describe('a time', () => {
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();

  it('in the past is refused beyond what clocks differ by', async () => {
    const past = await world.post('/v1/campaigns', aCampaign({ sendAt: at(-6 * MINUTE) }));
    const justNow = await world.post('/v1/campaigns', aCampaign({ sendAt: at(-4 * MINUTE) }));

    expect(past.status).toBe(422);
    expect(pathsOf(past.json)).toEqual(['sendAt']);
    expect(justNow.status).toBe(202);
  });
});

describe('a time far away', () => {
  it('is refused beyond a year: most likely a typing error', async () => {
    const send = (days: number) => {
      const sendAt = new Date(Date.now() + days * DAY).toISOString();
      return world.post('/v1/campaigns/plan', aCampaign({ sendAt }));
    };

    expect((await send(365)).status).toBe(200);
    expect((await send(367)).json).toMatchObject({
      errors: [{ code: 'over-a-year-away', path: 'sendAt' }],
    });
  });
});

describe('a text without anything to see', () => {
  it.each([
    ['\u200b\u200b', 'text'],
    ['\u3000\u00a0\ufeff', 'text'],
    ['\u2060\u3164', 'text'],
    ['<p>&nbsp;</p>', 'news'],
    ['<section style="color:red"><br/>\u200b</section>', 'news'],
    ['<!-- later -->', 'news'],
  ])('is refused: %j as %s', async (content, type) => {
    const article = { thumb: { mediaId: 'M' }, title: 't', content };
    const message = type === 'text' ? { type, content } : { type, articles: [article] };

    const { status, json } = await world.post('/v1/campaigns', aCampaign({ message }));

    expect(status).toBe(422);
    expect(pathsOf(json)).toEqual([
      type === 'text' ? 'message.content' : 'message.articles.0.content',
    ]);
  });
});

describe('a repeat under the same Idempotency-Key', () => {
  const headers = { 'idempotency-key': 'list-again' };
  const people = [...openIds(30)];
  const upload = async (ids: readonly string[]): Promise<string> => {
    const body = ids.join('\n');
    const { json } = await world.call('POST', '/v1/audiences', {
      body,
      headers: { 'content-type': 'text/plain' },
    });
    return json.id;
  };
  const send = (audience: unknown) =>
    world.call('POST', '/v1/campaigns', {
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(aCampaign({ audience, message: { type: 'text', content: 'again' } })),
    });

  it('is the same request where its list is the same, however it was given', async () => {
    const first = await send({ type: 'list', listId: await upload(people) });

    const again = [
      await send({ type: 'list', listId: await upload(people.toReversed()) }),
      await send({ type: 'openids', openids: people }),
      await send({ type: 'openids', openids: [...people, people[3]].toReversed() }),
    ];

    expect(first.status).toBe(202);
    expect(again.map(({ status, json }) => [status, json.id])).toEqual(
      again.map(() => [202, first.json.id]),
    );
    expect((await send({ type: 'openids', openids: people.slice(1) })).json.code).toBe(
      'idempotency-key-reused',
    );
  });

  it('is the same request after its list was removed', async () => {
    const listId = await upload([...openIds(9)]);
    const campaign = aCampaign({ audience: { type: 'list', listId }, repeat: true });
    const create = () =>
      world.call('POST', '/v1/campaigns', {
        headers: { 'content-type': 'application/json', 'idempotency-key': 'gone-list' },
        body: JSON.stringify(campaign),
      });
    const first = await create();
    for (const key of await redis.keys(`${prefix}*:audience:${listId}`)) await redis.unlink(key);

    expect((await world.get(`/v1/audiences/${listId}`)).status).toBe(404);
    expect((await create()).json.id).toBe(first.json.id);
  });
});

describe('a filter by an account that is not here', () => {
  it('is refused', async () => {
    const { status, json } = await world.get('/v1/campaigns?account=nobody');

    expect({ status, code: json.code }).toEqual({ status: 400, code: 'invalid-query' });
    expect(pathsOf(json)).toEqual(['account']);
  });
});
