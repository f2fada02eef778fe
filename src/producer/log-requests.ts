/** One line a request: who, what, how long. No query, no header, no body. */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

const ACCEPTABLE_ID = /^[\w.-]{1,64}$/;
const QUIET = ['/healthz', '/readyz', '/board'];

export function logRequests(log: Logger): RequestHandler {
  return pinoHttp<Request, Response>({
    logger: log,
    wrapSerializers: false,
    quietReqLogger: true,
    genReqId(req, res) {
      const given = req.headers['x-request-id'];
      const id = typeof given === 'string' && ACCEPTABLE_ID.test(given) ? given : randomUUID();
      res.setHeader('X-Request-Id', id);
      return id;
    },
    autoLogging: {
      ignore: ({ originalUrl }) => QUIET.some((place) => originalUrl.startsWith(place)),
    },
    serializers: {
      req: ({ id, method, originalUrl }: Request) => ({
        id,
        method,
        path: (originalUrl.split('?')[0] ?? '').slice(0, 200),
      }),
      res: ({ statusCode }: Response) => ({ statusCode }),
    },
    customSuccessObject: (_req, res, fields) => ({ ...fields, ...factsOf(res) }),
    // Its stack is pino-http's own, or was logged where it was thrown.
    customErrorObject: (_req, res, { message }, { err: _, ...fields }) => ({
      ...fields,
      ...factsOf(res),
      cause: message,
    }),
    customLogLevel: (_req, res, error) =>
      res.statusCode >= 500 || error ? 'warn' : res.statusCode >= 400 ? 'info' : 'debug',
  });
}

const factsOf = (res: Response) => ({ event: 'http.answered', by: res.locals.by });
