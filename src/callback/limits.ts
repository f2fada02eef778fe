import { CALLBACK_HTTP, type HttpLimits } from '../shared/platform/serve-http.ts';
import { SECOND } from '../shared/platform/time.ts';

/** How much of this process one stranger, or all of them, may take up. */
export interface Limits extends HttpLimits {
  readonly bodyBytes: number;
  readonly spooledEvents: number;
  /** The store has this long; then the event goes to disk. */
  readonly storeWithinMs: number;
  readonly forwardWithinMs: number;
}

export const LIMITS: Limits = {
  ...CALLBACK_HTTP,
  bodyBytes: 64 * 1024,
  spooledEvents: 10_000,
  storeWithinMs: 2.5 * SECOND,
  forwardWithinMs: 4 * SECOND,
};
