import { setTimeout } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { Trouble } from './trouble.ts';

/** A role that was started: where it can be reached, whether it can work, how it is stopped. */
export interface Running {
  /** What for → address; printed at the start. */
  readonly addresses: Readonly<Record<string, string>>;
  /** What prevents work; none means ready. */
  ready(): Promise<readonly Trouble[]>;
  /** What will prevent it if nobody acts. */
  warnings?(): Promise<readonly Trouble[]>;
  /** Its numbers, for `/metrics`. */
  readonly registry?: Registry;
  /** Resolves when it can never work with these settings and must end. */
  readonly failed?: Promise<Error>;
  /** It answers as before, but says that it is not ready and that connections end. */
  leave?(): void;
  /** Takes nothing new, finishes what is in hand, closes everything. */
  stop(): Promise<void>;
}

/**
 * Stops a role so that no request is lost: whoever distributes requests has `drainMs` to see that it
 * is not ready, while it still answers. `hurry` ends the pause.
 */
export async function stopGently(
  running: Running,
  drainMs: number,
  hurry?: AbortSignal,
): Promise<void> {
  if (running.leave && drainMs > 0) {
    running.leave();
    await setTimeout(drainMs, undefined, hurry ? { signal: hurry } : {}).catch(() => undefined);
  }
  await running.stop();
}
