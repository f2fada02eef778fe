/**
 * Producers behind a proxy are restarted one after the other under load. ROLLING_RESTARTS sets how
 * often (3); what was measured with 50 is in docs/operations.md.
 */
import { createServer, request as forward, Agent as HttpAgent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, fetch } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { start } from '../../src/producer/start.ts';
import { loadConfig } from '../../src/shared/platform/config.ts';
import { type Running, stopGently } from '../../src/shared/platform/running.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { recordedLog } from '../support/log-lines.ts';
import { testRedis } from '../support/redis.ts';

const RESTARTS = Number(process.env.ROLLING_RESTARTS ?? 3);
const LOOK_EVERY = 50;
const { url, prefix } = testRedis();

const startOne = (port: number): Promise<Running> =>
  start({
    config: {
      ...loadConfig({ REDIS_URL: url, PRODUCER_PORT: String(port) }),
      accounts: [{ name: 'default', appId: 'wx1', appSecret: 's' } as never],
      isSandbox: true,
    },
    log: recordedLog('warn').log,
    prefix,
    reload: () => loadConfig({}),
  });
const portOf = ({ addresses }: Running): number => Number(new URL(addresses.API ?? '').port);

/** Sends each request on to a producer that said it is ready; to another one only where none was reached. */
async function startProxy(ports: readonly number[]) {
  const agent = new HttpAgent({ keepAlive: true });
  let ready = [...ports];
  let next = 0;
  /** Requests that a producer has and has not answered. */
  const underWay = new Map(ports.map((port) => [port, 0]));
  const count = (port: number, more: number): void => {
    underWay.set(port, (underWay.get(port) ?? 0) + more);
  };
  const failures = new Set<string>();
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', () => pass(Buffer.concat(chunks), ready.length));
    function pass(body: Buffer, tries: number): void {
      const port = ready[next++ % ready.length] ?? ports[0] ?? 0;
      count(port, 1);
      const { method, url: path, headers } = req;
      const out = forward({ port, method, path, headers, agent }, (answer) => {
        res.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(res);
      });
      out.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED' && tries > 0) return pass(body, tries - 1);
        res.writeHead(502).end();
        failures.add(`${error.code} ${error.message}`);
      });
      out.on('close', () => count(port, -1));
      out.end(body);
    }
  });
  const timer = setInterval(async () => {
    const looks = await Promise.all(
      ports.map((port) =>
        fetch(`http://127.0.0.1:${port}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      ),
    );
    const those = ports.filter((_, at) => looks[at]);
    if (those.length > 0) ready = those;
  }, LOOK_EVERY);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ready: () => ready,
    /** It has seen that this one leaves, and waits for nothing of it. */
    isWithout: (port: number): boolean => !ready.includes(port) && underWay.get(port) === 0,
    failures,
    stop() {
      clearInterval(timer);
      agent.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}

it('loses no request while each of two producers is restarted behind a proxy', {
  timeout: 120_000 + RESTARTS * 4_000,
}, async () => {
  const producers = await Promise.all([startOne(0), startOne(0)]);
  const ports = producers.map(portOf);
  const proxy = await startProxy(ports);
  const dispatcher = new Agent({ connections: 8 });
  let isOver = false;
  onTestFinished(async () => {
    isOver = true;
    proxy.stop();
    await dispatcher.close();
    await Promise.all(producers.map((one) => one.stop()));
  });
  const statuses = new Map<number | string, number>();
  async function ask(n: number): Promise<void> {
    while (!isOver) {
      // A POST, which a proxy must not repeat; this one is refused.
      const path = n % 2 === 0 ? '/v1/campaigns?limit=1' : '/v1/campaigns';
      const init = n % 2 === 0 ? {} : { method: 'POST', body: '{}', headers: JSON_TYPE };
      const status = await fetch(proxy.url + path, { ...init, dispatcher }).then(
        async (answer) => {
          await answer.arrayBuffer();
          return answer.status;
        },
        (error: Error) => String(error.cause ?? error),
      );
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  }
  const asking = Promise.all(Array.from({ length: 8 }, (_, n) => ask(n)));

  for (let n = 0; n < RESTARTS; n += 1) {
    const at = n % 2;
    const hurry = new AbortController();
    const stopping = stopGently(producers[at] as Running, 2 * MINUTE, hurry.signal);
    // What DRAIN_SECONDS is for, however long a busy machine takes.
    await expect.poll(() => proxy.isWithout(ports[at] ?? 0)).toBe(true);
    hurry.abort();
    await stopping;
    producers[at] = await startOne(ports[at] ?? 0);
    // As any rolling restart does: the next one goes when this one takes requests.
    await expect.poll(proxy.ready).toHaveLength(2);
  }
  isOver = true;
  await asking;

  if (RESTARTS > 3) console.log(`${RESTARTS} restarts:`, Object.fromEntries(statuses));
  expect([...proxy.failures]).toEqual([]);
  expect([...statuses.keys()].sort()).toEqual([200, 422]);
});

const JSON_TYPE = { 'content-type': 'application/json' };
