/** `/metrics`, `/healthz` and `/readyz` of one process, on a port of their own for every role. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { inTime } from './in-time.ts';
import { SECOND } from './time.ts';

export interface MetricsServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly registry: Registry;
  /** What stands in the way of work, in sentences; none means ready. */
  readonly ready: () => Promise<readonly string[]>;
}

export interface MetricsServer extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

const PATIENCE = 5 * SECOND;

/** @throws when the address cannot be listened on. */
export async function startMetricsServer({
  host,
  port,
  registry,
  ready,
}: MetricsServerOptions): Promise<MetricsServer> {
  const pages: Readonly<Record<string, (res: ServerResponse) => Promise<void>>> = {
    '/healthz': async (res) => answer(res, 200, 'alive\n'),
    '/readyz': async (res) => {
      const findings = await inTime(ready(), PATIENCE).catch((error: unknown) => [
        error instanceof Error ? error.message : String(error),
      ]);
      if (findings.length === 0) answer(res, 200, 'ready\n');
      else answer(res, 503, findings.map((sentence) => `${sentence}\n`).join(''));
    },
    '/metrics': async (res) => answer(res, 200, await registry.metrics(), registry.contentType),
  };

  const server = createServer((req, res) => {
    const page = pages[(req.url ?? '').split('?')[0] ?? ''];
    if (!page) return answer(res, 404, 'not found\n');
    if (req.method !== 'GET' && req.method !== 'HEAD') return answer(res, 405, 'GET only\n');
    page(res).catch((error: unknown) => answer(res, 500, `${error}\n`));
  });
  server.listen(port, host);
  await once(server, 'listening');

  const { address, family, port: taken } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function answer(res: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  res.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  res.end(text);
}
