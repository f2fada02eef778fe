/**
 * One time for all hosts: Redis' own.
 *
 * Hosts' clocks differ, by hours where local time was taken for UTC; `notAfter`, the life of a key
 * and deadlines must mean the same to each. So time goes on by the monotonic clock, which nobody
 * sets, from what Redis said last. It is asked again every few seconds and after each reconnection,
 * since another master may have another clock. Wrong by half a round trip at most.
 */
import { askHolder, type Redis } from './redis.ts';
import { SECOND } from './time.ts';

const EVERY = 5 * SECOND;
/** Of so many questions the one that was answered soonest counts. */
const QUESTIONS = 3;
/** Beyond this it tells too little, unless nothing better is known. */
const LONGEST_ROUND_TRIP = 2 * SECOND;

export interface RedisClock {
  /** Milliseconds since 1970; the host's own clock until Redis has answered once. */
  now(): number;
  /** How far the host's own clock is ahead, in ms; null until Redis has answered once. */
  hostAhead(): number | null;
  /** Asks now. Rejects where a command does. */
  measure(): Promise<void>;
  stop(): void;
}

interface Dependencies {
  readonly redis: Redis;
  /** Whose server is asked: of the record. */
  readonly key: string;
  /** After each answer. */
  readonly onMeasured?: () => void;
  readonly hostNow?: () => number;
}

export function makeRedisClock(deps: Dependencies): RedisClock {
  const { redis, key, onMeasured, hostNow = Date.now } = deps;
  /** Redis' time when the monotonic clock was 0. */
  let origin: number | null = null;
  let underWay: Promise<void> | undefined;

  const now = (): number => (origin === null ? hostNow() : Math.round(origin + performance.now()));

  function measure(): Promise<void> {
    underWay ??= ask().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  async function ask(): Promise<void> {
    let shortest = Number.POSITIVE_INFINITY;
    let found: number | null = null;
    for (let count = 0; count < QUESTIONS; count += 1) {
      const before = performance.now();
      const [seconds = 0, micros = 0] = await timeOf(redis, key);
      const after = performance.now();
      if (after - before >= shortest) continue;
      shortest = after - before;
      found = seconds * SECOND + micros / 1_000 - (before + after) / 2;
    }
    if (shortest <= LONGEST_ROUND_TRIP || origin === null) origin = found;
    onMeasured?.();
  }

  const again = (): void => void measure().catch(() => undefined);
  const timer = setInterval(again, EVERY);
  timer.unref();
  redis.on('ready', again);

  return {
    now,
    hostAhead: () => (origin === null ? null : hostNow() - now()),
    measure,
    stop() {
      clearInterval(timer);
      redis.off('ready', again);
    },
  };
}

/** Seconds and microseconds. */
export const timeOf = async (redis: Redis, key: string): Promise<number[]> =>
  ((await askHolder(redis, key, (line) => line.time())) as unknown[]).map(Number);
