import { SECOND } from './time.ts';

/**
 * Calls `ask` at most once a second and returns its last answer in between, so that callers cannot
 * cause load. A failure is kept as an answer, too.
 */
export function onceASecond<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  let askAgainAt = 0;
  return () => {
    if (asked && performance.now() < askAgainAt) return asked;
    askAgainAt = performance.now() + SECOND;
    asked = ask();
    return asked;
  };
}
