/**
 * One call of the HTTP API, repeated where that is safe.
 *
 * A call that never arrived is always repeated. One that may have arrived (a reset, a timeout, half
 * an answer, a proxy's 502, 503 or 504) is repeated only if it is marked as repeatable.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND } from '../shared/platform/time.ts';
import { type ClientLanguage, failed, failureText } from './failures.ts';
import { isProblem, jsonIn, QunfaError } from './qunfa-error.ts';

export interface ClientOptions {
  /** Address of the producer, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  /** One of the producer's API_KEYS; not needed on the same machine if it has none. */
  readonly apiKey?: string | undefined;
  /** Instead of the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** An undici Agent or ProxyAgent for the global fetch. */
  readonly dispatcher?: { dispatch(...args: never[]): boolean };
  /** Of refusals, warnings and the audit; English if absent. */
  readonly language?: ClientLanguage;
  /** How long a call is repeated while the producer is away; 30 s. */
  readonly patienceMs?: number;
  /** For one answer, except uploads and streams; 60 s. */
  readonly timeoutMs?: number;
}

type Query = Readonly<Record<string, string | number | undefined>>;

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Made anew for each attempt; it must call `moved` for each of its pieces. */
  readonly body?: (moved: () => void) => NonNullable<RequestInit['body']>;
  /** Why the body could not be read to its end: the caller's own failure, and not repeated. */
  readonly broken?: () => { readonly error: unknown } | undefined;
  readonly streams?: boolean;
  /** The body can be read only once. */
  readonly once?: boolean;
  /** The second call changes nothing. */
  readonly repeatable: boolean;
  /** An upload: the limit starts again with each piece, and is longer. */
  readonly patient?: boolean;
  /** The answer is a stream without a limit of time. */
  readonly endless?: boolean;
  /** Before a repeat of a call that may have arrived. */
  readonly onRepeat?: () => void;
  readonly signal?: AbortSignal | undefined;
}

export type Transport = ReturnType<typeof makeTransport>;

const UNEXPECTED = 'answer-unexpected';
/** What a proxy answers while the producer behind it is away. */
const PASSING = [502, 503, 504];
/** An upload is given up after so many limits without progress. */
const PATIENT = 5;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5 * SECOND;

