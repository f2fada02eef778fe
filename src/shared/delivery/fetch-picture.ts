/**
 * Fetches a picture that an article names by its address, through the same guarded way out as
 * webhooks: https and public addresses only, unless the installation permits others; each redirect is
 * checked as the first address was; one deadline over all of it, and a limit of size.
 */
import type { Dispatcher } from 'undici';
import type { FlawOf } from '../campaign/mistake.ts';
import { AnswerTooLarge, exchange, NoAnswerInTime } from '../platform/exchange.ts';
import { TargetRefused, type TargetRules, targetRefusal } from '../platform/safe-target.ts';
import { SECOND } from '../platform/time.ts';
import { MAX_MEDIA_BYTES } from '../record/media-store.ts';

type NotFetched = FlawOf<'picture-not-fetched'>;

export type FetchPicture = (
  address: string,
) => Promise<{ readonly bytes: Uint8Array } | { readonly flaw: NotFetched }>;

interface Dependencies {
  /** From `openSafeDispatcher`. */
  readonly dispatcher: Dispatcher;
  readonly rules: TargetRules;
  /** Of one picture, redirects included. */
  readonly withinMs?: number;
}

const WITHIN = 10 * SECOND;
const MOST_REDIRECTS = 3;

export function makeFetchPicture({
  dispatcher,
  rules,
  withinMs = WITHIN,
}: Dependencies): FetchPicture {
  return async (address) => {
    const until = performance.now() + withinMs;
    // As a page of https means it: `//cdn.example/a.jpg`.
    let url = address.startsWith('//') ? `https:${address}` : address;
    const no = (why: NotFetched['why'], status?: number) => ({
      flaw: {
        ...({ code: 'picture-not-fetched', url: address.slice(0, 80), why } as const),
        ...(status === undefined ? {} : { status }),
      },
    });
    for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
      const refusal = targetRefusal(url, rules);
      if (refusal) return no(refusal);
      const left = until - performance.now();
      if (left <= 0) return no('timeout');
      const answer = await exchange(dispatcher, {
        url: new URL(url),
        method: 'GET',
        headers: { accept: 'image/*', 'user-agent': 'qunfa-pictures' },
        maxBytes: MAX_MEDIA_BYTES,
        withinMs: left,
      });
      if (answer.kind === 'failed') return no(whyOf(answer.error));
      const { status, location, body } = answer;
      if (status >= 200 && status < 300) return { bytes: body };
      const next = isRedirect(status) && location ? URL.parse(location, url) : null;
      if (!next) return no('status', status);
      url = next.href;
    }
    return no('redirects');
  };
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

function whyOf(error: unknown): NotFetched['why'] {
  if (error instanceof NoAnswerInTime) return 'timeout';
  if (error instanceof AnswerTooLarge) return 'too-large';
  return isRefusedTarget(error) ? 'local-address' : 'no-answer';
}

const isRefusedTarget = (error: unknown): boolean =>
  error instanceof TargetRefused ||
  (error instanceof AggregateError && error.errors.some(isRefusedTarget));
