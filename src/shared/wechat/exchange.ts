/**
 * One HTTP exchange, and the one question that matters when it fails: was the request sent?
 *
 * Error codes do not tell: a TLS error may come before the request or in the middle of the answer.
 * But undici says when it puts a request onto a connection. Before that moment nobody can have seen
 * it; after it, any failure leaves the outcome open.
 */
import type { Dispatcher, FormData } from 'undici';

interface Request {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | FormData | undefined;
  /** A longer answer is none. */
  readonly maxBytes: number;
  /** Asked at the last moment, when a connection is there: why it must not go out after all. */
  readonly whyNot?: (() => string | null) | undefined;
}

export type Exchange =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string }
  | { readonly kind: 'failed'; readonly sent: boolean; readonly error: unknown };

/** Never rejects. With `signal` aborted it ends at once, even while still waiting to connect. */
export function exchange(
  dispatcher: Dispatcher,
  { url, method, headers, body, maxBytes, whyNot }: Request,
  signal: AbortSignal,
): Promise<Exchange> {
  return new Promise((resolve) => {
    let sending: Dispatcher.DispatchController | undefined;
    let status = 0;
    const chunks: Buffer[] = [];
    let bytes = 0;

    const end = (outcome: Exchange) => {
      signal.removeEventListener('abort', abort);
      resolve(outcome);
    };
    const fail = (error: unknown) => end({ kind: 'failed', sent: sending !== undefined, error });
    const abort = () => {
      fail(signal.reason);
      sending?.abort(asError(signal.reason));
    };

    if (signal.aborted) return fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const options = { origin: url.origin, path: url.pathname + url.search, method, headers };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        const reason: unknown = signal.aborted ? signal.reason : whyNot?.();
        if (reason === null || reason === undefined) {
          sending = controller;
          return;
        }
        fail(reason);
        controller.abort(asError(reason));
      },
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData(controller, chunk) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > maxBytes) controller.abort(new AnswerTooLarge());
      },
      onResponseEnd() {
        end({ kind: 'answered', status, text: Buffer.concat(chunks).toString('utf8') });
      },
      onResponseError(_controller, error) {
        fail(error);
      },
    };
    try {
      dispatcher.dispatch({ ...options, body: body ?? null }, handler);
    } catch (error) {
      fail(error);
    }
  });
}

/** Named like undici's own limit, which is for all calls alike. */
class AnswerTooLarge extends Error {
  readonly code = 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted');
}
