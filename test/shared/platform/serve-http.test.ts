/** What a client can make of one connection. Raw bytes, for no HTTP client would send them. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type HttpLimits,
  PRODUCER_HTTP,
  serveHttp,
} from '../../../src/shared/platform/serve-http.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const SHARED = Buffer.alloc(100_000, 'a');

async function served(handle: RequestListener, limits: Partial<HttpLimits> = {}) {
  let handled = 0;
  const http = await serveHttp({
    host: '127.0.0.1',
    port: 0,
    limits: { ...PRODUCER_HTTP, ...limits },
    handle(request, response) {
      handled += 1;
      handle(request, response);
    },
  });
  onTestFinished(() => http.stop(0));
  return { port: http.port, handled: () => handled };
}

function dial(port: number): { socket: Socket; ended: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  return { socket, ended: new Promise((resolve) => socket.on('close', () => resolve(heard))) };
}

const statusesOf = (heard: string): string[] =>
  [...heard.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status = '']) => status);

describe('a client that sends requests before it has the answers', () => {
  it('gets those of a few, in their order', async () => {
    const { port } = await served((request, response) => {
      // The first is answered last.
      setTimeout(() => response.end(`[${request.url}]`), request.url === '/1' ? 50 : 0);
    });
    const { socket, ended } = dial(port);

    for (const n of [1, 2, 3, 4, 5, 6, 7]) socket.write(GET.replace('/', `/${n}`));
    socket.write(GET.replace('/', '/8').replace('Host', 'Connection: close\r\nHost'));

    expect((await ended).match(/\[\/\d\]/g)?.join('')).toBe('[/1][/2][/3][/4][/5][/6][/7][/8]');
  });

  it.each([
    ['is slow to be answered', () => undefined],
    [
      'is answered at once',
      (_: unknown, response: { end(text: Buffer): unknown }) => {
        response.end(SHARED);
      },
    ],
  ] satisfies [string, RequestListener][])(
    'and %s is cut off beyond eight, and no more are handled',
    async (_, handle) => {
      const { port, handled } = await served(handle);
      const { socket, ended } = dial(port);
      socket.pause();

      socket.write(GET.repeat(1_500));

      await expect.poll(() => handled()).toBeGreaterThan(0);
      socket.resume();
      await ended;
      expect(handled()).toBe(8);
    },
  );

  it.each([
    ['without a host', 'GET / HTTP/1.1\r\n\r\n', '400'],
    ['with expectations', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: y\r\n\r\n', '417'],
  ])('is cut off alike where Node would answer by itself: %s', async (_, bytes, status) => {
    const { port, handled } = await served(() => undefined);
    const held = dial(port);
    held.socket.write(GET + bytes.repeat(1_500));

    expect(await held.ended).toBe('');
    expect(handled()).toBe(1);
    const one = dial(port);
    one.socket.write(bytes);
    expect(statusesOf(await one.ended)).toEqual([status]);
  });
});

describe('answers that nobody reads', () => {
  it('end the connections that have most of them, once all together are too much', async () => {
    const ends: string[] = [];
    const { port } = await served(
      (request, response) => {
        response.once('close', () => ends.push(`${request.url}`));
        if (request.url === '/little') response.write('x');
        else response.end(Buffer.alloc(40_000_000));
      },
      { unsentBytes: 30_000_000 },
    );
    const [much, little] = ['/much', '/little'].map((url) => {
      const { socket } = dial(port);
      socket.pause().write(GET.replace('/', url));
      return socket;
    });

    await expect.poll(() => ends).toEqual(['/much']);
    expect(much?.destroyed).toBe(false);
    little?.destroy();
    await expect.poll(() => ends).toEqual(['/much', '/little']);
  });
});

describe('a connection', () => {
  it('ends after so many requests, and the last answer says so', async () => {
    const { port, handled } = await served((_, response) => response.end('x'), {
      requestsPerSocket: 3,
    });
    const { socket, ended } = dial(port);

    socket.write(GET.repeat(6));

    const heard = await ended;
    expect(statusesOf(heard)).toEqual(['200', '200', '200']);
    expect(heard.match(/connection: close/gi)).toHaveLength(1);
    expect(handled()).toBe(3);
  });

  it('without a host is served to a client of HTTP/1.0', async () => {
    const { port } = await served((_, response) => response.end('x'));
    const { socket, ended } = dial(port);

    socket.write('GET / HTTP/1.0\r\n\r\n');

    expect(statusesOf(await ended)).toEqual(['200']);
  });
});

describe('every server of a role', () => {
  it('is one of these', () => {
    const src = join(import.meta.dirname, '../../../src');
    const servers = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
      (file) =>
        file.endsWith('.ts') &&
        !file.startsWith('sandbox/') &&
        new RegExp(`\\b${createServer.name}\\(`).test(readFileSync(join(src, file), 'utf8')),
    );

    expect(servers).toEqual(['demo/private-redis.ts', 'shared/platform/serve-http.ts']);
  });
});
