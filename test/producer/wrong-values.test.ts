/** Wrong requests by the hundred: each is refused with its status, its code and its place. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { aCampaign, startWorld, type World } from './world.ts';

const { url, prefix } = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
});
afterAll(() => world.stop());

interface Row {
  readonly path: string;
  readonly send: () => Promise<{ status: number; json: unknown }>;
  readonly status: number;
  readonly code: string;
  readonly what: string;
}

const rows: Row[] = [];
const LONG = 'x'.repeat(3_000);
const NOT_TEXT = [1, true, [], {}, null, ['a']];
const NOT_A_FLAG = ['true', 1, 0, null, [], {}];
const NOT_A_NUMBER = ['2', 2.5, -1, null, true, [], {}];

type Fields = Record<string, unknown>;

/** The body with another value at a path, whose last step may be new. */
function having(body: unknown, path: string, value: unknown): unknown {
  const copy: unknown = structuredClone(body);
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  const holder = steps.reduce<unknown>((at, step) => (at as Fields)[step], copy);
  (holder as Fields)[last] = value;
  return copy;
}

function campaigns(body: unknown, wrong: Readonly<Record<string, readonly unknown[]>>): void {
  for (const [path, values] of Object.entries(wrong)) {
    for (const value of values) {
      rows.push({
        path,
        status: 422,
        code: 'invalid-campaign',
        what: `${path} = ${JSON.stringify(value)?.slice(0, 40)}`,
        send: () => world.post('/v1/campaigns', having(body, path, value)),
      });
    }
  }
}

const GONE = `m_${'0'.repeat(32)}`;
const NO_MEDIA = [{}, null, 'm_x', [], 7, { upload: 'x' }, { upload: GONE }, { mediaId: '' }];
const MORE_NO_MEDIA = [{ base64: '' }, { base64: '!' }, { mediaId: 'M', colour: 1 }];
const NO_TIME = [...NOT_TEXT, '', 'tomorrow', '2026-12-01', '2026-12-01T09:00:00'];
const NO_SUCH_TIME = ['2026-13-01T09:00:00Z', '2027-02-30T09:00:00Z', '2001-01-01T00:00:00Z'];
const NO_IDS = [1, null, '', 'x', GONE, `a_${'x'.repeat(3)}`, `a_${'x'.repeat(22)}`];

const article = { thumb: { mediaId: 'M' }, title: 't', content: 'c' };
const news = aCampaign({ message: { type: 'news', articles: [article] } });
const withMessage = (message: unknown) => aCampaign({ message });

campaigns(aCampaign(), {
  account: [...NOT_TEXT, '', 'nobody', LONG],
  name: [...NOT_TEXT, '', ' ', LONG, 'a\nb'],
  'message.content': [...NOT_TEXT, '', ' ', '\u200b', '\ufeff\u3000', 'x'.repeat(20_001), '\u0000'],
  'message.type': [...NOT_TEXT, '', 'Text', 'sms'],
  audience: ['everyone', 1, null, [], true],
  'audience.type': [...NOT_TEXT, '', 'all', 'Everyone', 'group '],
  sendAt: [...NO_TIME, ...NO_SUCH_TIME, '2099-01-01T00:00:00Z'],
  notAfter: [...NO_TIME, ...NO_SUCH_TIME],
  webhook: ['https://example.com', 1, null, []],
  'webhook.url': [],
  repeat: NOT_A_FLAG,
  priority: [...NOT_A_NUMBER, 0, 10],
  exclude: ['a_x', 1, null, {}],
});
campaigns(aCampaign({ webhook: { url: 'https://example.com/hook' } }), {
  'webhook.url': [
    ...NOT_TEXT,
    '',
    'example.com',
    'ftp://example.com',
    'http://example.com/hook',
    'https://localhost/hook',
    'https://a.localhost/hook',
    'https://printer.local/',
    'https://db.internal/',
    'https://127.0.0.1/',
    'https://10.0.0.1/',
    'https://[::1]/',
    'https://169.254.169.254/',
    'https://u:p@example.com/',
    `https://example.com/${LONG}`,
  ],
});
campaigns(aCampaign({ audience: { type: 'group', groupId: '2' } }), {
  'audience.groupId': [...NOT_TEXT, '', 'x', '-1', '2.5', '12345678901'],
});
campaigns(aCampaign({ audience: { type: 'tag', tagId: 2 } }), { 'audience.tagId': NOT_A_NUMBER });
campaigns(aCampaign({ audience: { type: 'list', listId: 'a_x' } }), { 'audience.listId': NO_IDS });
campaigns(aCampaign({ audience: { type: 'openids', openids: [] } }), {
  'audience.openids': ['x', 1, null, {}, [], [1, 2], ['short', 'ids'], ['a'.repeat(28)]],
});
campaigns(news, {
  'message.articles': ['x', 1, null, {}, [], Array(11).fill(article)],
  'message.articles.0': ['x', 1, null, []],
  'message.articles.0.title': [...NOT_TEXT, '', ' ', '\u200b', LONG],
  'message.articles.0.author': [...NOT_TEXT, LONG],
  'message.articles.0.content': [...NOT_TEXT, '', '<p>&nbsp;</p>', '<p><br></p>', '<!-- a -->'],
  'message.articles.0.digest': [...NOT_TEXT, LONG],
  'message.articles.0.contentSourceUrl': [...NOT_TEXT, LONG],
  'message.articles.0.showCover': NOT_A_FLAG,
  'message.articles.0.openComment': NOT_A_FLAG,
  'message.articles.0.fansOnlyComment': NOT_A_FLAG,
  'message.articles.0.thumb': [...NO_MEDIA, ...MORE_NO_MEDIA],
  'message.ignoreReprint': NOT_A_FLAG,
});
for (const type of ['image', 'voice']) {
  campaigns(withMessage({ type, media: { mediaId: 'M' } }), {
    'message.media': [...NO_MEDIA, ...MORE_NO_MEDIA],
  });
}
campaigns(withMessage({ type: 'video', media: { mediaId: 'M' }, title: 't' }), {
  'message.media': [...NO_MEDIA, ...MORE_NO_MEDIA],
  'message.title': [...NOT_TEXT, '', '\u2060', LONG],
  'message.description': [...NOT_TEXT, LONG],
});

