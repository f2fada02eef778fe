/**
 * The only door that is open to the internet.
 *
 *   GET  /wechat/<account>   WeChat checks the address
 *   POST /wechat/<account>   WeChat pushes
 *   GET  /healthz, /readyz   whether it works, no detail
 *
 * Bare node:http: half of an event's cost would be express. A refusal has no body and gives no
 * reason; the reason goes to the log. An account that is not here is answered as one whose token
 * the caller does not know, step by step, so that a stranger cannot learn the names of those that are.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Receipts } from '../shared/actions/take-receipt.ts';
import { inTime } from '../shared/platform/in-time.ts';
import { onceASecond } from '../shared/platform/once-a-second.ts';
import { CALLBACK_HTTP, type HttpLimits, serveHttp } from '../shared/platform/serve-http.ts';
import { SECOND } from '../shared/platform/time.ts';
import { checkAddress, type PushMode } from '../shared/wechat/push/open-envelope.ts';
import { drainSpool, forwardSpooled } from './empty-spool.ts';
import type { CallbackFact, Notice } from './facts.ts';
import { HOPS_HEADER, makeForward } from './forward.ts';
import { makePushHandler, refusedPush } from './handle-push.ts';
import { type Answer, type CallbackAccount, nothing } from './push.ts';
import { openSpool } from './spool.ts';

/** How much of this process one stranger, or all of them, may take up. */
export interface Limits extends HttpLimits {
  readonly bodyBytes: number;
  readonly spooledEvents: number;
  /** The store has this long; then the event goes to disk. */
  readonly storeWithinMs: number;
  readonly forwardWithinMs: number;
}

const LIMITS: Limits = {
  ...CALLBACK_HTTP,
  bodyBytes: 64 * 1024,
  spooledEvents: 10_000,
  storeWithinMs: 2.5 * SECOND,
  forwardWithinMs: 4 * SECOND,
};

export interface CallbackDependencies {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Asked at every request: a changed accounts file counts from the next one on. */
  readonly accounts: () => readonly CallbackAccount[];
  readonly receipts: Receipts;
  readonly notice: Notice;
  /** Keeps when an account's last event came. Called at most every ten seconds for each. */
  readonly noteEvent: (account: string, at: number, mode: PushMode) => Promise<void>;
  readonly spoolDir: string;
  /** For the forward URLs. The operator named them, so they may be private addresses. */
  readonly dispatcher: Dispatcher;
  /** What keeps this process from working; nothing if it can. */
  readonly ready: () => Promise<readonly unknown[]>;
  readonly now: () => number;
  /** After each answer to a push: how long it took, in ms. */
  readonly onAnswered?: (ms: number) => void;
  /** Only where a test cannot wait. */
  readonly limits?: Partial<Limits>;
}

export interface Callback {
  readonly url: string;
  readonly port: number;
  /** Events on disk. */
  spooled(): Promise<number>;
  /** Answers as before, says that it is not ready, and has connections end. */
  leave(): void;
  /** Answers what is in hand, then ends. */
  stop(): Promise<void>;
}

const ACCOUNT_PATH = /^\/wechat\/([a-z0-9-]{1,32})\/?$/;
const ECHO = /^[\x21-\x7e]{1,256}$/;
/** Stands in for every account that is not here; its token is known to no caller. */
const strangerAccount = (): CallbackAccount => ({
  name: '',
  appId: '',
  callbackToken: randomBytes(32).toString('hex'),
});
const READY_WITHIN = 2 * SECOND;
const STOP_WITHIN = 8 * SECOND;

