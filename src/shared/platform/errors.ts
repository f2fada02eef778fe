/**
 * The one error family of this service.
 *
 * `code` is for programs, `message` for readers; the log keeps `details` and `cause`.
 * A code never changes once released. A message may. No secret and no OpenID goes into either.
 */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'INSTALLATION_DIFFERS'
  | 'RECORD_NEWER'
  | 'REDIS_UNFIT'
  | 'REDIS_AWAY'
  | 'REPLICAS_BEHIND'
  | 'CAMPAIGN_NOT_FOUND'
  | 'BATCH_TRANSITION_ILLEGAL'
  | 'LIST_BROKEN'
  | 'MEDIA_MISSING'
  | 'WECHAT_TOKEN_UNAVAILABLE'
  | 'WECHAT_UNREACHABLE'
  | 'WECHAT_ANSWER_MALFORMED';

interface ServiceErrorOptions extends ErrorOptions {
  details?: Record<string, unknown>;
}

export class ServiceError extends Error {
  override name = 'ServiceError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    { details = {}, ...options }: ServiceErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** Unreachable by type; a loud failure if data from outside made it reachable. */
export function assertNever(value: never): never {
  throw new TypeError(`unhandled case: ${JSON.stringify(value)}`);
}
