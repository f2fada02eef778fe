/**
 * The operator's side over HTTP: the API under /v1, the board, the page, and its own description.
 *
 *   health → (headers, log) → who asks → how often → routes → 404 → errors as problem+json
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { ServiceError } from '../shared/errors.ts';
import { HOUR, MINUTE, SECOND } from '../shared/time.ts';
import { type AuthSettings, addressFindings, limitRate, makeAuth } from './auth.ts';
import { logRequests } from './log-requests.ts';
import { makeErrorHandler, noSuchPlace } from './problem.ts';
import { readJson } from './read-json.ts';

/** Routers name their paths in full; each is served to whom its place says. */
export interface Places {
  /** No key: health, and what describes the API. */
  readonly open: readonly Router[];
  /** No key, and no calls of the API: what pages are made of. */
  readonly files?: readonly Router[];
  /** By API key; these read their bodies themselves, piece by piece. */
  readonly raw: readonly Router[];
  /** By API key; bodies are JSON. */
  readonly api: readonly Router[];
  /** For a person with the board's password: path → what is served under it. */
  readonly operator: Readonly<Record<string, RequestHandler>>;
}

export interface ProducerDependencies {
  readonly settings: AuthSettings & { readonly port: number };
  readonly places: Places;
  readonly log: Logger;
  readonly requestsPerMinute?: number;
  /** Told before the server stops, to end what would go on for ever. */
  readonly stopping?: AbortController;
}

export interface Producer {
  readonly url: string;
  readonly port: number;
  /** Answers what is in hand, then ends. */
  stop(): Promise<void>;
}

const REQUESTS_PER_MINUTE = 600;
const STOP_WITHIN = 10 * SECOND;

/** @throws {ServiceError} `CONFIG_INVALID`: the address is open to others and there is no key. */
export async function startProducer(deps: ProducerDependencies): Promise<Producer> {
  const { settings, stopping } = deps;
  const findings = addressFindings(settings);
  if (findings.length > 0) throw new ServiceError('CONFIG_INVALID', findings.join('\n'));

  const server = createServer(
    {
      // A list of ten million OpenIDs takes its time; a connection on which nothing moves does not.
      requestTimeout: HOUR,
      headersTimeout: 20 * SECOND,
      keepAliveTimeout: 10 * SECOND,
    },
    makeApp(deps),
  );
  server.setTimeout(2 * MINUTE);
  server.listen(settings.port, settings.host);
  await once(server, 'listening');

  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    port,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      stopping?.abort();
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), STOP_WITHIN);
      await closed;
      clearTimeout(timer);
    },
  };
}

function makeApp(deps: ProducerDependencies): express.Express {
  const { settings, places, log, requestsPerMinute = REQUESTS_PER_MINUTE } = deps;
  const auth = makeAuth(settings);
  const app = express();
  app.disable('x-powered-by').disable('etag').set('case sensitive routing', true);
  app.use(logRequests(log), securityHeaders(settings.publicUrl));

  for (const router of [...places.open, ...(places.files ?? [])]) app.use(router);
  app.use('/v1', auth.api, limitRate({ perMinute: requestsPerMinute }), (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  for (const router of places.raw) app.use(router);
  app.use('/v1', readJson);
  for (const router of places.api) app.use(router);
  app.use('/v1', noSuchPlace);
  for (const [path, served] of Object.entries(places.operator)) {
    app.use(path, auth.operator, served);
  }
  app.use(noSuchPlace);
  app.use(makeErrorHandler({ log }));
  return app;
}

/**
 * Everything comes from here, so that the board, the page and the API's description render without
 * asking anybody else. Only styles may stand inline: the board and Swagger UI set them by script.
 */
function securityHeaders(publicUrl: string | undefined): RequestHandler {
  const isHttps = publicUrl?.startsWith('https:') === true;
  return helmet({
    strictTransportSecurity: isHttps,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'script-src': ["'self'"],
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:'],
        'font-src': ["'self'", 'data:'],
        'connect-src': ["'self'"],
        'object-src': ["'none'"],
        'base-uri': ["'self'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
      },
    },
  });
}