function others(
  method: 'GET' | 'POST',
  status: number,
  code: string,
  all: readonly (readonly [place: string, body: string | undefined, path: string])[],
): void {
  for (const [place, body, path] of all) {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const call = body === undefined ? { headers } : { headers, body };
    const send = () => world.call(method, place, call);
    rows.push({ path, status, code, what: `${method} ${place} ${body ?? ''}`.slice(0, 90), send });
  }
}

others(
  'GET',
  400,
  'invalid-query',
  [
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=x', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['state=sent', 'state'],
    ['account=nobody', 'account'],
    ['account=', 'account'],
    ['cursor=*', 'cursor'],
    ['acount=default', ''],
  ].map(([query, path = '']) => [`/v1/campaigns?${query}`, undefined, path] as const),
);
for (const place of ['/v1/campaigns', '/v1/campaigns/plan', '/v1/previews']) {
  others(
    'POST',
    400,
    'json-malformed',
    ['{', '{"a":1,}', "{'a':1}", '{"a":NaN}', '[', '{"a":1} {}', 'x'].map(
      (body) => [place, body, ''] as const,
    ),
  );
  others('POST', 400, 'json-not-object', [
    [place, 'null', ''],
    [place, '"text"', ''],
  ]);
  others('POST', 400, 'json-key-twice', [
    [place, '{"a":1,"a":1}', ''],
    [place, '{"a":{"b":1,"\\u0062":2}}', ''],
    [place, '{"a":[{"b":1},{"b":1,"b":2}]}', ''],
  ]);
  others('POST', 413, 'json-too-many-values', [[place, `{"a":[${Array(150_000).fill(1)}]}`, '']]);
  others('POST', 400, 'json-too-deep', [[place, `{"a":${'['.repeat(200)}`, '']]);
}
const person = { openid: 'o'.repeat(28) };
const preview = { account: 'default', message: { type: 'text', content: 'a' }, to: [person] };
others(
  'POST',
  422,
  'invalid-preview',
  (
    [
      ['account', 'nobody'],
      ['account', 1],
      ['message', null],
      ['message.content', ''],
      ['message.content', '\u200b'],
      ['to', []],
      ['to', 'x'],
      ['to', Array.from({ length: 11 }, (_, n) => ({ wechatId: `w${n}` }))],
      ['to.0', {}],
      ['to.0', { openid: 'short' }],
      ['to', [person, person]],
      ['spendLast', 'yes'],
    ] as const
  ).map(([path, value]) => ['/v1/previews', JSON.stringify(having(preview, path, value)), path]),
);

it(`is refused where it is wrong, in each of ${rows.length} ways`, async () => {
  const unlike: unknown[] = [];
  for (const { path, send, status, code, what } of rows) {
    const answer = await send();
    const json = answer.json as { code?: string; errors?: { path: string }[] };
    const paths = (json.errors ?? []).map((error) => error.path);
    const isThere =
      (status === 400 || status === 413) && !what.startsWith('GET')
        ? true
        : paths.length > 0 && paths.every((one) => one === path || one.startsWith(`${path}.`));
    if (answer.status !== status || json.code !== code || !isThere) {
      unlike.push([what, answer.status, json.code, paths.join(' ')]);
    }
  }

  expect(unlike).toEqual([]);
  expect(rows.length).toBeGreaterThan(300);
}, 120_000);
