/**
 * The one way out: calls to WeChat, token centres, webhooks, forwards.
 *
 *   one deadline over everything, from the look-up of the name to the last byte that is wanted, for
 *   one that starts again with each byte lets the other side trickle for hours
 *   a limit on the answer, and none of it read where the status is enough
 *   no redirects by itself: their target is not checked
 *
 * Where a caller of ours names the target, the dispatcher also checks its address (safe-target.ts).
 *
 * And the one question that matters when a call fails: was the request sent? Error codes do not
 * tell: a TLS error may come before the request or in the middle of the answer. But undici says when
 * it puts a request onto a connection. Before that moment the other side cannot have seen it; after it, any
 * failure leaves the outcome open.
 */
import type { Dispatcher, FormData } from 'undici';
import { SECOND } from './time.ts';

interface Request {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | FormData | undefined;
  /** A longer answer is none. 0: the status is the answer, and what follows it is not read. */
  readonly maxBytes: number;
  readonly withinMs: number;
  /** Asked at the last moment, when a connection is there: why it must not go out after all. */
  readonly whyNot?: (() => string | null) | undefined;
}

export type Exchange =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly contentType: string | undefined;
      /** Where a redirect points to, as it was said. */
      readonly location: string | undefined;
      readonly body: Buffer;
    }
  /** `error` is what `whyNot` returned, or an error. */
  | { readonly kind: 'failed'; readonly sent: boolean; readonly error: unknown };

export class NoAnswerInTime extends Error {
  readonly withinMs: number;

  constructor(withinMs: number) {
    super(`no answer within ${withinMs / SECOND} s`);
    this.withinMs = withinMs;
  }
}

export class AnswerTooLarge extends Error {
  constructor() {
    super('answer too large');
  }
}

/** Never rejects. At its deadline it ends at once, even while still waiting to connect. */
export function exchange(dispatcher: Dispatcher, request: Request): Promise<Exchange> {
  const { url, method, headers = {}, body = null, maxBytes, withinMs, whyNot } = request;
  return new Promise((resolve) => {
    let sending: Dispatcher.DispatchController | undefined;
    let late: NoAnswerInTime | undefined;
    let status = 0;
    let contentType: string | undefined;
    let location: string | undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;

    const timer = setTimeout(() => {
      late = new NoAnswerInTime(withinMs);
      fail(late);
      sending?.abort(late);
    }, withinMs);
    function end(outcome: Exchange): void {
      clearTimeout(timer);
      resolve(outcome);
    }
    function answered(): void {
      end({ kind: 'answered', status, contentType, location, body: Buffer.concat(chunks) });
    }
    function fail(error: unknown): void {
      end({ kind: 'failed', sent: sending !== undefined, error });
    }
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        const reason = late ?? whyNot?.() ?? null;
        if (reason === null) {
          sending = controller;
          return;
        }
        fail(reason);
        controller.abort(new Error('not wanted any more'));
      },
      onResponseStart(controller, statusCode, answerHeaders) {
        if (statusCode < 200) return;
        status = statusCode;
        const one = (name: string): string | undefined => {
          const value = answerHeaders[name];
          return typeof value === 'string' ? value : undefined;
        };
        contentType = one('content-type');
        location = one('location');
        if (maxBytes > 0) return;
        answered();
        controller.abort(new Error('nothing more is wanted'));
      },
      onResponseData(controller, chunk) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > maxBytes) controller.abort(new AnswerTooLarge());
      },
      onResponseEnd: answered,
      onResponseError(_controller, error) {
        fail(error);
      },
    };
    const { origin, pathname, search } = url;
    try {
      dispatcher.dispatch({ origin, path: pathname + search, method, headers, body }, handler);
    } catch (error) {
      fail(error);
    }
  });
}
