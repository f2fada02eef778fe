import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKeys } from '../../src/shared/record/keys.ts';
import { testRedis } from '../support/redis.ts';
import { KEY, OTHER_KEY, startWorld, type World } from './world.ts';

const { redis, url, prefix } = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
});
afterAll(() => world.stop());

const written = { account: 'default', name: 'Spring', message: { type: 'text', content: 'half' } };

const asking = (key: string) => (method: string, path: string, body?: object) =>
  world.call(method, path, {
    key,
    headers: { 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
const mine = asking(KEY);
const others = asking(OTHER_KEY);

async function begun(): Promise<string> {
  return (await mine('POST', '/v1/drafts', written)).json.id;
}

describe('a draft of a campaign', () => {
  it('is kept as far as it is written, changed, and deleted', async () => {
    const begun = await mine('POST', '/v1/drafts', written);
    const { id } = begun.json;

    expect(begun).toMatchObject({ status: 201, json: { body: written } });
    expect(begun.headers.get('location')).toBe(`/v1/drafts/${id}`);
    const body = { ...written, audience: { type: 'tag', tagId: 2 } };
    expect(await mine('PUT', `/v1/drafts/${id}`, body)).toMatchObject({ status: 200 });
    expect((await mine('GET', `/v1/drafts/${id}`)).json).toMatchObject({ id, body });
    expect((await mine('GET', '/v1/drafts')).json.drafts).toMatchObject([{ id, body }]);
    expect(await mine('DELETE', `/v1/drafts/${id}`)).toMatchObject({ status: 200, json: { id } });
    expect((await mine('GET', `/v1/drafts/${id}`)).json).toMatchObject({ code: 'draft-not-found' });
  });

  it('is its caller’s alone', async () => {
    const id = await begun();

    expect((await others('GET', '/v1/drafts')).json.drafts).toEqual([]);
    for (const [method, body] of [['GET'], ['PUT', written]] as const) {
      expect(await others(method, `/v1/drafts/${id}`, body)).toMatchObject({
        ...{ status: 404, json: { code: 'draft-not-found' } },
      });
    }
    await others('DELETE', `/v1/drafts/${id}`);
    expect(await mine('GET', `/v1/drafts/${id}`)).toMatchObject({ status: 200 });
  });

  it('stays as it was once it was sent', async () => {
    const id = await begun();
    const key = makeKeys(`${prefix}:record`).composing('crm');
    const sent = { id, body: written, changedAt: 1, campaignId: '0123456789abcdefgh' };
    await redis.hset(key, id, JSON.stringify(sent));

    expect(await mine('PUT', `/v1/drafts/${id}`, written)).toMatchObject({
      ...{ status: 409, json: { code: 'draft-sent', campaignId: '0123456789abcdefgh' } },
    });
  });

  it('gives way to newer ones, where those of its caller are long', async () => {
    const long = (n: number) => ({
      ...{ account: 'default', name: `long ${n}`, message: { content: 'x'.repeat(250_000) } },
    });
    for (let n = 0; n < 18; n += 1) {
      expect((await others('POST', '/v1/drafts', long(n))).status).toBe(201);
    }

    const { json, text } = await others('GET', '/v1/drafts');

    expect(text.length).toBeLessThan(4 * 1024 * 1024 + 10_000);
    expect(json.drafts).toHaveLength(16);
    expect(json.drafts[0].body.name).toBe('long 17');
  });

  it.each([
    ['of an account that there is not', { ...written, account: 'other' }, 'account-not-found'],
    [
      'of more than a draft may have',
      { ...written, message: { content: 'x'.repeat(262_144) } },
      'body-too-large',
    ],
    ['with a field that a campaign has not', { ...written, to: 'everyone' }, 'invalid-body'],
  ])('is refused %s', async (_what, body, code) => {
    expect((await mine('POST', '/v1/drafts', body)).json).toMatchObject({ code });
  });
});
