import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { LOCAL } from '../../../src/producer/http/caller.ts';
import { isLoopback, isLoopbackHost } from '../../../src/producer/http/same-place.ts';
import { startProducer } from '../../../src/producer/http/server.ts';
import { testRedis } from '../../support/redis.ts';
import { aCampaign, aWorld, KEY, OTHER_KEY, startWorld, type World } from '../world.ts';

const redisOfRun = testRedis();
const { url, prefix } = redisOfRun;
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix }, { BOARD_USER: 'ops', BOARD_PASSWORD: 'correct horse' });
});
afterAll(() => world.stop());

const NO_KEYS = { API_KEYS: '' };

/** An address of this machine that others reach too, or none where it has only itself. */
const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;

/** A request with headers that fetch would not send. */
async function raw(at: World, lines: readonly string[], host = '127.0.0.1'): Promise<number> {
  const socket = net.connect(Number(new URL(at.url).port), host);
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  let text = '';
  for await (const piece of socket) text += piece;
  return Number(text.split(' ')[1]);
}

describe('the API', () => {
  it.each([
    ['no key', {}],
    ['a wrong key', { authorization: 'Bearer crm-key-2' }],
    ['half a key', { authorization: `Bearer ${KEY.slice(0, -1)}` }],
    ['an empty key', { authorization: 'Bearer ' }],
    ['a key as a password', { authorization: `Basic ${btoa(`crm:${KEY}`)}` }],
    ['the board’s password', { authorization: `Basic ${btoa('ops:correct horse')}` }],
    ['a key in another place', { 'x-api-key': KEY }],
  ])('refuses %s', async (_what, headers) => {
    for (const path of ['/v1/campaigns', '/v1/media', '/v1/nowhere']) {
      const {
        status,
        json,
        headers: answered,
      } = await world.call('GET', path, {
        key: null,
        headers: { ...headers },
      });

      expect({ status, code: json.code }).toEqual({ status: 401, code: 'api-key-needed' });
      expect(answered.get('www-authenticate')).toContain('Bearer');
    }
  });

  it.each(['/V1/campaigns', '/v1/CAMPAIGNS', '/V1/Media', '/%761/campaigns', '//v1/campaigns'])(
    'serves nothing at %s without a key',
    async (path) => {
      const { status, json } = await world.call('GET', path, { key: null });

      expect([401, 404]).toContain(status);
      expect(json.campaigns ?? json.media).toBeUndefined();
    },
  );

  it('knows each key by its name', async () => {
    const { json } = await world.call('POST', '/v1/campaigns', {
      key: OTHER_KEY,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(aCampaign()),
    });

    const { audit } = (await world.get(`/v1/campaigns/${json.id}/audit`)).json;
    expect(audit[0].by).toBe('shop');
  });

  it('keeps keys, passwords and secrets out of its log and its answers', async () => {
    await world.get(`/v1/campaigns?token=${KEY}`);
    await world.get(`/v1/campaigns/${'0'.repeat(18)}`);

    expect(world.logged.lines.length).toBeGreaterThan(0);
    for (const secret of [KEY, OTHER_KEY, 'correct horse', 'app-secret-of-the-test']) {
      expect(world.logged.text()).not.toContain(secret);
    }
  });

  it('is silent about itself', async () => {
    const { headers } = await world.get('/v1/campaigns');

    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
  });

  it('says how long to wait when one key asks too often, and serves the others', async () => {
    const producer = await startProducer({
      settings: { ...world.config.producer, readsPerMinute: 10 },
      served: { routes: [] },
      log: world.logged.log,
    });
    onTestFinished(() => producer.stop());
    const ask = (key: string) =>
      fetch(`${producer.url}/v1/none`, { headers: { authorization: `Bearer ${key}` } });

    const answers = await Promise.all(Array.from({ length: 13 }, () => ask(KEY)));

    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(3);
    expect(await refused[0]?.json()).toMatchObject({ code: 'rate-limited' });
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = await ask(OTHER_KEY);
    expect(other.status).toBe(404);
    expect(other.headers.get('ratelimit-policy')).toBe('"10-in-1min"; q=10; w=60');
    expect(other.headers.get('ratelimit')).toMatch(/^"10-in-1min"; r=9; t=\d+$/);
    // Who has no key is refused as such, and uses nobody's share up.
    expect((await ask('guess')).status).toBe(401);
  });

  it('counts one key over two producers, up to what they answer in a quarter of a second', async () => {
    const [limit, minute] = [60, Date.UTC(2026, 0, 5)];
    const own = { url, prefix: `${prefix}-two` };
    const settings = { API_READS_PER_MINUTE: String(limit) };
    const both = [
      await aWorld(own, settings, () => minute),
      await aWorld(own, settings, () => minute),
    ];
    const statuses: number[] = [];
    // In turn, and with time to exchange their counts.
    await expect
      .poll(
        async () => {
          const asked = both.map((one) => one.get('/v1/campaigns'));
          const answers = (await Promise.all(asked)).map(({ status }) => status);
          statuses.push(...answers);
          return answers;
        },
        { interval: 60 },
      )
      .toEqual([429, 429]);

    const served = statuses.filter((status) => status === 200).length;
    expect(served).toBeGreaterThanOrEqual(limit - 1);
    // Each alone would have answered as many.
    expect(served).toBeLessThan(1.5 * limit);
  });
});

