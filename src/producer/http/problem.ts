/** Every "no" of the HTTP API in one shape: problem+json (RFC 9457). */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { Refusal } from '../../shared/actions/refusal.ts';
import type { CampaignView } from '../../shared/campaign/campaign.ts';
import { type InWords, inWords, type Language } from '../../shared/campaign/warnings.ts';
import { type BatchView, batchView } from '../api/batch-view.ts';
import { faultOf, REDIS_RETRY_SECONDS } from './faults.ts';
import { languageOf } from './language.ts';

export interface Problem {
  /** A name, not an address: the code again, as RFC 9457 wants it. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: Refusal['errors'];
  readonly campaignId?: string;
  /** `moved`: how it is now. */
  readonly campaign?: InWords<CampaignView>;
  readonly batch?: BatchView;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Not valid',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Service unavailable',
};

const PROBLEM_TYPE = 'application/problem+json';

const problemOf = (
  { status, code, detail, errors, campaignId, campaign, batch }: ProblemFacts,
  language: Language,
): Problem => ({
  type: `urn:qunfa:problem:${code}`,
  title: TITLES[status] ?? 'Error',
  status,
  detail,
  code,
  ...(errors ? { errors } : {}),
  ...(campaignId === undefined ? {} : { campaignId }),
  ...(campaign ? { campaign: inWords(campaign, language) } : {}),
  ...(batch ? { batch: batchView(campaignId ?? '', batch) } : {}),
});

type ProblemFacts = Omit<Refusal, 'status'> & { readonly status: number };

/** Answers a refusal; nothing, where the answer has begun already. */
export function sendRefusal(res: Response, refusal: ProblemFacts): void {
  if (res.headersSent) return;
  res
    .status(refusal.status)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemOf(refusal, languageOf(res.req))));
}

/** Nothing of ours lives at this address, which is not repeated: an OpenID may stand in it. */
export const noSuchPlace: RequestHandler = (_req, res) => {
  sendRefusal(res, {
    status: 404,
    code: 'not-found',
    detail: 'nothing is at this address, or not by this method; what there is: /openapi.json',
  });
};

/**
 * What was thrown on the way to an answer. A caller's mistake says what it is, Redis away says when
 * to come back, and anything else says nothing: its detail is for the log.
 */
export function makeErrorHandler({ log }: { log: Logger }): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const fault = faultOf(error);
    if (fault.status === 503) {
      // An outage is told once; here its word, on the request's own line.
      res.locals.cause = String(error);
    } else if (fault.status >= 500) {
      log.error({ event: 'http.failed', err: error, method: req.method, path: placeOf(req) });
    }
    if (res.headersSent) {
      // Too late for a word: a broken connection is the only honest end of half an answer.
      req.socket.destroy();
      return;
    }
    if (fault.status === 503) res.set('Retry-After', String(REDIS_RETRY_SECONDS));
    sendRefusal(res, fault);
  };
}

/** The route's pattern: ids and queries stay out of the log. */
const placeOf = (req: Request): string =>
  `${req.baseUrl}${(req.route as { path?: string } | undefined)?.path ?? ''}`;