export function makeTransport(options: ClientOptions) {
  const { apiKey, dispatcher, patienceMs = 30 * SECOND, timeoutMs = 60 * SECOND } = options;
  const base = baseOf(options.url);
  const fetch = options.fetch ?? globalThis.fetch;
  const texts = failureText(options.language);

  /**
   * @throws {QunfaError} with the API's own code; `unreachable` or `timeout` without an answer.
   * @throws the reason of `signal`.
   */
  async function call<T>(request: Call): Promise<{ body: T; headers: Headers }> {
    return repeated(request, async () => {
      const tried = await attemptOf(request);
      if ('arrived' in tried) return tried;
      const { response, release } = tried;
      try {
        const text = await response.text();
        const body = jsonIn(text);
        if (body === undefined) {
          throw failed(UNEXPECTED, texts['not-json'](), {}, response.status);
        }
        return { body: body as T, headers: response.headers };
      } catch (error) {
        request.signal?.throwIfAborted();
        if (error instanceof QunfaError) throw error;
        return { arrived: 'maybe', error: unreachable('broken-off', error) };
      } finally {
        release();
      }
    });
  }

  const get = async <T>(
    path: string,
    more: { readonly query?: Query; readonly repeatable?: boolean } = {},
  ): Promise<T> => (await call<T>({ path, repeatable: true, ...more })).body;

  const post = async <T>(
    path: string,
    json?: unknown,
    more: Partial<Pick<Call, 'query' | 'repeatable' | 'patient'>> = {},
  ): Promise<T> => (await call<T>({ method: 'POST', path, json, repeatable: true, ...more })).body;

  /**
   * Everything of a list; a page is asked for only when it is read.
   *
   * @param items the field of a page that has them; `by`: the query that takes its `next`.
   */
  async function* pages<Item>(
    path: string,
    items: string,
    { query = {}, by = 'cursor', repeatable = true }: PageOptions = {},
  ): AsyncGenerator<Item, void, undefined> {
    let next: string | number | null = null;
    do {
      const page: Page = await get(path, {
        query: { ...query, ...(next === null ? {} : { [by]: next }) },
        repeatable,
      });
      yield* page[items] as readonly Item[];
      next = page.next;
    } while (next !== null);
  }

  /** The answer with its body unread, for a stream of events. */
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
      const ms = tried.afterMs ?? Math.min(FIRST_PAUSE * 2 ** count, LONGEST_PAUSE);
      const again = tried.arrived === 'no' || (tried.arrived === 'maybe' && request.repeatable);
      if (!again || request.once || performance.now() + ms > until) throw tried.error;
      if (tried.arrived === 'maybe') request.onRepeat?.();
      await pause(ms, request.signal);
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
      const refusal = await refusalOf(response);
      limit.release();
      return refusal;
    } catch (error) {
      limit.release();
      signal?.throwIfAborted();
      const broken = request.broken?.();
      if (broken) throw broken.error;
      if (limit.signal.aborted) {
        const error = failed('timeout', texts.timeout(base, limitMs / SECOND));
        return { arrived: 'maybe', error };
      }
      return {
        arrived: neverArrived(error) ? 'no' : 'maybe',
        error: unreachable('unreachable', error),
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

  function unreachable(how: 'unreachable' | 'broken-off', error: unknown): QunfaError {
    const [{ code = '' } = {}] = causesOf(error).filter(({ code: one }) => typeof one === 'string');
    return failed('unreachable', texts[how](base, code), { cause: error });
  }

  async function refusalOf(response: Response): Promise<Failed> {
    const { status, statusText, headers, url } = response;
    if (status >= 300 && status < 400) {
      // The key goes to no other address than the one that was given.
      await response.body?.cancel();
      const to = URL.parse(headers.get('location') ?? '', url)?.origin ?? '…';
      return { arrived: 'refused', error: failed('redirected', texts.redirected(to), {}, status) };
    }
    const problem = jsonIn(await response.text().catch(() => ''));
    const isOurs = isProblem(problem);
    const error = isOurs
      ? new QunfaError({ ...problem, status })
      : failed(UNEXPECTED, texts['not-ours'](`${status} ${statusText}`.trim()), {}, status);
    const afterMs = retryAfter(headers.get('retry-after'));
    const later = afterMs === undefined ? {} : { afterMs };
    // Too many requests: refused before anything was done.
    if (status === 429) {
      return { arrived: afterMs === undefined ? 'refused' : 'no', error, ...later };
    }
    // Without a problem of ours, a proxy answered, which may have passed the request on.
    const isPassing = PASSING.includes(status) && !isOurs;
    const isAway = isPassing || (status === 503 && afterMs !== undefined);
    return { arrived: isAway ? 'maybe' : 'refused', error, ...(status === 503 ? later : {}) };
  }

  return { call, get, post, pages, open };
}

interface PageOptions {
  readonly query?: Query;
  readonly by?: 'cursor' | 'from' | 'offset';
  readonly repeatable?: boolean;
}

interface Page {
  readonly [items: string]: unknown;
  readonly next: string | number | null;
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
    lift,
    /** Starts the limit again. */
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
  /** When to repeat it, by the producer. */
  readonly afterMs?: number;
}

const bodyOf = ({ json, body, streams }: Call, moved: () => void) =>
  json !== undefined
    ? { body: JSON.stringify(json) }
    : body
      ? { body: body(moved), ...(streams ? { duplex: 'half' } : {}) }
      : {};

/** Of seconds; a date would depend on the clock. */
function retryAfter(value: string | null): number | undefined {
  const seconds = value === null || value.trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * SECOND : undefined;
}

/** The causes of "fetch failed": one, or a list for several addresses. */
function causesOf(error: unknown): NodeJS.ErrnoException[] {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  return [error as NodeJS.ErrnoException, ...inner.flatMap(causesOf)];
}

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

/** @throws the reason of `signal`, as it was given. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}
