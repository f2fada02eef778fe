/** A node:http server in WeChat's place, a client pointed at it, and what it has been asked. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import {
  type Answer,
  type Era,
  makeDispatcher,
  makeWechatClient,
  type WechatClient,
} from '../../../src/shared/wechat/client.ts';
import type { TokenSource } from '../../../src/shared/wechat/tokens.ts';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

export type Respond = (response: ServerResponse, seen: Seen) => void;

interface Loopback {
  readonly baseUrl: string;
  readonly seen: Seen[];
}

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Answers with `responds` in turn, and with the last of them from then on. */
export async function loopback(...responds: readonly Respond[]): Promise<Loopback> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? '', 'http://loopback');
    const { method = '', headers } = request;
    const query = Object.fromEntries(url.searchParams);
    const entry = { method, path: url.pathname, query, headers, bytes: Buffer.concat(chunks) };
    const respond = responds[Math.min(seen.push(entry), responds.length) - 1];
    respond?.(response, entry);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}`, seen };
}

/** As WeChat does it: HTTP 200, and a content type that says nothing. */
export const json =
  (body: unknown, status = 200): Respond =>
  (response) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
  };

/** A token source with a known list of tokens, which moves on when its first is dropped. */
export function tokensInHand(...tokens: string[]): TokenSource & { readonly dropped: string[] } {
  const dropped: string[] = [];
  return {
    dropped,
    get: async () => {
      const value = tokens[0];
      return value ? { kind: 'ok', value } : { kind: 'not-sent', cause: 'token-busy' };
    },
    drop: async (token) => {
      dropped.push(token);
      if (tokens[0] === token) tokens.shift();
    },
  };
}

export function dispatcherForTest(...options: Parameters<typeof makeDispatcher>) {
  const dispatcher = makeDispatcher(...options);
  cleanups.push(() => dispatcher.destroy());
  return dispatcher;
}

export function clientAt(
  baseUrl: string,
  options: Partial<Parameters<typeof makeWechatClient>[0]> & { era?: Era } = {},
): WechatClient {
  return makeWechatClient({
    baseUrl,
    era: 'today',
    dispatcher: options.dispatcher ?? dispatcherForTest({}),
    tokens: tokensInHand('TOKEN-1', 'TOKEN-2', 'TOKEN-3'),
    timeoutMs: 10_000,
    ...options,
  });
}

export function bodyOf(seen: Seen | undefined): unknown {
  return JSON.parse(seen?.bytes.toString('utf8') ?? '');
}

/** What one call makes of one answer, and how it asked. */
export async function exchangeWith<T>(
  answer: unknown,
  use: (client: WechatClient) => Promise<Answer<T>>,
  era: Era = 'today',
): Promise<{ readonly answer: Answer<T>; readonly asked: string; readonly seen: Seen }> {
  const server = await loopback(json(answer));
  const got = await use(clientAt(server.baseUrl, { era }));
  const [seen] = server.seen;
  if (!seen) throw new Error('nothing was asked');
  return { answer: got, asked: `${seen.method} ${seen.path}`, seen };
}
