/** Hands a push on to the system that had the account's callback URL before us. */
import type { Dispatcher } from 'undici';
import { AnswerTooLarge, exchange, NoAnswerInTime } from '../shared/platform/exchange.ts';
import type { ForwardFailure, Notice } from './facts.ts';
import type { Answer, RawPush } from './push.ts';

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
  /** The other system's answer to WeChat, or null if it gave none that counts in time. */
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

    const answer = await exchange(dispatcher, {
      url: new URL(withQuery(account.forwardUrl, push.query)),
      method: 'POST',
      headers: { 'content-type': push.contentType, [HOPS_HEADER]: String(push.hops + 1) },
      body: push.body,
      maxBytes: MAX_ANSWER,
      withinMs: Math.max(1, Math.floor(timeoutMs)),
    });
    if (answer.kind === 'failed') return failed(whyOf(answer.error));
    const { status, body, contentType } = answer;
    if (status < 200 || status > 299) return failed('refused', status);

    const ms = Math.round(performance.now() - startedAt);
    notice({ type: 'forwarded', account: account.name, ms });
    return { status: 200, body, contentType: passedType(contentType) };
  };
}

function whyOf(error: unknown): ForwardFailure {
  if (error instanceof NoAnswerInTime) return 'slow';
  return error instanceof AnswerTooLarge ? 'too-large' : 'away';
}

const withQuery = (url: string, query: string): string =>
  query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`;

const passedType = (type: string | undefined): string =>
  type !== undefined && PASSED_TYPES.test(type) ? type : 'text/plain; charset=utf-8';
