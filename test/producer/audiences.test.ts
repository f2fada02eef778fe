import { once } from 'node:events';
import net from 'node:net';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogLine } from '../support/log-lines.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, KEY, startWorld, type World } from './world.ts';

const { redis, url, prefix } = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
});
afterAll(() => world.stop());

const upload = (body: string | Buffer, query = '', headers: Record<string, string> = {}) =>
  world.call('POST', `/v1/audiences${query}`, {
    headers: { 'content-type': 'text/plain', ...headers },
    body,
  });

const keysOfLists = async (): Promise<string[]> =>
  (await redis.keys(`${prefix}:record:audience*`)).sort();

describe('POST /v1/audiences', () => {
  const ids = openIds(20_001);
  const csv = ['name,openid', ...ids.map((id, at) => `"N. ${at}",${id}`)].join('\r\n');
  const ndjson = ids.map((id) => JSON.stringify({ openid: id })).join('\n');

  it.each([
    ['text', ids.join('\n'), '', {}],
    [
      'text without a content type that says so',
      ids.join('\n'),
      '?format=text',
      { 'content-type': 'application/octet-stream' },
    ],
    ['CSV', csv, '', { 'content-type': 'text/csv; charset=utf-8' }],
    ['NDJSON', ndjson, '', { 'content-type': 'application/x-ndjson' }],
    ['gzipped CSV', gzipSync(csv), '?format=csv', { 'content-encoding': 'gzip' }],
  ])('takes %s', async (_what, body, query, headers) => {
    const { status, json, headers: answered } = await upload(body, query, headers);

    expect(status).toBe(201);
    expect(json).toMatchObject({
      id: expect.stringMatching(/^a_/),
      state: 'ready',
      received: 20_001,
      duplicates: 0,
      invalid: 0,
      recipients: 20_001,
    });
    expect((await world.get(answered.get('location') ?? '')).json).toEqual(json);
  });

  it('reads the column that is named, and leaves out whom it is told to', async () => {
    const [a, b, c] = openIds(3);
    const never = await upload(`${b}`);

    const { json } = await upload(
      `id,wx\n1,${a}\n2,${b}\n3,${c}\n4,${c}\n5,x\n`,
      `?format=csv&column=wx&name=spring&account=default&exclude=${never.json.id}`,
    );

    expect(json).toMatchObject({
      name: 'spring',
      account: 'default',
      received: 5,
      duplicates: 1,
      invalid: 1,
      suppressed: 1,
      recipients: 2,
    });
  });

  it.each([
    ['an empty body', '', 'it is empty'],
    ['a JPEG', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a]), 'it is a JPEG picture'],
    ['a CSV as text', `a,b\n${openIds(2).join(',\n')},x\ny,z`, 'it looks like CSV'],
    ['a text of something else', 'dear all,\nhello\n', 'there|no OpenIDs'],
  ])('refuses %s, and guesses what it is', async (_what, body, guess) => {
    const { status, json } = await world.call('POST', '/v1/audiences', {
      body,
      headers: { 'content-type': 'text/plain' },
    });

    expect({ status, code: json.code }).toEqual({ status: 422, code: 'audience-unreadable' });
    expect(json.detail).toMatch(new RegExp(guess));
  });

  it('names the first lines that are no OpenIDs, and none of what stands there', async () => {
    const junk = Array.from({ length: 12 }, (_, n) => `junk ${n}`);
    const { json } = await upload([...openIds(20), ...junk].join('\n'));

    expect(json).toMatchObject({ received: 32, invalid: 12, recipients: 20 });
    expect(json.invalidLines).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  });

  it.each([
    ['a format nobody knows', '?format=xml', {}, 400, 'invalid-query'],
    ['a mistyped parameter', '?acount=default', {}, 400, 'invalid-query'],
    ['an account nobody knows', '?account=nobody', {}, 400, 'invalid-query'],
    [
      'a form',
      '',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'content-type-unsupported',
    ],
    ['JSON that is none', '', { 'content-type': 'application/json' }, 422, 'audience-unreadable'],
    ['another packing', '', { 'content-encoding': 'br' }, 415, 'content-encoding-unsupported'],
    ['a CSV without the column', '?format=csv', {}, 422, 'audience-unreadable'],
    [
      'an exclusion that is not there',
      `?exclude=a_${'x'.repeat(22)}`,
      {},
      422,
      'audience-unreadable',
    ],
    ['a form', '', { 'content-type': 'multipart/form-data' }, 415, 'content-type-unsupported'],
  ])('refuses %s, and keeps nothing', async (_what, query, headers, status, code) => {
    const before = await keysOfLists();

    const { status: got, json } = await upload(openIds(5).join('\n'), query, { ...headers });

    expect({ status: got, code: json.code }).toEqual({ status, code });
    expect(JSON.stringify(json)).not.toContain(openIds(1)[0]);
    expect(await keysOfLists()).toEqual(before);
  });

  it('leaves nothing of a list that breaks off', async () => {
    const before = await keysOfLists();
    const socket = net.connect(Number(new URL(world.url).port), '127.0.0.1');
    const body = openIds(150_000).join('\n');
    const head = `POST /v1/audiences HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length * 2}\r\n\r\n`;
    await promisify(socket.write.bind(socket) as (text: string, done: () => void) => void)(
      head + body,
    );
    socket.destroy();

    const broken = (line: LogLine) =>
      line.event === 'http.answered' && line.msg === 'request aborted';
    await expect.poll(() => world.logged.lines.some(broken)).toBe(true);
    expect(await keysOfLists()).toEqual(before);
    expect(world.logged.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('a list on its way in', () => {
  it('is seen with what has come so far, and no longer once it is there', async () => {
    const socket = net.connect(Number(new URL(world.url).port), '127.0.0.1');
    const body = `${openIds(150_000).join('\n')}\n`;
    socket.write(
      `POST /v1/audiences?name=on-its-way HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length + 28}\r\n\r\n${body}`,
    );
    const uploads = async () => (await world.get('/v1/audiences')).json.receiving;

    await expect.poll(async () => (await uploads())[0]?.received).toBeGreaterThan(100_000);
    expect(await uploads()).toMatchObject([{ name: 'on-its-way', invalid: 0 }]);
    socket.write(openIds(150_001).at(-1) ?? '');

    await expect.poll(uploads).toEqual([]);
    const { json } = await world.get('/v1/audiences?limit=1');
    expect(json.audiences).toMatchObject([{ name: 'on-its-way', recipients: 150_001 }]);
    socket.destroy();
  });

  it('is dropped where the producer stops, and its sender told so', async () => {
    const other = await startWorld({ url, prefix });
    const socket = net.connect(Number(new URL(other.url).port), '127.0.0.1');
    socket.write(
      `POST /v1/audiences HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n`,
    );
    await expect
      .poll(async () => (await other.get('/v1/audiences')).json.receiving)
      .toHaveLength(1);

    const heard = once(socket, 'data');
    await other.stop();

    expect(String(await heard)).toMatch(/^HTTP\/1\.1 503 .*"code":"stopping"/s);
    socket.destroy();
  });
});

describe('an audience', () => {
  it('is listed, newest first, and sent to by its id', async () => {
    const first = (await upload(openIds(10).join('\n'))).json;
    const second = (await upload(openIds(12).join('\n'))).json;

    const { json } = await world.get('/v1/audiences?limit=2');
    const sent = await world.post(
      '/v1/campaigns',
      aCampaign({ audience: { type: 'list', listId: second.id } }),
    );

    expect(json.audiences).toEqual([second, first]);
    expect((await world.get(`/v1/audiences?limit=2&cursor=${json.next}`)).status).toBe(200);
    expect(sent.json.audience).toMatchObject({ listId: second.id, recipients: 12 });
  });

  it('can be removed once no open campaign sends to it', async () => {
    const { id } = (await upload(openIds(10).join('\n'))).json;
    const campaign = await world.post(
      '/v1/campaigns',
      aCampaign({ audience: { type: 'list', listId: id } }),
    );

    const refused = await world.call('DELETE', `/v1/audiences/${id}`);

    expect(refused.json).toMatchObject({
      status: 409,
      code: 'audience-in-use',
      campaignId: campaign.json.id,
    });

    const suppressed = (await upload(openIds(3).join('\n'))).json.id;
    const audience = { type: 'followers' };
    await world.post('/v1/campaigns', aCampaign({ audience, exclude: [suppressed] }));
    const stillMeant = await world.call('DELETE', `/v1/audiences/${suppressed}`);
    expect(stillMeant.json).toMatchObject({ status: 409, code: 'audience-in-use' });

    const { id: free } = (await upload(openIds(9).join('\n'))).json;
    expect((await world.call('DELETE', `/v1/audiences/${free}`)).status).toBe(204);
    expect((await world.call('DELETE', `/v1/audiences/${free}`)).status).toBe(404);
    expect((await world.get(`/v1/audiences/${free}`)).json.code).toBe('audience-not-found');
  });
});
