/** Every "no" of the HTTP API in one shape: problem+json (RFC 9457). */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { batchView } from '../../shared/contract/batch-view.ts';
import { inWords } from '../../shared/contract/campaign-words.ts';
import { type Problem, type ProblemOf, STATUS } from '../../shared/contract/problem.ts';
import { describeProblem, titleOf } from '../../shared/contract/problem-words.ts';
import type { Language } from '../../shared/platform/sentences.ts';
import { faultOf, REDIS_RETRY_SECONDS } from './faults.ts';
import { languageOf } from './language.ts';

const PROBLEM_TYPE = 'application/problem+json';

/** The code, its facts beside it, and both as a sentence; `type` is a name, not an address. */
function bodyOf(problem: Problem, language: Language): object {
  const { code } = problem;
  return {
    type: `urn:qunfa:problem:${code}`,
    title: titleOf(STATUS[code], language),
    ...describeProblem(problem, language),
    ...(problem.code === 'moved' ? shownNow(problem, language) : {}),
  };
}

/** `moved`: how it is now, as the API shows it. */
const shownNow = (
  { campaignId = '', campaign, batch }: ProblemOf<'moved'>,
  language: Language,
): object => ({
  ...(campaign ? { campaign: inWords(campaign, language) } : {}),
  ...(batch ? { batch: batchView(campaignId, batch, language) } : {}),
});

/** When to come back to what is busy or away. */
const RETRY_SECONDS = '5';

/** Answers a refusal; nothing, where the answer has begun already. */
export function sendRefusal(res: Response, problem: Problem): void {
  if (res.headersSent) return;
  const status = STATUS[problem.code];
  res.locals.code = problem.code;
  if (status === 503 && !res.hasHeader('Retry-After')) res.set('Retry-After', RETRY_SECONDS);
  res
    .status(status)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(bodyOf(problem, languageOf(res.req))));
}

/** Nothing of ours lives at this address, which is not repeated: an OpenID may stand in it. */
export const noSuchPlace: RequestHandler = (_req, res) => {
  sendRefusal(res, { code: 'not-found' });
};

/**
 * What was thrown on the way to an answer. A caller's mistake says what it is, Redis away says when
 * to come back, and anything else says nothing: its detail is for the log.
 */
export function makeErrorHandler({ log }: { log: Logger }): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const fault = faultOf(error);
    const status = STATUS[fault.code];
    if (status === 503) {
      // An outage is told once; here its word, on the request's own line.
      res.locals.cause = String(error);
    } else if (status >= 500) {
      log.error({ event: 'http.failed', err: error, method: req.method, path: placeOf(req) });
    }
    if (res.headersSent) {
      // Too late for a word: a broken connection is the only honest end of half an answer.
      req.socket.destroy();
      return;
    }
    if (status === 503) res.set('Retry-After', String(REDIS_RETRY_SECONDS));
    sendRefusal(res, fault);
  };
}

/** The route's pattern: ids and queries stay out of the log. */
const placeOf = (req: Request): string =>
  `${req.baseUrl}${(req.route as { path?: string } | undefined)?.path ?? ''}`;
