/**
 * A packed OpenID as 32-bit integers of four characters each, to hash and compare ids by the million.
 * The length is in the first one's upper byte, so ids of different length differ.
 */
import { MAX_CHARS, packedBytes } from './packed-id.ts';

export const MAX_ID_INTS = MAX_CHARS / 4;

/** The ints of an id, by the first of them. */
export const countOfInts = (first: number): number => ((first >>> 24) + 3) >>> 2;

/** Spells the packed id at `at` out into `ints`. @returns how many ints it took. */
export function toInts(packed: Uint8Array, at: number, ints: Int32Array): number {
  const chars = packed[at] as number;
  const end = at + packedBytes(chars);
  let count = 0;
  let i = at + 1;
  for (; i + 3 <= end; i += 3) {
    ints[count++] =
      ((packed[i] as number) << 16) | ((packed[i + 1] as number) << 8) | (packed[i + 2] as number);
  }
  if (i < end) {
    const second = i + 1 < end ? (packed[i + 1] as number) : 0;
    ints[count++] = ((packed[i] as number) << 16) | (second << 8);
  }
  ints[0] = (ints[0] as number) | (chars << 24);
  return count;
}

/** 32 bits, unsigned (murmur3). The seed is random for each list, so that no list can be made to fill one heap. */
export function hashInts(ints: Int32Array, at: number, count: number, seed: number): number {
  let h = seed;
  for (let i = at; i < at + count; i++) {
    let k = Math.imul(ints[i] as number, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
