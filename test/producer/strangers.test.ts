/** What somebody without a key can do to the producer: nothing, and not for long. */
import net from 'node:net';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeHealthRoutes } from '../../src/producer/api/health.ts';
import type { Route } from '../../src/producer/http/route.ts';
import { startProducer } from '../../src/producer/http/server.ts';
import type { HttpLimits } from '../../src/shared/platform/serve-http.ts';
import { recordedLog } from '../support/log-lines.ts';
import { testRedis } from '../support/redis.ts';
import { KEY, startWorld, type World } from './world.ts';

const redis = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld(redis, { BOARD_USER: 'ops', BOARD_PASSWORD: 'correct horse' });
});
afterAll(() => world.stop());

describe('another way to write a path', () => {
  const spellings = (path: string): string[] => [
    path.toUpperCase(),
    path.replace('v', 'V'),
    `/${path}`,
    path.replace('/v1', '/v1/'),
    path.replace('v', '%76'),
    path.replace('/v1', '/v1/.'),
    path.replace('/v1', '/x/..%2fv1'),
    path.replace('/v1', '/v1;x=1'),
    `${path}/`,
    `${path}%00`,
  ];

  it.each([
    'GET /v1/campaigns',
    'POST /v1/campaigns',
    'POST /v1/previews',
    'POST /v1/media',
    'POST /v1/audiences',
    'POST /v1/receipts',
    'GET /v1/accounts',
    'POST /v1/accounts/default/pause',
    'GET /v1/webhooks/secret',
    'GET /board/api/queues',
  ])('is no way around the key (%s)', async (call) => {
    const [method = '', path = ''] = call.split(' ');
    for (const spelling of [path, ...spellings(path)]) {
      const { status } = await sent(world.url, [`${method} ${spelling} HTTP/1.1`, 'Host: x']);

      expect([401, 404], spelling).toContain(status);
    }
  });
});

