/** A span for each request of a known caller, whose own trace it continues. */
import type { RequestHandler } from 'express';
import { isTracing, withSpan } from '../../shared/platform/tracing.ts';
import { placeOf } from './log-requests.ts';

export const traceRequests: RequestHandler = (req, res, next) => {
  if (!isTracing()) return next();
  const { method } = req;
  const parent = req.get('traceparent');
  withSpan({ name: method, kind: 'server', parent }, (span) => {
    res.once('close', () => {
      const route = placeOf(req);
      span.updateName(`${method} ${route}`);
      span.setAttributes({
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': res.statusCode,
      });
      span.end();
    });
    next();
  });
};
