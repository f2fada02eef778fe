/**
 * One account's way to WeChat: a token in, an answer out, and never more said than is known.
 *
 * WeChat answers HTTP 200 with an errcode, so neither the status nor the content type decides. What
 * matters to a mass send is whether WeChat may have seen the call, and every answer says so.
 */
import { Agent, type Dispatcher, EnvHttpProxyAgent, FormData } from 'undici';
import type { z } from 'zod';
import { SECOND } from '../platform/time.ts';
import { call, type OnAnswer } from './call.ts';
import type { Remedy } from './remedies.ts';
import type { Silence } from './silence.ts';
import type { TokenSource } from './tokens.ts';
import { asciiFilename } from './upload-name.ts';

/** Which WeChat is spoken to: what it documents now, or the one of 2014 that the seed shows. */
export type Era = 'today' | '2014';

export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | {
      readonly kind: 'refused';
      readonly errcode: number;
      /** Of the call, as WeChat documents it: the same errcode means other things elsewhere. */
      readonly path?: string;
      /** Without WeChat's changing suffix, and without tokens or OpenIDs. */
      readonly errmsg: string;
      /** `new-token` here means that a fresh token has been tried and refused as well. */
      readonly remedy: Remedy;
      /** With 45065: the send that took this clientmsgid before. */
      readonly msgId?: string;
    }
  /** WeChat never saw the call: no connection, no token, or no longer wanted. Repeat at will. */
  | ({ readonly kind: 'not-sent' } & Silence)
  /** WeChat may have acted on the call: timeout, reset, 5xx, an unreadable or incomplete body. */
  | ({ readonly kind: 'unknown' } & Silence);

export interface CallOptions<T> {
  /** What a success must carry; one that lacks it is an unknown outcome. */
  readonly answer: z.ZodType<T>;
  readonly prepared?: Prepared;
}

/** A call that may be made at one moment only: everything it would wait for is there. */
export interface Prepared {
  /** From `token()`. */
  readonly token: string;
  /** Asked just before the call goes onto its connection: why it must not, after all. */
  readonly whyNot: () => string | null;
}

export interface UploadFile {
  readonly bytes: Uint8Array;
  /** Goes out in ASCII with its extension, which WeChat compares with the content. */
  readonly filename: string;
  readonly contentType: string;
}

type Query = Readonly<Record<string, string>>;

/** Paths are whole, as WeChat's quota calls name them: `/cgi-bin/message/mass/send`. */
export interface WechatClient {
  readonly era: Era;
  /** For one call, which the caller counts. Never `unknown`: nothing was sent. */
  token(): Promise<Answer<string>>;
  /** @param body text and bytes are JSON already. */
  post<T>(path: string, body: unknown, options: CallOptions<T>): Promise<Answer<T>>;
  get<T>(path: string, options: CallOptions<T> & { readonly query?: Query }): Promise<Answer<T>>;
  /** The file goes out as the form field `media`, with an exact Content-Length. */
  upload<T>(
    path: string,
    file: UploadFile,
    options: CallOptions<T> & { readonly query?: Query; readonly fields?: Query },
  ): Promise<Answer<T>>;
}

interface ClientDeps {
  readonly baseUrl: string;
  readonly era: Era;
  readonly dispatcher: Dispatcher;
  readonly tokens: TokenSource;
  /** For a whole call, from the connection to the last byte. */
  readonly timeoutMs: number;
  /**
   * Awaited before each HTTP call, a repeat with a fresh token included: it counts the quota. Not
   * before the first one of a call that was prepared.
   */
  readonly onCall?: (path: string) => void | Promise<void>;
  /** After each HTTP call. */
  readonly onAnswer?: OnAnswer | undefined;
}

interface Outgoing<T> extends CallOptions<T> {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly query?: Query | undefined;
  readonly body?: string | Uint8Array | FormData | undefined;
  readonly timeoutMs: number;
}

/** Below this pace an upload is given up: 10 MB get some 80 seconds on top of the timeout. */
const SLOWEST_UPLOAD_BYTES_PER_MS = 128;

