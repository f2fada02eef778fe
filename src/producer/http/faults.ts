/** What an error, thrown while a request was served, means for whoever asked. */

import type { Refusal } from '../../shared/actions/refusal.ts';
import { type ErrorCode, ServiceError } from '../../shared/platform/errors.ts';

export interface Fault extends Omit<Refusal, 'status'> {
  readonly status: number;
}

export const REDIS_RETRY_SECONDS = 2;

/** We stop, and what a caller was sending is dropped. */
export class Stopping extends Error {
  override name = 'Stopping';
}

/** body-parser's and express' own words for what a caller did wrong. */
const CALLER_MISTAKES: Readonly<Record<string, Fault>> = {
  'entity.verify.failed': {
    status: 400,
    code: 'body-not-utf8',
    detail: 'the body is not UTF-8; save and send it as UTF-8',
  },
  'entity.too.large': {
    status: 413,
    code: 'body-too-large',
    detail:
      'the body is too large: JSON may have 16 MiB (lists of OpenIDs go to POST /v1/audiences, files to POST /v1/media), an event of WeChat’s 64 KiB',
  },
  'encoding.unsupported': {
    status: 415,
    code: 'content-encoding-unsupported',
    detail: 'Content-Encoding may be gzip, deflate, br or absent',
  },
  'charset.unsupported': {
    status: 415,
    code: 'charset-unsupported',
    detail: 'the charset of the body must be utf-8',
  },
  'request.size.invalid': {
    status: 400,
    code: 'body-cut-short',
    detail: 'the body has another length than Content-Length says',
  },
  'request.aborted': {
    status: 400,
    code: 'body-cut-short',
    detail: 'the connection ended before the body did',
  },
};

const STOPPING: Fault = {
  status: 503,
  code: 'stopping',
  detail: 'the producer stops; nothing was kept of this, send it again',
};

const INTERNAL: Fault = {
  status: 500,
  code: 'internal',
  detail: 'this failed here and was logged',
};

/** What was looked at has changed or gone before it could be changed. */
const RACES: Partial<Readonly<Record<ErrorCode, Fault>>> = {
  CAMPAIGN_NOT_FOUND: {
    status: 404,
    code: 'campaign-not-found',
    detail: 'the campaign or batch is no longer kept',
  },
  BATCH_TRANSITION_ILLEGAL: {
    status: 409,
    code: 'batch-moved-on',
    detail: 'the batch moved on meanwhile: look at it again',
  },
  LIST_BROKEN: {
    status: 409,
    code: 'audience-gone',
    detail: 'an audience that this needs was removed or changed meanwhile',
  },
};

export function faultOf(error: unknown): Fault {
  if (isRedisAway(error)) {
    return {
      status: 503,
      code: 'redis-unavailable',
      detail: 'the record cannot be reached just now; nothing was done that is not answered',
    };
  }
  if (error instanceof ServiceError && error.code in RACES) {
    return RACES[error.code] ?? INTERNAL;
  }
  if (error instanceof Stopping) return STOPPING;
  if (isCallerGone(error)) return CALLER_MISTAKES['request.aborted'] ?? INTERNAL;
  const { type, status } = Object(error) as { type?: unknown; status?: unknown };
  const known = typeof type === 'string' ? CALLER_MISTAKES[type] : undefined;
  if (known) return known;
  if (isUnpacking(error)) {
    const detail = 'the body is not packed as Content-Encoding says';
    return { status: 400, code: 'bad-request', detail };
  }
  if (error instanceof URIError) {
    return { status: 400, code: 'path-malformed', detail: 'the path is not percent-encoded UTF-8' };
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return { status, code: 'bad-request', detail: 'the request cannot be read' };
  }
  return INTERNAL;
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
/** ioredis has no codes for these; Redis' own replies begin with a word. */
const AWAY_WORDS =
  /^(Stream isn't writeable|Connection is closed|Command timed out|LOADING|MASTERDOWN|READONLY|CLUSTERDOWN|OOM|MISCONF|Redis is not ready)/;

function isRedisAway(error: unknown): boolean {
  if (error instanceof ServiceError || !(error instanceof Error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (AWAY_NAMES.includes(error.name) || AWAY_WORDS.test(error.message)) return true;
  // A caller's own connection breaks while it is read or written; to Redis we connect.
  return syscall === 'connect' && AWAY_CODES.includes(code ?? '');
}
