/** `/metrics`, `/healthz` and `/readyz` of one process, on a port of their own for every role. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { inTime } from './in-time.ts';
import { onceASecond } from './once-a-second.ts';
import { METRICS_HTTP, serveHttp } from './serve-http.ts';
import { SECOND } from './time.ts';
import { describeTrouble, type Trouble } from './trouble.ts';

interface MetricsServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly registry: Registry;
  /** What prevents work; none means ready. */
  readonly ready: () => Promise<readonly Trouble[]>;
  /** What will prevent it soon. */
  readonly warnings?: () => Promise<readonly Trouble[]>;
  /** It stops: not ready, whatever else. */
  readonly stopping?: AbortSignal;
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
  warnings = async () => [],
  stopping,
}: MetricsServerOptions): Promise<MetricsServer> {
  const look = onceASecond(() =>
    inTime(ready(), PATIENCE).catch((error: unknown): readonly Trouble[] => {
      const why = error instanceof Error ? error.message : String(error);
      return [{ code: 'not-examined', why }];
    }),
  );
  const warned = onceASecond(() => inTime(warnings(), PATIENCE).catch(() => []));
  const metrics = onceASecond(async () => Buffer.from(await registry.metrics()));
  const pages: Readonly<Record<string, (res: ServerResponse) => Promise<void>>> = {
    '/healthz': async (res) => answer(res, 200, 'alive\n'),
    '/readyz': async (res) => {
      const findings = stopping?.aborted ? [{ code: 'stopping' } as const] : await look();
      if (findings.length > 0) return answer(res, 503, findings.map(asLine).join(''));
      const said = (await warned()).map((warning) => `warning: ${asLine(warning)}`);
      answer(res, 200, ['ready\n', ...said].join(''));
    },
    '/metrics': async (res) => answer(res, 200, await metrics(), registry.contentType),
  };

  function handle(req: IncomingMessage, res: ServerResponse): void {
    const page = pages[(req.url ?? '').split('?')[0] ?? ''];
    if (!page) answer(res, 404, 'not found\n');
    else if (req.method !== 'GET' && req.method !== 'HEAD') answer(res, 405, 'GET only\n');
    else page(res).catch((error: unknown) => answer(res, 500, `${error}\n`));
  }
  const { url, stop } = await serveHttp({ host, port, limits: METRICS_HTTP, handle });
  const close = (): Promise<void> => stop(0);
  return { url, close, [Symbol.asyncDispose]: close };
}

const asLine = (trouble: Trouble): string => `${describeTrouble(trouble, 'en')}\n`;

function answer(
  res: ServerResponse,
  status: number,
  text: string | Buffer,
  type = 'text/plain',
): void {
  res.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  res.end(text);
}