describe('the page', () => {
  it('says how long to wait when one operator’s browser asks too often', async () => {
    const producer = await startProducer({
      settings: world.config.producer,
      served: { routes: [], operator: { '/': (_req, res) => res.send('page') } },
      log: world.logged.log,
      pagesPerMinute: 10,
    });
    onTestFinished(() => producer.stop());
    const headers = { authorization: `Basic ${btoa('ops:correct horse')}` };

    const answers = await Promise.all(
      Array.from({ length: 13 }, () => fetch(`${producer.url}/page/campaigns`, { headers })),
    );

    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(3);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('without any key', () => {
  it('serves this machine', async () => {
    const own = await aWorld({ url, prefix: `${prefix}-free` }, NO_KEYS);
    const body = JSON.stringify(aCampaign());
    const headers = { 'content-type': 'application/json' };

    const { json } = await own.call('POST', '/v1/campaigns', { key: null, headers, body });

    const { audit } = (await own.call('GET', `/v1/campaigns/${json.id}/audit`, { key: null })).json;
    expect(audit[0].by).toBe(LOCAL);
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'qunfa.example'])(
    'does not start on %s, and says why',
    async (host) => {
      const starting = startWorld({ url, prefix }, { ...NO_KEYS, PRODUCER_HOST: host });

      await expect(starting).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/PRODUCER_HOST.*API_KEYS/),
      });
    },
  );

  it('does not start behind a proxy, and says why', async () => {
    const starting = startWorld(
      { url, prefix },
      { ...NO_KEYS, PUBLIC_URL: 'https://qunfa.example' },
    );

    await expect(starting).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/PUBLIC_URL.*API_KEYS/),
    });
  });

  it('serves no operator behind a proxy before a password is set', async () => {
    const { board: _, ...settings } = world.config.producer;
    const producer = await startProducer({
      settings: { ...settings, publicUrl: 'https://qunfa.example' },
      served: { routes: [], operator: { '/': (_req, res) => res.send('page') } },
      log: world.logged.log,
    });
    onTestFinished(() => producer.stop());

    expect((await fetch(`${producer.url}/`)).status).toBe(403);
  });

  it.each([
    ['through a proxy', ['Host: localhost', 'X-Forwarded-For: 127.0.0.1']],
    ['through a proxy that says so', ['Host: localhost', 'Forwarded: for=127.0.0.1']],
    ['through a proxy that says nothing, in the HTTP of 1996', ['Host: localhost'], '1.0'],
    ['by a name that was bent to this machine', ['Host: evil.example']],
    ['without a name', ['Host: ']],
    ['through a load balancer', ['Host: localhost', 'X-Amzn-Trace-Id: Root=1']],
    ['through a service mesh', ['Host: localhost', 'X-Envoy-External-Address: 192.0.2.1']],
  ])(
    'serves nobody who comes %s, and nobody after them',
    async (_what, headers, version = '1.1') => {
      const own = await aWorld({ url, prefix: `${prefix}-free` }, NO_KEYS);
      const local = ['GET /v1/campaigns HTTP/1.1', 'Host: localhost'];

      expect(await raw(own, local)).toBe(200);
      expect(await raw(own, [`GET /v1/campaigns HTTP/${version}`, ...headers])).toBe(403);
      // Through the same proxy, by a name of the caller's choice.
      expect(await raw(own, local)).toBe(403);
      expect(await raw(own, ['GET /healthz HTTP/1.1', 'Host: localhost'])).toBe(200);
    },
  );

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:8080' }],
    ['no origin it would name', { origin: 'null' }],
    ['no host, as files have', { origin: 'file://' }],
    ['an app', { origin: 'app:' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sister site', { 'sec-fetch-site': 'same-site' }],
  ])('lets no page of %s send', async (_what, headers) => {
    const own = await aWorld({ url, prefix: `${prefix}-forged` }, NO_KEYS);

    const { status, json } = await own.call('POST', '/v1/campaigns', {
      key: null,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(aCampaign()),
    });

    expect({ status, code: json.code }).toEqual({ status: 403, code: 'cross-site-request' });
    expect((await own.call('GET', '/v1/campaigns', { key: null })).json.campaigns).toEqual([]);
  });

  it('serves its own pages', async () => {
    const own = await aWorld({ url, prefix: `${prefix}-own` }, NO_KEYS);

    const { status } = await own.call('POST', '/v1/campaigns', {
      key: null,
      headers: { 'content-type': 'application/json', origin: own.url },
      body: JSON.stringify(aCampaign()),
    });

    expect(status).toBe(202);
  });
});

