import type { Bilingual } from './sentences.ts';

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
  | 'REDIS_FULL'
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

/** One that ends a process or a command, so that an operator reads it in a language of theirs. */
export const operatorError = (
  code: ErrorCode,
  text: Bilingual,
  { details = {}, ...options }: ServiceErrorOptions = {},
): ServiceError => new ServiceError(code, text[0], { details: { ...details, text }, ...options });

/** The sentence of an error in each language; English alone where it has no other. */
export const textOf = ({ message, details }: ServiceError): Bilingual =>
  (details.text as Bilingual | undefined) ?? [message, message];

/** Unreachable by type; a loud failure if data from outside made it reachable. */
export function assertNever(value: never): never {
  throw new TypeError(`unhandled case: ${JSON.stringify(value)}`);
}
