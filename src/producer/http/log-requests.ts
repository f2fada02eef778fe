/** One line a request: who, what, how long. No query, no header, no body. */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Numbers } from '../../shared/platform/metrics.ts';

const ACCEPTABLE_ID = /^[\w.-]{1,64}$/;
const QUIET = ['/healthz', '/readyz', '/board'];
const LONGEST_URL = 200;

export function logRequests(log: Logger, numbers?: Pick<Numbers, 'observe'>): RequestHandler {
  return (req, res, next) => {
    const began = performance.now();
    const id = idOf(req);
    res.setHeader('X-Request-Id', id);
    const { method, originalUrl } = req;
    const isQuiet = QUIET.some((place) => originalUrl.startsWith(place));
    res.on('close', () => {
      const { statusCode, writableFinished, locals } = res;
      const ms = performance.now() - began;
      if (res.get('Content-Type')?.startsWith('text/event-stream') !== true) {
        const labels = { route: placeOf(req), method, status: String(statusCode) };
        numbers?.observe('qunfa_http_request_duration_seconds', ms, labels);
      }
      if (isQuiet) return;
      const level = statusCode >= 500 ? 'warn' : statusCode >= 400 ? 'info' : 'debug';
      log[level](
        {
          event: 'http.answered',
          by: locals.by,
          code: locals.code,
          cause: locals.cause,
          req: { id, method, url: originalUrl.slice(0, LONGEST_URL) },
          res: { statusCode },
          responseTime: Math.round(ms),
        },
        writableFinished ? 'request completed' : 'request aborted',
      );
    });
    next();
  };
}

/** The route's pattern, so that no id is in it; `other` for what is no route. */
export function placeOf({ baseUrl, route, originalUrl }: Request): string {
  if (/^\/board(\/|$)/.test(originalUrl)) return '/board';
  const path = (route as { path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? `${baseUrl}${path}` : 'other';
}

/** The caller's own, where it may stand in a log. */
function idOf(req: Request): string {
  const given = req.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTABLE_ID.test(given) ? given : randomUUID();
}