describe('a peer that is not this machine', () => {
  it.skipIf(!ownAddress)(
    'gets the API by key, and the board not at all without a password',
    async () => {
      const own = await aWorld({ url, prefix: `${prefix}-far` }, { PRODUCER_HOST: '0.0.0.0' });
      const far = ownAddress ?? '';
      const lines = ['Host: localhost', `Authorization: Bearer ${KEY}`];

      expect(await raw(own, ['GET /v1/campaigns HTTP/1.1', ...lines], far)).toBe(200);
      expect(await raw(own, ['GET /board/ HTTP/1.1', ...lines], far)).toBe(403);
      const forwarded = [...lines, 'X-Forwarded-For: 127.0.0.1'];
      expect(await raw(own, ['GET /board/ HTTP/1.1', ...forwarded], far)).toBe(403);
      expect(await raw(own, ['GET /board/ HTTP/1.1', 'Host: localhost'])).toBe(200);
    },
  );

  it.each([
    ['127.0.0.1', true],
    ['127.8.8.8', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['::ffff:10.0.0.1', false],
    ['10.0.0.1', false],
    ['0.0.0.0', false],
    ['', false],
    [undefined, false],
  ])('is told by its address: %s', (address, expected) => {
    expect(isLoopback(address)).toBe(expected);
  });

  it.each([
    ['localhost', true],
    ['LOCALHOST', true],
    ['::1', true],
    ['localhost.evil.example', false],
    ['::', false],
  ])('could come where the server listens on %s', (host, isOnlyUs) => {
    expect(isLoopbackHost(host)).toBe(isOnlyUs);
  });
});

describe('the board', () => {
  const basic = (text: string) => ({ authorization: `Basic ${btoa(text)}` });
  const ask = (headers: Record<string, string>, method = 'GET', path = '/board/') =>
    world.call(method, path, { key: null, headers });

  it('asks for user and password', async () => {
    const { status, headers } = await ask({});

    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    expect((await ask(basic('ops:correct horse'))).status).toBe(200);
    for (const wrong of ['ops:', ':correct horse', 'ops:correct', 'OPS:correct horse', '']) {
      expect((await ask(basic(wrong))).status).toBe(401);
    }
    expect((await ask({ authorization: `Bearer ${KEY}` })).status).toBe(401);
  });

  it.each([
    ['another origin', { origin: 'https://evil.example' }, 403],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['its own page', { 'sec-fetch-site': 'same-origin' }, 404],
    ['no browser', {}, 404],
  ])('answers a click from %s', async (_what, headers, status) => {
    const place = '/board/api/queues/media/none/promote';

    const answer = await ask({ ...basic('ops:correct horse'), ...headers }, 'PUT', place);

    expect(answer.status).toBe(status);
  });

  it('does not let a password be guessed', async () => {
    const own = await aWorld(
      { url, prefix: `${prefix}-guess` },
      { BOARD_USER: 'ops', BOARD_PASSWORD: 'correct horse' },
    );
    const guess = (text: string) => own.call('GET', '/board/', { key: null, headers: basic(text) });

    const tried: number[] = [];
    for (let n = 0; n < 25; n += 1) tried.push((await guess(`ops:${n}`)).status);

    expect(tried.filter((status) => status === 401)).toHaveLength(20);
    expect(tried.slice(-5)).toEqual([429, 429, 429, 429, 429]);
    const right = await guess('ops:correct horse');
    expect(right.status).toBe(429);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('does not let a password be guessed by a hundred requests in one breath', async () => {
    const own = await aWorld(
      { url, prefix: `${prefix}-breath` },
      { BOARD_USER: 'ops', BOARD_PASSWORD: 'correct horse' },
    );
    const asked = (text: string, more = ''): string =>
      `GET /board/ HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(text).authorization}\r\n${more}\r\n`;
    const guesses = (from: number): string =>
      [0, 1, 2, 3].map((n) => asked(`ops:${from + n}`)).join('') +
      asked('ops:correct horse', 'Connection: close\r\n');

    const heard = await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        const socket = net.connect(Number(new URL(own.url).port), '127.0.0.1');
        socket.write(guesses(4 * n));
        return socket.setEncoding('latin1').toArray();
      }),
    );

    const statuses = [
      ...heard
        .flat()
        .join('')
        .matchAll(/HTTP\/1\.1 (\d+)/g),
    ].map(([, status]) => status);
    const refused = statuses.filter((status) => status === '401');
    expect([statuses.length, refused.length]).toEqual([100, 20]);
  });
});

describe('what anybody may see', () => {
  it('is whether it lives and whether it can work', async () => {
    const alive = await world.call('GET', '/healthz', { key: null });
    const ready = await world.call('GET', '/readyz', { key: null });

    expect([alive.status, alive.json]).toEqual([200, { status: 'alive' }]);
    // No worker runs in this test.
    expect(ready.json.unserved).toContainEqual({ code: 'no-worker', queue: 'media' });
    expect([ready.status, ready.json]).toMatchObject([200, { status: 'ready', findings: [] }]);
  });

  it('is not ready where nobody can be sent to', async () => {
    const own = await aWorld(
      { url, prefix: `${prefix}-none` },
      { WECHAT_APP_ID: '', WECHAT_APP_SECRET: '' },
    );

    const { status, json } = await own.call('GET', '/readyz', { key: null });

    expect(status).toBe(503);
    expect(json.findings).toEqual([expect.stringContaining('no account')]);
    const inChinese = { key: null, headers: { 'accept-language': 'zh' } };
    const chinese = await own.call('GET', '/readyz', inChinese);
    expect(chinese.json.findings).toEqual([expect.stringContaining('没有配置公众号')]);
  });
});
