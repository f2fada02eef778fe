/** Doubling from a second to a minute, for ever: faults (Redis away, a bug) end sometime. */
import { MINUTE, SECOND } from '../../shared/platform/time.ts';

export function cappedBackoff(attemptsMade: number): number {
  const doubled = SECOND * 2 ** Math.min(attemptsMade - 1, 6);
  return Math.round(Math.min(doubled, MINUTE) * (0.75 + Math.random() / 2));
}
