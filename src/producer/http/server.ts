/**
 * The operator's side over HTTP: the API under /v1, the board, the page, and its own description.
 *
 *   (log, headers) → /v1: who asks → how often → routes → 404; the rest → 404; errors as problem+json
 */

import express, { type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Problem } from '../../shared/contract/problem.ts';
import { ServiceError } from '../../shared/platform/errors.ts';
import type { Numbers } from '../../shared/platform/metrics.ts';
import { type HttpLimits, PRODUCER_HTTP, serveHttp } from '../../shared/platform/serve-http.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { type AuthSettings, addressFindings, makeAuth } from './auth.ts';
import { hasAllRights, hasCaller, refusalOf, rightsOf } from './caller.ts';
import { type CountRequest, limitRate } from './limit-rate.ts';
import { logRequests } from './log-requests.ts';
import { makeErrorHandler, noSuchPlace, sendRefusal } from './problem.ts';
import { cutOffRefused } from './refused-bodies.ts';
import type { Route } from './route.ts';
import { traceRequests } from './trace-requests.ts';

/** What is served, and to whom. */
export interface Served {
  /** Of the API: by API key, unless a route says that it needs none. */
  readonly routes: readonly Route[];
  /** Whose a campaign or a list is, by the path that names it; null where that is unknown. */
  readonly accountOf?: (
    named: Readonly<Partial<Record<'campaign' | 'audience', string | undefined>>>,
  ) => Promise<string | null>;
  /** No key: what pages are made of. */
  readonly files?: readonly Router[];
  /** For a person with the board's password: path → what is served under it. */
  readonly operator?: Readonly<Record<string, RequestHandler>>;
}

export interface ProducerDependencies {
  readonly settings: AuthSettings & {
    readonly port: number;
    /** Of one key: calls that change something, and those that only read. */
    readonly requestsPerMinute: number;
    readonly readsPerMinute: number;
  };
  readonly served: Served;
  readonly log: Logger;
  readonly numbers?: Numbers;
  /** Of one operator. */
  readonly pagesPerMinute?: number;
  /** Where requests of a caller are counted, if not in this process alone. */
  readonly countIn?: (what: 'reads' | 'changes' | 'pages') => CountRequest;
  /** Told before the server stops, to end what would go on for ever. */
  readonly stopping?: AbortController;
  /** Only where a test cannot wait. */
  readonly limits?: Partial<HttpLimits>;
}

export interface Producer {
  readonly url: string;
  readonly port: number;
  /** Answers as before, and has connections end. */
  leave(): void;
  /** Answers what is in hand, then ends. */
  stop(): Promise<void>;
}

/** Of an operator's browser: a page is some five requests, and an open one is a stream. */
const PAGES_PER_MINUTE = 1_200;
const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';
const STOP_WITHIN = 10 * SECOND;

/** @throws {ServiceError} `CONFIG_INVALID`: the address is open to others and there is no key. */
export async function startProducer(deps: ProducerDependencies): Promise<Producer> {
  const { settings, stopping } = deps;
  const findings = addressFindings(settings);
  if (findings.length > 0) {
    const en = findings.map(([sentence]) => sentence).join('\n');
    const zh = findings.map(([, sentence]) => sentence).join('\n');
    throw new ServiceError('CONFIG_INVALID', en, { details: { text: [en, zh] } });
  }

  const limits = { ...PRODUCER_HTTP, ...deps.limits };
  const { host, port } = settings;
  const http = await serveHttp({ host, port, limits, handle: makeApp(deps, limits) });
  return {
    url: http.url,
    port: http.port,
    leave: http.leave,
    async stop() {
      const stopped = http.stop(STOP_WITHIN);
      stopping?.abort();
      await stopped;
    },
  };
}

