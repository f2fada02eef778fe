/**
 * One call of the HTTP API, made again where that can do no harm.
 *
 * A call that never arrived is made again in any case. One that may have arrived (a reset, a
 * timeout, half an answer, a proxy's 502, 503 or 504) only where the caller says that twice is as good
 * as once.
 */
import { SECOND } from '../shared/platform/time.ts';
import { isProblem } from './problem.ts';
import { QunfaError } from './qunfa-error.ts';
import { rest } from './rest.ts';

export interface ClientOptions {
  /** Where the producer is, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  /** One of the producer's API_KEYS; none is needed on its own machine without any. */
  readonly apiKey?: string | undefined;
  /** In place of the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** An undici Agent or ProxyAgent for the global fetch. */
  readonly dispatcher?: { dispatch(...args: never[]): boolean };
  /** Of refusals, warnings and the audit, as they are shown: English if absent. */
  readonly language?: 'en' | 'zh';
  /** For how long one call is made again while the producer is away; 30 s. */
  readonly patienceMs?: number;
  /** For one answer, uploads and streams apart; 60 s. */
  readonly timeoutMs?: number;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Made anew for each attempt; `moved` is to be called at each of its pieces. */
  readonly body?: (moved: () => void) => NonNullable<RequestInit['body']>;
  /** Why the body could not be read to its end: the caller's own fault, and no reason to repeat. */
  readonly broken?: () => { readonly error: unknown } | undefined;
  /** The body comes in pieces. */
  readonly streams?: boolean;
  /** The body is gone once it was read. */
  readonly once?: boolean;
  /** Twice is as good as once. */
  readonly repeatable: boolean;
  /** An upload: the limit is for the time in which nothing moves, and longer. */
  readonly patient?: boolean;
  /** The answer's body may come for as long as it likes. */
  readonly endless?: boolean;
  /** Told before a call is made again of which nobody knows whether it arrived. */
  readonly onRepeat?: () => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Answered<T> {
  readonly body: T;
  readonly headers: Headers;
}

export type Transport = ReturnType<typeof makeTransport>;

const UNEXPECTED = 'answer-unexpected';
/** What a proxy answers while the producer behind it is away. */
const PASSING = [502, 503, 504];
/** Uploads may take as long as they move; so many limits after the last sign they are given up. */
const PATIENT = 5;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5 * SECOND;

export function makeTransport(options: ClientOptions) {
  const { apiKey, dispatcher, patienceMs = 30 * SECOND, timeoutMs = 60 * SECOND } = options;
  const base = baseOf(options.url);
  const fetch = options.fetch ?? globalThis.fetch;

  /**
   * @throws {QunfaError} with the API's own code; `unreachable` or `timeout` without an answer.
   * @throws the reason of `signal`.
   */
  async function call<T>(request: Call): Promise<Answered<T>> {
    return repeated(request, async () => {
      const tried = await attemptOf(request);
      if ('arrived' in tried) return tried;
      const { response, release } = tried;
      try {
        const text = await response.text();
        return { body: parse<T>(text, response.status), headers: response.headers };
      } catch (error) {
        request.signal?.throwIfAborted();
        if (error instanceof QunfaError) throw error;
        return { arrived: 'maybe', error: noAnswer(error, `the answer of ${base} broke off`) };
      } finally {
        release();
      }
    });
  }

  /** The answer with its body unread; a stream of events is read piece by piece. */
  const open = (request: Call): Promise<Opened> => repeated(request, () => attemptOf(request));

  async function repeated<T extends object>(
    request: Call,
    attempt: () => Promise<T | Failed>,
  ): Promise<T> {
    const until = performance.now() + patienceMs;
    for (let count = 0; ; count += 1) {
      request.signal?.throwIfAborted();
      const tried = await attempt();
      if (!('arrived' in tried)) return tried;
      const pause = tried.afterMs ?? Math.min(FIRST_PAUSE * 2 ** count, LONGEST_PAUSE);
      const again = tried.arrived === 'no' || (tried.arrived === 'maybe' && request.repeatable);
      if (!again || request.once || performance.now() + pause > until) throw tried.error;
      if (tried.arrived === 'maybe') request.onRepeat?.();
      await rest(pause, request.signal);
    }
  }

  async function attemptOf(request: Call): Promise<Opened | Failed> {
    const { signal } = request;
    const limitMs = request.patient ? PATIENT * timeoutMs : timeoutMs;
    const limit = limitOf(signal, limitMs);
    try {
      const response = await fetch(urlOf(request), {
        method: request.method ?? 'GET',
        headers: headersOf(request),
        redirect: 'manual',
        signal: limit.signal,
        ...bodyOf(request, limit.moved),
        ...(dispatcher ? { dispatcher } : {}),
      } as RequestInit);
      if (request.endless) limit.lift();
      if (response.ok) return { response, release: limit.release };
      const failed = await refusalOf(response);
      limit.release();
      return failed;
    } catch (error) {
      limit.release();
      signal?.throwIfAborted();
      const broken = request.broken?.();
      if (broken) throw broken.error;
      if (limit.signal.aborted) {
        const detail = `${base} did not answer within ${limitMs / SECOND} s`;
        return { arrived: 'maybe', error: new QunfaError({ status: 0, code: 'timeout', detail }) };
      }
      return {
        arrived: neverArrived(error) ? 'no' : 'maybe',
        error: noAnswer(error, `${base} cannot be reached`),
      };
    }
  }

  function urlOf({ path, query = {} }: Call): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(
      Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
    );
    return `${base}${path}${given.length > 0 ? `?${search}` : ''}`;
  }

