/**
 * A set of packed OpenIDs in two flat buffers: the ids one after the other, each behind a byte that
 * says whether it is to be left out, and slots that point at them (open addressing).
 */
import { packedBytes } from './packed-id.ts';

export type Sight = 'first' | 'again' | 'left-out';

const SMALLEST = 1_024;

export class SeenIds {
  #ids = Buffer.allocUnsafeSlow(SMALLEST * 32);
  #fill = 0;
  #slots = new Uint32Array(SMALLEST); // 0, or 1 + where the id is in `#ids`
  #count = 0;
  readonly #hash: (bytes: Uint8Array, at: number, size: number) => number;

  constructor(hash: (bytes: Uint8Array, at: number, size: number) => number) {
    this.#hash = hash;
  }

  clear(): void {
    this.#fill = 0;
    this.#count = 0;
    this.#slots.fill(0);
  }

  /** Says whether the id was seen before, and keeps it if not. */
  see(bytes: Uint8Array, at: number, size: number, leftOut: boolean): Sight {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(bytes, at, size) & mask;
    for (;;) {
      const known = this.#slots[slot] as number;
      if (known === 0) break;
      if (this.#isSame(known, bytes, at, size)) {
        return this.#ids[known - 1] === 1 ? 'left-out' : 'again';
      }
      slot = (slot + 1) & mask;
    }
    this.#makeRoom(1 + size);
    this.#slots[slot] = this.#fill + 1;
    this.#ids[this.#fill] = leftOut ? 1 : 0;
    const to = this.#fill + 1;
    for (let i = 0; i < size; i++) this.#ids[to + i] = bytes[at + i] as number;
    this.#fill = to + size;
    if (++this.#count * 2 > this.#slots.length) this.#grow();
    return 'first';
  }

  #isSame(known: number, bytes: Uint8Array, at: number, size: number): boolean {
    // Backwards: the ids of one account begin alike. The length comes first, so it is compared too.
    for (let i = size - 1; i >= 0; i--) if (this.#ids[known + i] !== bytes[at + i]) return false;
    return true;
  }

  #makeRoom(bytes: number): void {
    if (this.#fill + bytes <= this.#ids.length) return;
    const larger = Buffer.allocUnsafeSlow(this.#ids.length * 2);
    this.#ids.copy(larger, 0, 0, this.#fill);
    this.#ids = larger;
  }

  #grow(): void {
    const mask = this.#slots.length * 2 - 1;
    this.#slots = new Uint32Array(mask + 1);
    for (let at = 0; at < this.#fill; ) {
      const size = packedBytes(this.#ids[at + 1] as number);
      let slot = this.#hash(this.#ids, at + 1, size) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = at + 1;
      at += 1 + size;
    }
  }
}
