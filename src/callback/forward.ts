/** Hands a push on to the system that had the account's callback URL before us. */
import type { Dispatcher } from 'undici';
import type { Answer } from './answer.ts';
import type { ForwardFailure, Notice } from './facts.ts';
import type { RawPush } from './raw-push.ts';

export interface ForwardDependencies {
  readonly dispatcher: Dispatcher;
  readonly notice: Notice;
}

export const HOPS_HEADER = 'qunfa-hops';
const MAX_HOPS = 3;
const MAX_ANSWER = 64 * 1024;
const PASSED_TYPES = /^(?:text\/xml|application\/xml|application\/json|text\/plain)\b/i;

export type Forward = ReturnType<typeof makeForward>;

export function makeForward({ dispatcher, notice }: ForwardDependencies) {
  /**
   * The other system's answer to WeChat, or null if it gave none that counts in time. Redirects are
   * not followed: the operator named one address.
   */
  return async function forward(
    account: { readonly name: string; readonly forwardUrl: string },
    push: RawPush,
    timeoutMs: number,
  ): Promise<Answer | null> {
    const startedAt = performance.now();
    const failed = (why: ForwardFailure, status?: number): null => {
      const fact = { type: 'forward-failed', account: account.name, why } as const;
      notice(status === undefined ? fact : { ...fact, status });
      return null;
    };
    if (push.hops >= MAX_HOPS) return failed('loop');

    const signal = AbortSignal.timeout(Math.max(1, Math.floor(timeoutMs)));
    try {
      const target = new URL(withQuery(account.forwardUrl, push.query));
      const response = await dispatcher.request({
        origin: target.origin,
        path: target.pathname + target.search,
        method: 'POST',
        headers: { 'content-type': push.contentType, [HOPS_HEADER]: String(push.hops + 1) },
        body: push.body,
        signal,
      });
      const body = await readAnswer(response.body);
      if (response.statusCode < 200 || response.statusCode > 299) {
        return failed('refused', response.statusCode);
      }
      if (body === null) return failed('too-large');

      const ms = Math.round(performance.now() - startedAt);
      notice({ type: 'forwarded', account: account.name, ms });
      return { status: 200, body, contentType: passedType(response.headers['content-type']) };
    } catch {
      return failed(signal.aborted ? 'slow' : 'away');
    }
  };
}

const withQuery = (url: string, query: string): string =>
  query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`;

const passedType = (type: string | string[] | undefined): string =>
  typeof type === 'string' && PASSED_TYPES.test(type) ? type : 'text/plain; charset=utf-8';

async function readAnswer(body: Dispatcher.ResponseData['body']): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