  const headersOf = ({ json, headers }: Call): Record<string, string> => ({
    accept: 'application/json',
    ...(options.language === undefined ? {} : { 'accept-language': options.language }),
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    ...headers,
  });

  return { base, call, open };
}

interface Opened {
  readonly response: Response;
  /** To be called when the body has been read. */
  readonly release: () => void;
}

/** Not AbortSignal.any: on Node 20 it leaves a listener behind at a signal that outlives the call. */
function limitOf(signal: AbortSignal | undefined, ms: number) {
  const limit = new AbortController();
  const stop = (): void => limit.abort(signal?.reason);
  const lift = (): void => clearTimeout(timer);
  let timer = setTimeout(() => limit.abort(), ms);
  signal?.addEventListener('abort', stop, { once: true });
  return {
    signal: limit.signal,
    /** From now on there is none. */
    lift,
    /** It begins again. */
    moved(): void {
      lift();
      timer = setTimeout(() => limit.abort(), ms);
    },
    release(): void {
      lift();
      signal?.removeEventListener('abort', stop);
    },
  };
}

interface Failed {
  /** Whether the producer may have done it. */
  readonly arrived: 'no' | 'maybe' | 'refused';
  readonly error: QunfaError;
  /** When to come back, as the producer says. */
  readonly afterMs?: number;
}

const bodyOf = ({ json, body, streams }: Call, moved: () => void) =>
  json !== undefined
    ? { body: JSON.stringify(json) }
    : body
      ? { body: body(moved), ...(streams ? { duplex: 'half' } : {}) }
      : {};

async function refusalOf(response: Response): Promise<Failed> {
  if (response.status >= 300 && response.status < 400) return redirected(response);
  const text = await response.text().catch(() => '');
  const afterMs = retryAfter(response.headers.get('retry-after'));
  const error = new QunfaError(factsOf(response, text));
  // Too many requests: turned away at the door.
  if (response.status === 429)
    return { arrived: afterMs === null ? 'refused' : 'no', error, ...after(afterMs) };
  if (response.status === 503 && afterMs !== null) return { arrived: 'maybe', error, afterMs };
  // Not the producer's own: a proxy before it, which may have passed the request on or not.
  if (PASSING.includes(response.status) && error.code === UNEXPECTED) {
    return { arrived: 'maybe', error };
  }
  return { arrived: 'refused', error };
}

/** The key goes to the address that was named, and to no other. */
async function redirected(response: Response): Promise<Failed> {
  await response.body?.cancel();
  const to = URL.parse(response.headers.get('location') ?? '', response.url)?.origin ?? 'elsewhere';
  const detail = `the address redirects to ${to}: name the producer's own address`;
  const { status } = response;
  return { arrived: 'refused', error: new QunfaError({ status, code: 'redirected', detail }) };
}

const after = (afterMs: number | null) => (afterMs === null ? {} : { afterMs });

function factsOf({ status, statusText }: Response, text: string) {
  const problem = jsonIn(text);
  if (!isProblem(problem)) {
    return { status, code: UNEXPECTED, detail: `HTTP ${status} ${statusText}`.trim() };
  }
  const { code, detail, errors, campaignId, campaign, batch } = problem;
  return {
    status,
    code,
    detail,
    ...(errors ? { errors } : {}),
    ...(campaignId === undefined ? {} : { campaignId }),
    ...(campaign === undefined ? {} : { campaign }),
    ...(batch === undefined ? {} : { batch }),
  };
}

/** Seconds; a date is not worth its clock. */
function retryAfter(value: string | null): number | null {
  const seconds = value === null || value.trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * SECOND : null;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parse<T>(text: string, status: number): T {
  const value = jsonIn(text);
  if (value !== undefined) return value as T;
  const detail = 'the answer is not JSON: is this address the producer’s?';
  throw new QunfaError({ status, code: UNEXPECTED, detail });
}

function noAnswer(error: unknown, what: string): QunfaError {
  const why = reasonOf(error);
  const detail = `${what}${why ? ` (${why})` : ''}; is the producer running there?`;
  return new QunfaError({ status: 0, code: 'unreachable', detail }, { cause: error });
}

/** fetch says only "fetch failed"; why stands in its cause, and for two addresses in a list. */
function causesOf(error: unknown): NodeJS.ErrnoException[] {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  return [error as NodeJS.ErrnoException, ...inner.flatMap(causesOf)];
}

const reasonOf = (error: unknown): string =>
  causesOf(error).flatMap(({ code }) => (typeof code === 'string' ? [code] : []))[0] ?? '';

const BEFORE_ANYTHING_WAS_SENT = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

const neverArrived = (error: unknown): boolean =>
  causesOf(error).some(({ code = '' }) => BEFORE_ANYTHING_WAS_SENT.includes(code));

function baseOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed && /^https?:$/.test(parsed.protocol)) return url.replace(/\/+$/, '');
  throw new TypeError('url: the address of the producer, such as http://127.0.0.1:3000');
}
