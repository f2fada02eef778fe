import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clientAt, dispatcherForTest, json, loopback } from './loopback.ts';

const answer = z.object({ msg_id: z.int() });
const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** An HTTP proxy that joins every tunnel to `target`, or refuses them all. */
async function proxyTo(target: string | null) {
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    if (!target) return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const upstream = connect(Number(new URL(target).port), '127.0.0.1');
    for (const side of [socket, upstream]) side.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { tunnels, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
}

describe('a proxy', () => {
  it('is asked for a tunnel to an https address', async () => {
    const notTls = await loopback(json({}));
    const proxy = await proxyTo(notTls.baseUrl);
    const dispatcher = dispatcherForTest({ proxyUrl: proxy.url });

    const got = await clientAt('https://wechat.test', { dispatcher }).get('/x', { answer });

    expect(proxy.tunnels).toEqual(['wechat.test:443']);
    expect(got.kind).toBe('not-sent');
  });

  it('leaves the call unsent when it refuses the tunnel', async () => {
    const proxy = await proxyTo(null);
    const dispatcher = dispatcherForTest({ proxyUrl: proxy.url });

    const got = await clientAt('https://wechat.test', { dispatcher }).get('/x', { answer });

    expect(got).toEqual({ kind: 'not-sent', cause: 'connection-failed', error: 'UND_ERR_ABORTED' });
  });

  it('leaves the call unsent when it is not there', async () => {
    const dispatcher = dispatcherForTest({ proxyUrl: 'http://127.0.0.1:1' });

    const got = await clientAt('https://wechat.test', { dispatcher }).get('/x', { answer });

    expect(got).toEqual({ kind: 'not-sent', cause: 'connection-failed', error: 'ECONNREFUSED' });
  });

  it('is passed by on the way to a plain http address', async () => {
    const server = await loopback(json({ msg_id: 1 }));
    const proxy = await proxyTo(null);
    const dispatcher = dispatcherForTest({ proxyUrl: proxy.url });

    const got = await clientAt(server.baseUrl, { dispatcher }).get('/x', { answer });

    expect(got).toEqual({ kind: 'ok', value: { msg_id: 1 } });
    expect(proxy.tunnels).toEqual([]);
  });
});