function makeApp(deps: ProducerDependencies, { lingerMs }: HttpLimits): express.Express {
  const { settings, served, log, countIn } = deps;
  const { requestsPerMinute, readsPerMinute } = settings;
  const auth = makeAuth(settings);
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(
    logRequests(log, deps.numbers),
    securityHeaders(settings.publicUrl),
    cutOffRefused(lingerMs),
  );

  const limits = [
    limitRate({ perMinute: readsPerMinute, count: countIn?.('reads'), counts: isRead }),
    limitRate({
      ...{ perMinute: requestsPerMinute, count: countIn?.('changes') },
      counts: (method) => !isRead(method),
    }),
  ];
  app.use('/v1', auth.api, ...limits, traceRequests, (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  app.use(forCallers(routerOf(served.routes.filter(needsKey), served.accountOf)));
  app.use('/v1', noSuchPlace);
  app.use(routerOf(served.routes.filter((route) => !needsKey(route))), ...(served.files ?? []));
  const pageLimit = limitRate({
    ...{ perMinute: deps.pagesPerMinute ?? PAGES_PER_MINUTE, count: countIn?.('pages') },
    counts: () => true,
  });
  for (const [path, handler] of Object.entries(served.operator ?? {})) {
    app.use(path, auth.operator, pageLimit, guardPage(path, served), traceRequests, handler);
  }
  app.use(noSuchPlace);
  app.use(makeErrorHandler({ log }));
  return app;
}

const needsKey = (route: Route): boolean => route.needsKey !== false;

function routerOf(routes: readonly Route[], accountOf?: Served['accountOf']): Router {
  const router = express.Router();
  for (const route of routes) {
    const { method, path, handlers } = route;
    router[method](path, ...(needsKey(route) ? [guard(route, accountOf)] : []), ...handlers);
  }
  return router;
}

/**
 * What a page shows or does needs what the API's route of the same name needs: `POST /page/<x>` what
 * `POST /v1/<x>` does; the page itself looks at the account. The board shows every job and may run
 * it, so it needs every right.
 */
function guardPage(place: string, { routes }: Served): RequestHandler {
  const known = routes.map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replaceAll(/:\w+/g, '([^/]+)')}$`),
  }));
  return (req, res, next) => {
    const rights = rightsOf(res);
    if (hasAllRights(rights)) return next();
    const path = req.path
      .replace(/^\/page\//, '/v1/')
      .replace(/\/webhook-replay$/, '/webhook/replay')
      .replace(/\/resume-restored$/, '/resume')
      .replace(/\/(?:reschedule|remove)$/, '');
    const isReading = req.method === 'GET' || req.method === 'HEAD';
    const found = known.find(
      ({ route, pattern }) => (route.method === 'get') === isReading && pattern.test(path),
    );
    const permission =
      found?.route.permission ?? (isReading ? 'read' : COMPOSING.test(path) ? 'send' : undefined);
    const refused: Problem | null =
      place !== '/' || permission === undefined
        ? { code: 'not-permitted', permission: 'decide' }
        : refusalOf(rights, permission);
    if (refused) return sendRefusal(res, refused);
    next();
  };
}

/** Drafts of campaigns; their last form is held against the rights once more. */
const COMPOSING = /^\/v1\/(?:new(?:\/|$)|campaigns\/[^/]+\/copy$)/;

/** What the path names must be of an account that the caller may see. */
const guard =
  ({ path, permission = 'decide' }: Route, accountOf?: Served['accountOf']): RequestHandler =>
  async (req, res, next) => {
    const { name, id } = req.params as Readonly<Record<string, string | undefined>>;
    const rights = rightsOf(res);
    const isOf = (place: string): boolean => path.startsWith(`/v1/${place}/:`);
    const account =
      rights.accounts === null
        ? null
        : isOf('accounts')
          ? (name ?? null)
          : await accountOf?.({
              campaign: isOf('campaigns') ? id : undefined,
              audience: isOf('audiences') ? id : undefined,
            });
    const refused = refusalOf(rights, permission, account);
    if (refused) return sendRefusal(res, refused);
    next();
  };

/**
 * Whatever path leads here, it is no way around the key: a router's idea of `/V1/campaigns` need not
 * be the same as that of what asked for the key.
 */
const forCallers =
  (router: Router): RequestHandler =>
  (req, res, next) =>
    hasCaller(res) ? router(req, res, next) : next();

/**
 * Everything comes from here, so that the board, the page and the API's description render without
 * asking anybody else. Only styles may stand inline: the board and Swagger UI set them by script.
 * The headers are the same on every answer, so helmet is asked for them once.
 */
function securityHeaders(publicUrl: string | undefined): RequestHandler {
  const isHttps = publicUrl?.startsWith('https:') === true;
  const headers = new Map<string, string>();
  const noted = { setHeader: headers.set.bind(headers), removeHeader: () => undefined };
  const note = helmet({
    strictTransportSecurity: isHttps,
    // Under `no-referrer` a browser calls the page's own forms `Origin: null`, and none is taken.
    referrerPolicy: { policy: 'same-origin' },
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
  note({} as never, noted as never, () => undefined);
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value);
    next();
  };
}
