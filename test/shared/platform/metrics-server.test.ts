import { Counter, Gauge } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { makeRegistry } from '../../../src/shared/platform/metrics.ts';
import {
  type MetricsServer,
  startMetricsServer,
} from '../../../src/shared/platform/metrics-server.ts';
import type { Trouble } from '../../../src/shared/platform/trouble.ts';

let server: MetricsServer | undefined;

afterEach(() => server?.close());

const none = async (): Promise<readonly Trouble[]> => [];

async function start(ready = none, warnings = none) {
  const registry = makeRegistry({ role: 'worker' });
  server = await startMetricsServer({ host: '127.0.0.1', port: 0, registry, ready, warnings });
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`${server?.url}${path}`, { method });
    return { status: response.status, text: await response.text() };
  };
  return { registry, get };
}

describe('the metrics server', () => {
  it('shows the numbers of the role and of its process', async () => {
    const { registry, get } = await start();
    new Counter({ name: 'batches_total', help: 'Batches', registers: [registry] }).inc(3);

    const { status, text } = await get('/metrics');

    expect(status).toBe(200);
    expect(text).toContain('batches_total{role="worker"} 3');
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('counts and writes them once a second, however often it is asked', async () => {
    const { registry, get } = await start();
    let counted = 0;
    const collect = () => {
      counted += 1;
    };
    new Gauge({ name: 'seen', help: 'Seen', registers: [registry], collect });

    const pages = await Promise.all(Array.from({ length: 20 }, () => get('/metrics')));

    expect(new Set(pages.map(({ text }) => text)).size).toBe(1);
    expect(counted).toBe(1);
  });

  it('is alive even when it is not ready', async () => {
    const { get } = await start(async () => [
      { code: 'redis-silent', why: 'ECONNREFUSED' },
      { code: 'no-account' },
    ]);

    expect(await get('/healthz')).toEqual({ status: 200, text: 'alive\n' });
    expect(await get('/readyz')).toEqual({
      status: 503,
      text: 'Redis does not answer: ECONNREFUSED\nno account is configured: set WECHAT_APP_ID or ACCOUNTS_FILE\n',
    });
  });

  it('is ready when nothing stands in the way', async () => {
    const { get } = await start();

    expect(await get('/readyz?verbose')).toEqual({ status: 200, text: 'ready\n' });
  });

  it('is ready, and says what will stand in the way', async () => {
    const warnings = async () => [{ code: 'redis-nearly-full', percent: 95 }] as const;
    const { get } = await start(undefined, warnings);

    expect(await get('/readyz')).toEqual({
      status: 200,
      text: expect.stringMatching(/^ready\nwarning: Redis uses 95 % of .*\n$/),
    });
  });

  it('is not ready when the question itself fails', async () => {
    const { get } = await start(() => Promise.reject(new Error('cannot tell')));

    expect(await get('/readyz')).toEqual({ status: 503, text: 'cannot tell\n' });
  });

  it('has nothing else, and nothing can be changed through it', async () => {
    const { get } = await start();

    expect((await get('/')).status).toBe(404);
    expect((await get('/metrics', 'POST')).status).toBe(405);
  });

  it('says when its port is taken, and gives it back when closed', async () => {
    const { registry } = await start();
    const port = Number(new URL(server?.url ?? '').port);
    const again = () =>
      startMetricsServer({ host: '127.0.0.1', port, registry, ready: async () => [] });

    await expect(again()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await server?.close();
    server = await again();

    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });
});
