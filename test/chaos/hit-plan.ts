/** What is hit next, when, and for how long it is gone. Decided by the seed alone. */
import { type Dice, dice } from './seeded.ts';

export type HitKind =
  /** SIGKILL of one process. */
  | 'worker'
  | 'callback'
  | 'producer'
  | 'redis'
  /** SIGKILL at the very moment when a send is with WeChat and not answered yet. */
  | 'workers-in-mid-call'
  | 'redis-in-mid-call'
  /** Everything at once, and the end of Redis' file is gone as far as nobody had heard of it. */
  | 'power'
  /** SIGSTOP, and on it goes as if nothing had been. */
  | 'freeze-worker'
  | 'freeze-callback'
  | 'freeze-redis';

export interface Hit {
  readonly kind: HitKind;
  /** Quiet before it. */
  readonly afterMs: number;
  /** Until what was killed is started again; how long what was frozen stands still. */
  readonly goneMs: number;
  /** Which of several, and how much of a tail: 0 to 1. */
  readonly share: number;
  readonly path: 'message/mass/send' | 'message/mass/sendall';
  /** A call in the middle: seen by WeChat before the kill, or after it. */
  readonly when: 'before' | 'after';
}

const WEIGHTS: Readonly<Record<HitKind, number>> = {
  worker: 38,
  callback: 13,
  producer: 9,
  redis: 13,
  'workers-in-mid-call': 8,
  'redis-in-mid-call': 4,
  power: 4,
  'freeze-worker': 4,
  'freeze-callback': 3,
  'freeze-redis': 2,
};

/** Where there is more than one Redis, its masters are hit more often. */
const OF_GROUPS = { ...WEIGHTS, redis: 40, 'redis-in-mid-call': 10, 'freeze-redis': 6 };

export function* hitPlan(seed: number, isGroup = false): Generator<Hit, never> {
  const chance = dice(seed, 'hits');
  for (;;) {
    const kind = chance.weighted(isGroup ? OF_GROUPS : WEIGHTS);
    yield {
      kind,
      afterMs: chance.between(300, 3_000),
      goneMs: goneMs(kind, chance),
      share: chance.next(),
      path: chance.pick(['message/mass/send', 'message/mass/sendall']),
      when: chance.pick(['before', 'after']),
    };
  }
}

function goneMs(kind: HitKind, chance: Dice): number {
  switch (kind) {
    case 'freeze-worker':
      // A job's lock is good for 15 s, and another 5 s may pass until somebody looks.
      return chance.between(16_000, 24_000);
    case 'freeze-callback':
      // WeChat gives up a push after three tries.
      return chance.between(3_000, 12_000);
    case 'freeze-redis':
      return chance.between(1_000, 6_000);
    case 'redis':
    case 'redis-in-mid-call':
      return chance.chance(0.3) ? chance.between(1_000, 6_000) : chance.between(0, 300);
    default:
      return chance.chance(0.2) ? chance.between(1_000, 4_000) : chance.between(0, 300);
  }
}
