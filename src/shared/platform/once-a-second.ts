import { SECOND } from './time.ts';

/**
 * The answer, asked for at most once a second, however often a stranger wants to know. A failure is
 * an answer, too.
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
