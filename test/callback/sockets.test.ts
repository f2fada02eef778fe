/** What strangers do to a socket. Raw bytes, for no HTTP client would send them. */
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Limits } from '../../src/callback/server.ts';
import { plainPush } from '../shared/wechat/push/make-push.ts';
import { type Door, startDoor, storeOf } from './start-door.ts';

/** Hangs up soon on whoever had its answer. */
const BRIEF = { keepAliveMs: 200, lingerMs: 100 };
/** Soon enough to be waited for; where nobody is to be cut off, a slow machine would be. */
const QUICK = {
  ...BRIEF,
  headersWithinMs: 300,
  requestWithinMs: 400,
  checkEveryMs: 50,
  idleMs: 600,
};

interface Line {
  readonly socket: Socket;
  /** Everything heard, once the other side has hung up. */
  readonly ended: Promise<string>;
}

function dial(door: Door): Line {
  const socket = connect(door.port, '127.0.0.1');
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  socket.on('error', () => {});
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(heard)));
  onTestFinished(() => {
    socket.destroy();
  });
  return { socket, ended };
}

const doorWith = (limits: Partial<Limits>) =>
  startDoor({ onTestFinished }, storeOf({ onTestFinished }), { limits });
const { query, body } = plainPush();
const HEAD = `POST /wechat/plain?${new URLSearchParams(query)} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n`;

/** One more byte whenever the last has gone, until the other side has had enough. */
function trickle(socket: Socket, byte: string): void {
  const timer = setInterval(() => socket.writable && socket.write(byte), 20);
  socket.on('close', () => clearInterval(timer));
}

describe('a client that is slow', () => {
  it.each([
    ['says nothing', '', ''],
    ['never ends its headers', 'GET /healthz HTTP/1.1\r\nX-A: ', 'a'],
    ['never ends its body', `${HEAD}Content-Length: 5000\r\n\r\n<xml>`, ' '],
    ['never ends its chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
  ])('and %s is cut off', async (_, start, byte) => {
    const door = await doorWith(QUICK);
    const { socket, ended } = dial(door);

    socket.write(start);
    if (byte) trickle(socket, byte);

    expect(await ended).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
  });

  it('keeps nobody else waiting', async () => {
    const door = await doorWith({
      ...QUICK,
      headersWithinMs: 5_000,
      requestWithinMs: 5_000,
      idleMs: 10_000,
    });
    const lines = Array.from({ length: 200 }, () => dial(door));
    for (const { socket } of lines) socket.write(`${HEAD}Content-Length: 5000\r\n\r\n<xml>`);

    expect(await door.push('plain', plainPush())).toMatchObject({ status: 200, body: 'success' });

    await Promise.all(lines.map(({ ended }) => ended));
  });

  it.each([
    ['a length', 'Content-Length: 500000\r\n\r\n', 'x'.repeat(100)],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n', `4000\r\n${'x'.repeat(0x4000)}\r\n`],
  ])('and goes on sending after it was refused is cut off (with %s)', async (_, start, more) => {
    const door = await doorWith({ ...BRIEF, requestWithinMs: 60_000, idleMs: 60_000 });
    const { socket, ended } = dial(door);

    socket.write(`${HEAD}${start}`);
    trickle(socket, more);

    expect(await ended).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('a client that speaks no HTTP', () => {
  it.each([
    ['noise', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['an unknown version', 400, 'GET / HTTP/9.9\r\n\r\n'],
    ['two lengths', 400, `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    [
      'a length and chunks',
      400,
      `${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a length below zero', 400, `${HEAD}Content-Length: -1\r\n\r\n`],
    ['a chunk of no size', 400, `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ['no host', 400, 'GET /healthz HTTP/1.1\r\n\r\n'],
    [
      'headers of 20 KB',
      431,
      `GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`,
    ],
    ['an address of 20 KB', 431, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['an expectation', 417, `${HEAD}Expect: the-impossible\r\nContent-Length: 0\r\n\r\n`],
  ])('but %s hears %i and no more', async (_, status, bytes) => {
    const door = await doorWith(BRIEF);
    const { socket, ended } = dial(door);

    socket.write(bytes, 'latin1');

    const heard = await ended;
    expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    // Node ends its own 400 with an empty chunk.
    expect(heard.split('\r\n\r\n')[1]).toMatch(/^0?$/);
    expect(await door.get('/healthz')).toMatchObject({ status: 200 });
  });

  it.each([
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    [
      'another protocol',
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
  ])('but wants %s is hung up on', async (_, bytes) => {
    const door = await doorWith(BRIEF);
    const { socket, ended } = dial(door);

    socket.write(bytes);

    expect(await ended).toBe('');
  });

  it.each(['PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE'])(
    'but %s finds nothing',
    async (method) => {
      const door = await doorWith(BRIEF);
      const { socket, ended } = dial(door);

      socket.write(`${method} /wechat/plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

      expect(await ended).toMatch(/^HTTP\/1\.1 404 /);
    },
  );
});

describe('too many', () => {
  it('connections are turned away while those in hand go on', async () => {
    const door = await doorWith({ connections: 2 });
    const first = dial(door);
    first.socket.write(
      `${HEAD}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    const second = dial(door);
    second.socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => second.socket.once('data', resolve));
    const third = dial(door);

    expect(await third.ended).toBe('');
    first.socket.write(body.slice(5));

    expect(await first.ended).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('requests on one connection end it', async () => {
    const door = await doorWith({ ...BRIEF, requestsPerSocket: 3 });
    const { socket, ended } = dial(door);

    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(6));

    expect((await ended).match(/HTTP\/1\.1 200 /g)).toHaveLength(3);
  });
});

describe('an answer', () => {
  it('names no software', async () => {
    const door = await doorWith(BRIEF);

    const { headers } = await door.get('/wechat/plain');

    expect(Object.keys(headers).sort()).toEqual([
      'cache-control',
      'connection',
      'content-length',
      'content-type',
      'date',
      'keep-alive',
      'x-content-type-options',
    ]);
  });
});

describe('a service that stops', () => {
  it('answers what is in hand, and then nobody', async () => {
    const store = storeOf({ onTestFinished });
    const door = await startDoor({ onTestFinished }, store);
    let stopped: Promise<void> | undefined;
    store.before = async () => {
      stopped = door.stop();
    };

    expect(await door.push('plain', plainPush())).toMatchObject({ status: 200, body: 'success' });
    await stopped;

    await expect(door.get('/healthz')).rejects.toThrow('ECONNREFUSED');
    expect(Object.keys(await store.kept())).toHaveLength(1);
  });
});
