/** What the other side of a call can do to us: answer late, for ever, at length, or with a detour. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { Agent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exchange, NoAnswerInTime } from '../../../src/shared/platform/exchange.ts';

async function otherSide(server: Server | ReturnType<typeof createTcpServer>): Promise<URL> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

function call(url: URL, { maxBytes = 1_000, withinMs = 60_000 } = {}) {
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  return exchange(dispatcher, { url, method: 'POST', body: 'x', maxBytes, withinMs });
}

describe('a call', () => {
  it('ends at its deadline while the answer comes byte by byte', async () => {
    const url = await otherSide(
      createServer((_, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('.'), 10);
        response.once('close', () => clearInterval(timer));
      }),
    );

    const answer = await call(url, { withinMs: 200 });

    expect(answer).toEqual({ kind: 'failed', sent: true, error: expect.any(NoAnswerInTime) });
  });

  it('ends at its deadline while the headers come byte by byte', async () => {
    const url = await otherSide(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.write('HTTP/1.1 200 OK\r\nX-A: ');
        const timer = setInterval(() => socket.write('a'), 10);
        socket.once('close', () => clearInterval(timer));
      }),
    );

    expect(await call(url, { withinMs: 200 })).toMatchObject({ kind: 'failed', sent: true });
  });

  it('reads an answer up to its limit, and none beyond it', async () => {
    const url = await otherSide(
      createServer((request, response) => {
        response.end('x'.repeat(request.url === '/long' ? 1_001 : 1_000));
      }),
    );

    expect(await call(url)).toMatchObject({ kind: 'answered', status: 200 });
    expect(await call(new URL('/long', url))).toMatchObject({ kind: 'failed', sent: true });
  });

  it('follows no redirect', async () => {
    const paths: (string | undefined)[] = [];
    const url = await otherSide(
      createServer((request, response) => {
        paths.push(request.url);
        response.writeHead(307, { location: '/elsewhere' }).end();
      }),
    );

    expect(await call(url)).toMatchObject({ kind: 'answered', status: 307 });
    expect(paths).toEqual(['/']);
  });

  it('whose status says all is over with it, and its connection, too', async () => {
    let closed: Promise<unknown> | undefined;
    const url = await otherSide(
      createServer((_, response) => {
        closed = once(response, 'close');
        response.writeHead(200, { 'content-length': 1e9 }).write('x');
      }),
    );

    expect(await call(url, { maxBytes: 0 })).toMatchObject({ kind: 'answered', status: 200 });
    await closed;
  });

  it('that reached nobody is known not to have been sent', async () => {
    expect(await call(new URL('http://127.0.0.1:1/'))).toMatchObject({
      kind: 'failed',
      sent: false,
    });
  });
});

describe('whoever calls out', () => {
  it('goes by the one way, but for the client, which is a package of its own', () => {
    const src = join(import.meta.dirname, '../../../src');
    const callers = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => {
      if (!file.endsWith('.ts') || file.startsWith('sandbox/')) return false;
      const code = readFileSync(join(src, file), 'utf8');
      const takesUndicis =
        /import \{[^}]*\b(?:request|fetch|stream|pipeline)\b[^}]*\} from 'undici'/;
      return (
        takesUndicis.test(code) || /\bawait fetch\(\w|\.dispatch\(|\bhttps?\.request\(/.test(code)
      );
    });

    expect(callers.sort()).toEqual(['client/transport.ts', 'shared/platform/exchange.ts']);
  });
});
