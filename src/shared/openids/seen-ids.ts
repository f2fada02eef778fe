/**
 * A set of OpenIDs in two flat arrays: the ids' ints one after the other, each id behind a
 * flag (1: it is to be left out), and slots that point at them (open addressing).
 */
import { countOfInts, hashInts } from './id-int32s.ts';

type Sight = 'first' | 'again' | 'left-out';

const SMALLEST = 1_024;

export class SeenIds {
  readonly #seed: number;
  #ids = new Int32Array(SMALLEST * 8);
  #fill = 0;
  #slots = new Uint32Array(SMALLEST); // 0, or where the id's first integer is
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  clear(): void {
    this.#fill = 0;
    this.#count = 0;
    this.#slots.fill(0);
  }

  /** Whether the id was seen before; keeps it if not. */
  see(ints: Int32Array, at: number, count: number, leftOut: boolean): Sight {
    const mask = this.#slots.length - 1;
    let slot = hashInts(ints, at, count, this.#seed) & mask;
    for (;;) {
      const known = this.#slots[slot] as number;
      if (known === 0) break;
      if (this.#isSame(known, ints, at, count)) {
        return this.#ids[known - 1] === 1 ? 'left-out' : 'again';
      }
      slot = (slot + 1) & mask;
    }
    const to = this.#fill + 1;
    if (to + count > this.#ids.length) this.#makeRoom();
    this.#slots[slot] = to;
    this.#ids[to - 1] = leftOut ? 1 : 0;
    for (let i = 0; i < count; i++) this.#ids[to + i] = ints[at + i] as number;
    this.#fill = to + count;
    if (++this.#count * 2 > this.#slots.length) this.#grow();
    return 'first';
  }

  #isSame(known: number, ints: Int32Array, at: number, count: number): boolean {
    // Backwards: the ids of one account begin alike. The first integer has the length.
    for (let i = count - 1; i >= 0; i--) if (this.#ids[known + i] !== ints[at + i]) return false;
    return true;
  }

  #makeRoom(): void {
    const larger = new Int32Array(this.#ids.length * 2);
    larger.set(this.#ids.subarray(0, this.#fill));
    this.#ids = larger;
  }

  #grow(): void {
    const mask = this.#slots.length * 2 - 1;
    this.#slots = new Uint32Array(mask + 1);
    for (let at = 1; at < this.#fill; ) {
      const count = countOfInts(this.#ids[at] as number);
      let slot = hashInts(this.#ids, at, count, this.#seed) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = at;
      at += count + 1;
    }
  }
}
