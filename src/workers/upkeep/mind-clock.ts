/**
 * BullMQ goes by the host's clock: one that is ahead wakes every sleeping job at once, and leaves
 * plans that no other host comes round to for hours. So a worker whose host's clock differs from
 * Redis' does nothing, and says so wherever an operator may look.
 */
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { numbersOf } from '../../shared/platform/metrics.ts';
import type { RedisClock } from '../../shared/platform/redis-clock.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { describeTrouble, type Trouble } from '../../shared/platform/trouble.ts';
import type { LaneStore } from '../../shared/record/lane-store.ts';

interface Dependencies {
  readonly clock: Pick<RedisClock, 'hostAhead' | 'now'>;
  readonly hostId: string;
  readonly lanes: Pick<LaneStore, 'noteClock'>;
  /** The host's clock is right (again), or is not (any more). */
  readonly onChange: (isRight: boolean) => void;
  readonly registry: Registry;
  readonly log: Logger;
}

const MOST_APART = 5 * SECOND;

export interface ClockMinder {
  isRight(): boolean;
  /** To be called after each answer of Redis. */
  look(): void;
  /** For `/readyz`. */
  faults(): readonly Trouble[];
}

export function mindClock(deps: Dependencies): ClockMinder {
  const { clock, hostId, lanes, onChange, registry, log } = deps;
  const numbers = numbersOf(registry);
  /** Unknown until Redis has answered: then nothing is done either. */
  let isRight = false;
  let isTold = false;

  function look(): void {
    const ahead = clock.hostAhead();
    if (ahead === null) return;
    numbers.set('qunfa_clock_ahead_seconds', ahead / SECOND);
    const was = isRight;
    isRight = Math.abs(ahead) <= MOST_APART;
    if (!isRight || isTold) {
      lanes.noteClock(hostId, isRight ? null : { aheadMs: ahead, at: clock.now() }).catch(forget);
    }
    if (!isRight && !isTold) {
      log.error(
        { event: 'clock.wrong', aheadSeconds: Math.round(ahead / SECOND) },
        describeTrouble(clockOff(ahead), 'en'),
      );
    }
    if (isRight && isTold)
      log.info({ event: 'clock.right' }, 'the clock is right again: work goes on');
    isTold = !isRight;
    if (was !== isRight) onChange(isRight);
  }

  return {
    isRight: () => isRight,
    look,
    faults() {
      const ahead = clock.hostAhead();
      return ahead === null || Math.abs(ahead) <= MOST_APART ? [] : [clockOff(ahead)];
    },
  };
}

const clockOff = (ahead: number): Trouble => ({
  code: 'clock-off',
  aheadSeconds: Math.round(ahead / SECOND),
});

const forget = (): undefined => undefined;
