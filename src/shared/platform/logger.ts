/**
 * The log: one JSON object a line, with the role that wrote it and the name of its level.
 *
 * `event` is a name that alerts may rely on; `msg` is for reading. What must never be in a log (secrets,
 * OpenIDs, message text, the query of a url, the arguments of a Redis command) is taken out here as
 * the last resort; the first is not to log it.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from './config.ts';
import { traceId } from './tracing.ts';

const NEVER_LOGGED = [
  'appSecret',
  'secret',
  'accessToken',
  'access_token',
  'token',
  'callbackToken',
  'encodingAesKey',
  'previousEncodingAesKey',
  'apiKey',
  'apiKeys',
  'password',
  'authorization',
  'cookie',
  'openid',
  'openids',
  'openId',
  'openIds',
  'touser',
  'content',
];

interface LoggerOptions {
  readonly role: string;
  /** `info` by default. */
  readonly level?: LogLevel;
  /** Standard output by default. */
  readonly destination?: DestinationStream;
}

export function makeLogger({ role, level = 'info', destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { role },
    formatters: { level: (level: string) => ({ level }) },
    serializers,
    mixin: inTrace,
    hooks: { streamWrite: scrub },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Where traces are on: which one a line belongs to. */
function inTrace(): object {
  const id = traceId();
  return id === undefined ? {} : { traceId: id };
}

const serializers = {
  err: describeError,
  error: describeError,
  req: (req: { id?: unknown; method?: string; url?: string }) => ({
    id: req.id,
    method: req.method,
    path: typeof req.url === 'string' ? req.url.split('?')[0] : undefined,
  }),
  res: ({ statusCode }: { statusCode?: number }) => ({ statusCode }),
};

/** Only fields that are known to be safe: a Redis error carries its command, arguments and all. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, details, errcode } = error as Error & Record<string, unknown>;
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(code !== undefined && { code }),
    ...(errcode !== undefined && { errcode }),
    ...(details !== undefined && { details }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
    ...(error instanceof AggregateError && { errors: error.errors.map(describeError) }),
  };
}

const SECRET_FIELD = new RegExp(`"(?:${NEVER_LOGGED.join('|')})":`, 'gi');
const CREDENTIALS = /\b(\w+:\/\/)[^\s/@"'\\]*@/g;
/** As all real ones are written: 28 characters, the first an o. */
const OPENID = /(?:(?<=\\[bfnrt])|(?<![A-Za-z0-9_-]))o[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])/g;
const QUERY = /(\/[^\s?#"'\\]*)\?[^\s"'\\=]*=[^\s"'\\]*/g;

/**
 * The whole line, just before it is written: a secret may be at any depth, a url in any text, an
 * error's message above all. An access token travels in the query, a password before the @, an
 * OpenID in input where an id is expected.
 * Quotes and backslashes stay where they are, so that the line stays JSON.
 */
function scrub(line: string): string {
  return withoutSecretFields(line)
    .replace(CREDENTIALS, '$1')
    .replace(QUERY, '$1')
    .replace(OPENID, 'o…');
}

function withoutSecretFields(line: string): string {
  let kept = '';
  let from = 0;
  for (const field of line.matchAll(SECRET_FIELD)) {
    if (field.index < from) continue; // inside one that is already out
    const value = field.index + field[0].length;
    kept += `${line.slice(from, value)}"[redacted]"`;
    from = endOfValue(line, value);
  }
  return kept + line.slice(from);
}

/** Where the JSON value that starts at `start` ends. */
function endOfValue(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at += 1) {
    const char = json[at] ?? '';
    if ('}],'.includes(char) && depth === 0) return at;
    if (char === '"') at = endOfText(json, at);
    else if ('[{'.includes(char)) depth += 1;
    else if (']}'.includes(char)) depth -= 1;
  }
  return json.length;
}

function endOfText(json: string, quote: number): number {
  let at = quote + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}
