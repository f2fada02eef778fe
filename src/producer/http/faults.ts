/** What an error, thrown while a request was served, means for whoever asked. */

import type { Problem } from '../../shared/contract/problem.ts';
import { type ErrorCode, ServiceError } from '../../shared/platform/errors.ts';

export const REDIS_RETRY_SECONDS = 2;

/** We stop, and what a caller was sending is dropped. */
export class Stopping extends Error {
  override name = 'Stopping';
}

/** What a caller did wrong, as body-parser and express name it. */
const CALLER_MISTAKES: Readonly<Record<string, Problem>> = {
  'entity.too.large': { code: 'body-too-large' },
  'encoding.unsupported': {
    code: 'content-encoding-unsupported',
    accepted: ['gzip', 'deflate', 'br'],
  },
  'request.size.invalid': { code: 'body-cut-short' },
  'request.aborted': { code: 'body-cut-short' },
};

/** Errors of ours that a request may meet: Redis, or what was looked at, has gone meanwhile. */
const KNOWN: Partial<Readonly<Record<ErrorCode, Problem>>> = {
  REDIS_AWAY: { code: 'redis-unavailable' },
  REDIS_FULL: { code: 'redis-full' },
  REPLICAS_BEHIND: { code: 'replicas-behind' },
  CAMPAIGN_NOT_FOUND: { code: 'campaign-not-found' },
  BATCH_TRANSITION_ILLEGAL: { code: 'batch-moved-on' },
  LIST_BROKEN: { code: 'audience-gone' },
};

export function faultOf(error: unknown): Problem {
  if (isRedisAway(error)) return { code: 'redis-unavailable' };
  if (error instanceof ServiceError) return KNOWN[error.code] ?? { code: 'internal' };
  if (error instanceof Stopping) return { code: 'stopping' };
  if (isCallerGone(error)) return { code: 'body-cut-short' };
  const { type, status } = Object(error) as { type?: unknown; status?: unknown };
  const known = typeof type === 'string' ? CALLER_MISTAKES[type] : undefined;
  if (known) return known;
  if (isUnpacking(error)) return { code: 'body-not-unpacked' };
  if (error instanceof URIError) return { code: 'path-malformed' };
  const isCallers = typeof status === 'number' && status >= 400 && status < 500;
  return { code: isCallers ? 'bad-request' : 'internal' };
}

/** zlib's. */
const isUnpacking = (error: unknown): boolean =>
  String((Object(error) as NodeJS.ErrnoException).code).startsWith('Z_');

/** The connection on which the request came broke, so nobody will read the answer. */
function isCallerGone(error: unknown): boolean {
  const { code, syscall, message } = Object(error) as NodeJS.ErrnoException;
  return (
    (code === 'ECONNRESET' && (message === 'aborted' || syscall === 'read')) ||
    code === 'ERR_STREAM_PREMATURE_CLOSE'
  );
}

const AWAY_CODES = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND'];
const AWAY_NAMES = ['MaxRetriesPerRequestError', 'ClusterAllFailedError'];
/** The sentences of ioredis for which it has neither a class nor a code; a test meets each of them. */
const AWAY_SENTENCES =
  /^(Stream isn't writeable|Connection is closed|Command timed out|Socket timeout|Cluster isn't ready|Too many Cluster redirections)/;
/** Redis' own replies begin with a code. */
const AWAY_REPLIES =
  /^(LOADING|MASTERDOWN|READONLY|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|NOREPLICAS|OOM|MISCONF) /;
/** Redis 6 wraps what a script met. */
const WITHIN_A_SCRIPT = /-(OOM|MISCONF|READONLY|MOVED|CLUSTERDOWN) /;

interface Aborted {
  readonly previousErrors?: readonly unknown[];
}

function isRedisAway(error: unknown): boolean {
  if (error instanceof ServiceError || !(error instanceof Error)) return false;
  const { code, syscall, previousErrors = [] } = error as NodeJS.ErrnoException & Aborted;
  // A full Redis refuses the commands of a transaction, and then the whole.
  if (previousErrors.some(isRedisAway)) return true;
  if (AWAY_NAMES.includes(error.name) || AWAY_SENTENCES.test(error.message)) return true;
  if (AWAY_REPLIES.test(error.message) || WITHIN_A_SCRIPT.test(error.message)) return true;
  // A caller's own connection breaks while it is read or written; to Redis we connect.
  return syscall === 'connect' && AWAY_CODES.includes(code ?? '');
}