describe('a client without a key', () => {
  it.each([
    ['never ends its headers', 'GET /v1/campaigns HTTP/1.1\r\nHost: x\r\nX-A: ', 'a', /^$|408/],
    ['says nothing at all', '', '', /^$|408/],
  ])('that %s is cut off', async (_, start, more, heard) => {
    const { url } = await aProducer({ headersWithinMs: 200, idleMs: 400, checkEveryMs: 50 });

    expect(await trickled(url, start, more)).toMatch(heard);
  });

  it.each([
    [
      'goes on sending after it was refused',
      'POST /v1/audiences HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
      '1\r\nx\r\n',
      /^HTTP\/1\.1 401 /,
    ],
    [
      'goes on sending where there is nothing',
      'POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n',
      'x',
      /^HTTP\/1\.1 404 /,
    ],
  ])('that %s is cut off', async (_, start, more, heard) => {
    const { url } = await aProducer();

    expect(await trickled(url, start, more)).toMatch(heard);
  });

  it('that opens too many connections is turned away, and those in hand go on', async () => {
    const { url } = await aProducer({ connections: 2 });
    const first = dial(url);
    first.socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    const second = dial(url);
    second.socket.write('GET /open HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => second.socket.once('data', resolve));

    expect(await dial(url).ended).toBe('');
    first.socket.write('Connection: close\r\n\r\n');

    expect(await first.ended).toMatch(/^HTTP\/1\.1 404 /);
  });

  it.each([
    ['headers of 20 KB', `X-A: ${'a'.repeat(20_000)}`, 431],
    ['two lengths', 'Content-Length: 1\r\nContent-Length: 2', 400],
    ['a length and chunks', 'Content-Length: 1\r\nTransfer-Encoding: chunked', 400],
  ])('that sends %s is refused', async (_, header, status) => {
    const heard = await sent(world.url, ['POST /v1/campaigns HTTP/1.1', 'Host: x', header]);

    expect(heard.status).toBe(status);
  });
});

describe('however often a stranger asks whether it can work', () => {
  it('Redis is asked once a second', async () => {
    let asked = 0;
    const ready = async () => {
      asked += 1;
      return [];
    };
    const { url } = await aProducer(
      {},
      makeHealthRoutes({ ready, unserved: async () => [], warnings: async () => [] }),
    );

    const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${url}/readyz`)));

    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    // A slow machine may need more than a second for them.
    expect(asked).toBeLessThan(10);
  });
});

describe('a stranger who asks whether it can work', () => {
  it('hears of no account, though its lane has no worker', async () => {
    const missing = ['a-secret-brand', 'another'].map((account) => ({
      ...({ code: 'no-worker', account } as const),
    }));
    const unserved = async () => [{ code: 'no-worker', queue: 'media' } as const, ...missing];
    const none = async () => [];
    const { url } = await aProducer(
      {},
      makeHealthRoutes({ ready: none, unserved, warnings: none }),
    );

    const answer = await (await fetch(`${url}/readyz`)).json();

    expect(Object(answer).unserved).toEqual([
      { code: 'no-worker', queue: 'media' },
      { code: 'no-worker', queue: 'send', lanes: 2 },
    ]);
  });
});

describe('a caller with a key', () => {
  it.each([
    [100_000, 422, 'invalid-campaign'],
    [140_000, 413, 'too-many-openids'],
    [1_000_000, 413, 'json-too-many-values'],
  ])('gets one short answer for a list of %i wrong elements', async (count, status, code) => {
    const { json, text } = await world.post('/v1/campaigns', {
      account: 'default',
      audience: { type: 'openids', openids: Array(count).fill(7) },
      message: { type: 'text', content: 'x' },
    });

    expect(json).toMatchObject({ status, code });
    expect(text.length).toBeLessThan(20_000);
  });

  it('cannot unpack a small body into a large one', async () => {
    const { gzipSync } = await import('node:zlib');
    const { status, json } = await world.call('POST', '/v1/campaigns', {
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')),
    });

    expect({ status, code: json.code }).toEqual({ status: 413, code: 'body-too-large' });
  });

  it('cannot nest a body until something breaks', async () => {
    const body = `{"audience":${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}}`;
    const { status, json } = await world.call('POST', '/v1/campaigns', {
      headers: { 'content-type': 'application/json' },
      body,
    });

    expect({ status, code: json.code }).toEqual({ status: 400, code: 'json-too-deep' });
    expect((await world.get('/v1/campaigns')).status).toBe(200);
  });
});

describe('an address at which nothing is', () => {
  it('is not repeated: an OpenID may stand in it', async () => {
    const { json } = await world.get('/v1/followers/oR5Gjjl_eiZoUpGozMo7dbBJ362A');

    expect(json).toMatchObject({ status: 404, code: 'not-found' });
    expect(JSON.stringify(json)).not.toContain('oR5Gjjl');
  });
});

describe('a text that a pattern could be tried on in every way', () => {
  it.each([
    [
      'a file of blanks',
      { type: 'image', media: { base64: `A${' '.repeat(250_000)}!` } },
      'message.media.base64',
    ],
    [
      'pictures whose tags never end',
      {
        type: 'news',
        articles: [
          { thumb: { mediaId: 'M' }, title: 't', content: `a${'<img '.repeat(9_000)}` },
          { thumb: { upload: `m_${'0'.repeat(32)}` }, title: 't', content: 'c' },
        ],
      },
      'message.articles.1.thumb.upload',
    ],
  ])('stalls nothing: %s', async (_, message, path) => {
    const { status, json } = await world.post('/v1/campaigns', {
      account: 'default',
      audience: { type: 'everyone' },
      message,
    });

    expect(status).toBe(422);
    expect(json.errors).toEqual([expect.objectContaining({ path })]);
  });
});

describe('every answer', () => {
  it.each([
    ['/healthz', {}],
    ['/v1/campaigns', {}],
    ['/v1/campaigns', { authorization: `Bearer ${KEY}` }],
    ['/v1/nowhere', { authorization: `Bearer ${KEY}` }],
    ['/nowhere', {}],
    ['/board', {}],
    ['/board', { authorization: `Basic ${btoa('ops:correct horse')}` }],
    ['/docs', {}],
  ])('of %s keeps browsers from reading more into it', async (path, headers) => {
    const answer = await world.call('GET', path, { key: null, headers });

    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(
        /default-src 'self'.*frame-ancestors 'none'/,
      ),
      // Not `no-referrer`: under it a browser calls the page's own forms `Origin: null`.
      'referrer-policy': 'same-origin',
    });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('x-powered-by')).toBeNull();
    expect(answer.headers.get('server')).toBeNull();
  });
});

async function aProducer(limits: Partial<HttpLimits> = {}, routes: readonly Route[] = []) {
  const producer = await startProducer({
    settings: {
      ...{ host: '127.0.0.1', port: 0, apiKeys: [{ name: 'crm', key: KEY }] },
      ...{ requestsPerMinute: 6_000, readsPerMinute: 6_000 },
    },
    served: {
      routes,
      files: [express.Router().get('/open', (_req, res) => void res.send('here'))],
    },
    log: recordedLog().log,
    limits: { lingerMs: 200, ...limits },
  });
  onTestFinished(() => producer.stop());
  return producer;
}

function dial(url: string) {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  socket.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(heard)));
  return { socket, ended };
}

async function sent(url: string, lines: readonly string[]): Promise<{ status: number }> {
  const { socket, ended } = dial(url);
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  return { status: Number((await ended).split(' ')[1]) };
}

/** One more byte whenever the last has gone, until the other side has had enough. */
async function trickled(url: string, start: string, more: string): Promise<string> {
  const { socket, ended } = dial(url);
  socket.write(start);
  const timer = setInterval(() => more && socket.writable && socket.write(more), 20);
  onTestFinished(() => {
    clearInterval(timer);
    socket.destroy();
  });
  return ended;
}