/** @throws {Error} the port is taken, or the spool's folder cannot be written. */
export async function startCallback(deps: CallbackDependencies): Promise<Callback> {
  const { now } = deps;
  const notice: Notice = (fact) => deps.notice(isOfUnknownAccount(fact) ? UNKNOWN_ACCOUNT : fact);
  const limits: Limits = { ...LIMITS, ...deps.limits };
  const isReady = onceASecond(() =>
    inTime(deps.ready(), READY_WITHIN).then(
      (problems) => problems.length === 0,
      () => false,
    ),
  );
  const findAccount = accountIndex(deps.accounts);
  const stranger = strangerAccount();
  const forward = makeForward(deps);
  const spool = await openSpool({ dir: deps.spoolDir, maxEvents: limits.spooledEvents, now });
  const http = await serveHttp({ host: deps.host, port: deps.port, limits, handle });
  // No other protocol, nothing to wait for.
  http.server.on('upgrade', (_request, socket) => socket.destroy());
  const forwarding = forwardSpooled({ ...deps, spool, forward, account: findAccount });
  const drain = drainSpool({ ...deps, spool, account: findAccount, toForward: forwarding.wake });
  const handlePush = makePushHandler({
    ...deps,
    ...limits,
    notice,
    spool,
    forward,
    spooled: drain.wake,
  });
  let stopping = false;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    route(request)
      .catch((error: unknown) => {
        notice({ type: 'request-failed', error });
        return nothing(503);
      })
      .then((answer) => answer && send(request, response, answer))
      .catch((error: unknown) => {
        notice({ type: 'request-failed', error });
        request.socket.destroy();
      });
  }

  async function route(request: IncomingMessage): Promise<Answer | null> {
    const { path, query } = split(request.url ?? '');
    const { method } = request;
    if (method === 'GET' && path === '/healthz') return { status: 200, body: 'ok' };
    if (method === 'GET' && path === '/readyz') return await readyWord();

    const name = ACCOUNT_PATH.exec(path)?.[1];
    if (name === undefined || (method !== 'GET' && method !== 'POST')) return nothing(404);
    const account = findAccount(name) ?? stranger;
    return method === 'GET' ? address(account, query) : await push(account, query, request);
  }

  function address(account: CallbackAccount, query: string): Answer {
    const parameters = new URLSearchParams(query);
    const refusal = checkAddress(account, parameters, now());
    if (refusal) {
      notice(refusedPush(account.name, refusal.reason, parameters));
      return nothing(refusal.status);
    }
    const echo = parameters.get('echostr') ?? '';
    if (!ECHO.test(echo)) return nothing(400);
    notice({ type: 'address-checked', account: account.name });
    return { status: 200, body: echo };
  }

  async function push(
    account: CallbackAccount,
    query: string,
    request: IncomingMessage,
  ): Promise<Answer | null> {
    const { headers } = request;
    const body = headers['content-encoding'] ? null : await readBody(request, limits.bodyBytes);
    if (typeof body === 'string') {
      notice({ type: 'push-refused', account: account.name, reason: body });
      return body === 'too-large' ? nothing(413) : null;
    }
    if (body === null) return nothing(415);
    const hops = Math.max(0, Number(headers[HOPS_HEADER]) || 0);
    const contentType = headers['content-type'] ?? '';
    const began = performance.now();
    const answer = await handlePush(account, { query, contentType, body, hops });
    deps.onAnswered?.(performance.now() - began);
    return answer;
  }

  async function readyWord(): Promise<Answer> {
    return (await isReady()) && !stopping
      ? { status: 200, body: 'ready' }
      : { status: 503, body: 'not ready' };
  }

  function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    const body = answer.body ?? '';
    response.writeHead(answer.status, {
      'Content-Type': answer.contentType ?? 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      ...(stopping && { Connection: 'close' }),
    });
    response.end(body);
    if (!request.complete) cutOffSoon(request, limits.lingerMs);
  }

  return {
    url: http.url,
    port: http.port,
    spooled: spool.count,
    leave() {
      stopping = true;
      http.leave();
    },
    async stop() {
      stopping = true;
      await http.stop(STOP_WITHIN);
      await Promise.all([drain.stop(), forwarding.stop()]);
    },
  };
}

/** Lets a client that is still sending read its answer, but not send for ever. */
function cutOffSoon(request: IncomingMessage, ms: number): void {
  const timer = setTimeout(() => request.socket.destroy(), ms);
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => clearTimeout(timer));
}

/** A stranger chose the path's name, so it is not logged. */
const UNKNOWN_ACCOUNT: CallbackFact = {
  type: 'push-refused',
  account: '',
  reason: 'unknown-account',
};

const isOfUnknownAccount = (fact: CallbackFact): boolean =>
  fact.type === 'push-refused' && fact.account === '';

function split(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf('?');
  return mark < 0
    ? { path: url, query: '' }
    : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** By name, made anew only when the list is another one. */
function accountIndex(accounts: () => readonly CallbackAccount[]) {
  let list: readonly CallbackAccount[] | undefined;
  let byName = new Map<string, CallbackAccount>();
  return (name: string): CallbackAccount | undefined => {
    const current = accounts();
    if (current !== list) {
      byName = new Map(current.map((account) => [account.name, account]));
      list = current;
    }
    return byName.get(name);
  };
}

/** The whole body, or why not. No more than `limit` bytes are ever held. */
function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<Buffer | 'too-large' | 'broken-off'> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.resolve('too-large');

  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limit) chunks.push(chunk);
      else {
        request.pause();
        chunks.length = 0;
        resolve('too-large');
      }
    });
    request.once('end', () => resolve(chunks.length === 1 ? only(chunks) : Buffer.concat(chunks)));
    request.once('error', () => resolve('broken-off'));
    request.once('close', () => resolve('broken-off'));
  });
}

const only = ([chunk = Buffer.alloc(0)]: readonly Buffer[]): Buffer => chunk;
