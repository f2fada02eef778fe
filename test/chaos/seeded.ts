/** Chance that can be had again: the same seed, the same throws, in the same order. */

export interface Dice {
  /** From 0, below 1. */
  next(): number;
  /** Whole, from `least` to `most`, both possible. */
  between(least: number, most: number): number;
  /** True that often out of one. */
  chance(share: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** One of the names, as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name;
}

/**
 * One stream for each purpose: kills, faults and campaigns run side by side, so a common stream
 * would be shared out differently each time.
 */
export function dice(seed: number, purpose: string): Dice {
  let state = seed >>> 0;
  for (const character of purpose) {
    state = Math.imul(state ^ character.charCodeAt(0), 0x9e3779b1) >>> 0;
  }

  /** mulberry32. */
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  return {
    next,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    chance: (share) => next() < share,
    pick(items) {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
    weighted(weights) {
      const entries = Object.entries<number>(weights);
      let at = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        at -= weight;
        if (at < 0) return name as keyof typeof weights;
      }
      throw new RangeError('nothing to pick from');
    },
  };
}
