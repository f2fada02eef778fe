/** One line a request: who, what, how long. No query, no header, no body. */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';

const ACCEPTABLE_ID = /^[\w.-]{1,64}$/;
const QUIET = ['/healthz', '/readyz', '/board'];
const LONGEST_URL = 200;

export function logRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    const began = performance.now();
    const id = idOf(req);
    res.setHeader('X-Request-Id', id);
    const { method, originalUrl } = req;
    if (QUIET.some((place) => originalUrl.startsWith(place))) return next();
    res.once('close', () => {
      const { statusCode, writableFinished, locals } = res;
      const level = statusCode >= 500 ? 'warn' : statusCode >= 400 ? 'info' : 'debug';
      log[level](
        {
          event: 'http.answered',
          by: locals.by,
          cause: locals.cause,
          req: { id, method, url: originalUrl.slice(0, LONGEST_URL) },
          res: { statusCode },
          responseTime: Math.round(performance.now() - began),
        },
        writableFinished ? 'request completed' : 'request aborted',
      );
    });
    next();
  };
}

/** The caller's own, where it may stand in a log. */
function idOf(req: Request): string {
  const given = req.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTABLE_ID.test(given) ? given : randomUUID();
}