export function makeWechatClient(deps: ClientDeps): WechatClient {
  const { era, tokens, timeoutMs } = deps;
  const base = deps.baseUrl.replace(/\/+$/, '');

  /**
   * A token error is decided before WeChat looks at the call, so one repeat with the same body and
   * a fresh token is safe. A second one goes to the caller.
   */
  async function send<T>(outgoing: Outgoing<T>): Promise<Answer<T>> {
    const { prepared } = outgoing;
    for (let repeated = false; ; repeated = true) {
      const mayWait = prepared === undefined || repeated;
      const token = mayWait ? await counted(outgoing.path) : given(prepared.token);
      // Of a call that was refused, the token call that follows leaves nothing unknown.
      if (token.kind !== 'ok') return prepared ? noFreshToken(token) : token;
      const url = new URL(base + outgoing.path);
      url.searchParams.set('access_token', token.value);
      for (const [name, value] of Object.entries(outgoing.query ?? {})) {
        url.searchParams.set(name, value);
      }
      const answer = await call({
        ...outgoing,
        url,
        dispatcher: deps.dispatcher,
        secrets: [token.value],
        whyNot: prepared?.whyNot,
        onAnswer: deps.onAnswer,
      });
      if (answer.kind !== 'refused' || answer.remedy.kind !== 'new-token') return answer;
      await tokens.drop(token.value);
      if (repeated) return answer;
    }
  }

  async function token(): Promise<Answer<string>> {
    const found = await tokens.get();
    return found.kind === 'ok' ? found : withoutToken(found);
  }

  async function counted(path: string): Promise<Answer<string>> {
    const found = await token();
    if (found.kind === 'ok') await deps.onCall?.(path);
    return found;
  }

  return {
    era,
    token,
    post: (path, body, options) =>
      send({
        ...options,
        path,
        method: 'POST',
        body: isReady(body) ? body : JSON.stringify(body),
        timeoutMs,
      }),
    get: (path, options) => send({ ...options, path, method: 'GET', timeoutMs }),
    upload: (path, file, { fields, ...options }) =>
      send({
        ...options,
        path,
        method: 'POST',
        body: form(file, fields),
        timeoutMs: timeoutMs + file.bytes.byteLength / SLOWEST_UPLOAD_BYTES_PER_MS,
      }),
  };
}

const isReady = (body: unknown): body is string | Uint8Array | undefined =>
  body === undefined || typeof body === 'string' || body instanceof Uint8Array;

const given = (value: string): Answer<string> => ({ kind: 'ok', value });

/** Without a token nothing was sent, however little is known about the token call itself. */
function withoutToken(failure: Exclude<Answer<never>, { kind: 'ok' }>): Answer<never> {
  if (failure.kind === 'refused') return failure;
  return { ...failure, kind: 'not-sent', ofToken: true };
}

const noFreshToken = (failure: Exclude<Answer<never>, { kind: 'ok' }>): Answer<never> =>
  failure.kind === 'refused'
    ? { kind: 'not-sent', cause: 'token-refused', ofToken: true, errcode: failure.errcode }
    : failure;

/** Undici's own FormData with a Blob states its length; WeChat does not take chunked uploads. */
function form(file: UploadFile, fields: Query = {}): FormData {
  const form = new FormData();
  const blob = new Blob([file.bytes], { type: file.contentType });
  form.append('media', blob, asciiFilename(file.filename, file.contentType));
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

const CONNECT_TIMEOUT = 3 * SECOND;
/** A short idle time makes it rare that a call meets a connection which WeChat is closing. */
const KEEP_ALIVE = 4 * SECOND;
/**
 * All accounts share them, so there are more than calls at once: a few accounts whose calls are
 * never answered must leave one free for every other. One that is idle is closed.
 */
const MOST_CONNECTIONS = 1_000;

/**
 * The connections of one process. A proxy (HTTPS_PROXY) is used for https addresses only, as the
 * name says, so a sandbox on the loopback stays direct.
 */
export function makeDispatcher(options: { proxyUrl?: string; connections?: number }): Dispatcher {
  const limits = {
    connections: options.connections ?? MOST_CONNECTIONS,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE,
    keepAliveMaxTimeout: KEEP_ALIVE,
    connect: { timeout: CONNECT_TIMEOUT },
  };
  if (!options.proxyUrl) return new Agent(limits);
  return new EnvHttpProxyAgent({
    ...limits,
    httpProxy: '',
    httpsProxy: options.proxyUrl,
    proxyTls: { timeout: CONNECT_TIMEOUT },
  });
}
