import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, startWorld, type World } from './world.ts';

const { url, prefix } = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
});
afterAll(() => world.stop());

const NEWS = (content: string) => ({
  type: 'news',
  articles: [{ thumb: { mediaId: 'M' }, title: 't', content }],
});
const preview = (to: unknown) => ({ message: { type: 'text', content: 'x' }, to: [to] });
const NO_SUCH = '0123456789abcdefgh';
const openIdOrWechatId = 'to.0: must be {"openid": "…"} or {"wechatId": "…"}';

describe('an operator reads what to do, in', () => {
  it.each([
    ['POST', '/v1/previews', preview({}), [openIdOrWechatId]],
    ['POST', '/v1/previews', preview('o123'), [openIdOrWechatId]],
    ['POST', '/v1/previews', preview({ openid: 5 }), ['to.0.openid: must be text in quotes']],
    ['PUT', '/v1/accounts/default/speed', {}, ['speed: must be one of 0, 1, 2, 3, 4']],
    ['PUT', '/v1/accounts/default/speed', { speed: '1' }, ['speed: must be one of 0, 1, 2, 3, 4']],
    [
      'POST',
      `/v1/campaigns/${NO_SUCH}/retry`,
      { without: ['x', ...openIds(1)] },
      ['without.0: not an OpenID'],
    ],
    ['GET', '/v1/campaigns?limit=ten', undefined, ['limit: must be a whole number']],
    ['GET', '/v1/campaigns?limit=101', undefined, ['limit: at most 100']],
    ['GET', '/v1/campaigns?account=', undefined, ['account: must not be empty']],
    ['GET', '/v1/campaigns?account=a&account=b', undefined, ['account: must be given only once']],
    ['GET', '/v1/accounts/default/drafts?count=50', undefined, ['count: at most 20']],
    ['POST', `/v1/media?filename=${'x'.repeat(129)}`, {}, ['filename: at most 128 characters']],
    ['POST', '/v1/audiences?format=xls', {}, ['format: must be one of text, csv, ndjson, json']],
    ['POST', '/v1/audiences?name=', {}, ['name: must not be empty']],
  ])('%s %s of %j', async (method, path, body, expected) => {
    const { json } = await world.call(method, path, {
      ...(body
        ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
        : {}),
    });

    expect(json.errors.map(said)).toEqual(expected);
  });

  it('a picture of ours that is not there: once, and not as somebody else’s', async () => {
    const { json } = await world.post(
      '/v1/campaigns',
      aCampaign({ message: NEWS('<img src="upload:m_nothere1234">') }),
    );

    expect(json.errors.map(said)).toEqual([
      'message.articles.0.content: no upload m_nothere1234: it was never made, or its retention period has passed',
    ]);
  });

  it('an account nobody knows, beside the other mistakes', async () => {
    const { json } = await world.post('/v1/campaigns', {
      ...aCampaign({ message: NEWS('<img src="https://example.com/a.jpg">') }),
      account: 'nobody',
      audience: { type: 'list', listId: 'a_0123456789' },
      notAfter: '2020-01-01T00:00:00Z',
    });

    expect(json.errors.map(({ path }: { path: string }) => path)).toEqual([
      'account',
      'message.articles.0.content',
      'notAfter',
      'audience.listId',
    ]);
  });

  it.each([
    ['null', {}, 'the body is JSON, but not an object'],
    ['{', { 'content-encoding': 'gzip' }, 'the body is not packed as Content-Encoding says'],
  ])('a body that cannot be read: %s', async (body, headers, detail) => {
    const { status, json } = await world.call('POST', '/v1/campaigns', {
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });

    expect({ status, detail: json.detail }).toEqual({ status: 400, detail });
  });

  it('an event that is too large for one', async () => {
    const { status, json } = await world.call('POST', '/v1/receipts', { body: 'x'.repeat(70_000) });

    expect(status).toBe(413);
    expect(json.detail).toContain('64 KiB');
  });
});

const said = ({ path, message }: { path: string; message: string }): string =>
  `${path}: ${message}`;
