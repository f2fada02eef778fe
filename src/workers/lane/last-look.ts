/**
 * May a call whose intent was recorded still be made? Asked when the call has its connection and
 * nothing of it has been sent: waiting for a connection, a host that stood still, or a Redis that
 * recorded the intent an hour after it was asked to, must not make a late call.
 *
 * Three clocks, since each fails in its own way: Redis' time knows when the intent was, the
 * monotonic clock cannot be set, and the host's wall clock goes on while a machine is suspended.
 */
import { SECOND } from '../../shared/platform/time.ts';

/** Longer than a connection takes (3 s at most), short for an operator who pauses. */
export const AT_ONCE = 4 * SECOND;

interface Intent {
  /** By Redis' time, as recorded. */
  readonly at: number;
  /** After it no call may be made: `notAfter`, or WeChat may have forgotten the key. */
  readonly until: number;
  readonly now: () => number;
}

/** @returns a function that says why not, or null. */
export function lastLook({ at, until, now }: Intent): () => string | null {
  const monotonic = performance.now();
  const wall = Date.now();
  return () => {
    if (now() >= until) return 'its time has passed';
    const waited = Math.max(now() - at, performance.now() - monotonic, Date.now() - wall);
    return waited > AT_ONCE ? 'too long after its intent' : null;
  };
}
