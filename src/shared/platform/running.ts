import type { Registry } from 'prom-client';

/** A role that was started: where it can be reached, whether it can work, how it is stopped. */
export interface Running {
  /** What for → address; printed at the start. */
  readonly addresses: Readonly<Record<string, string>>;
  /** What prevents work, in sentences; none means ready. */
  ready(): Promise<readonly string[]>;
  /** Its numbers, for `/metrics`. */
  readonly registry?: Registry;
  /** Resolves when it can never work with these settings and must end. */
  readonly failed?: Promise<Error>;
  /** Takes nothing new, finishes what is in hand, closes everything. */
  stop(): Promise<void>;
}
