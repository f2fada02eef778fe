/**
 * The same for lists with the same ids, in whatever order the ids came: the sum of the ids' hashes.
 * 64 bits, against chance; it does not protect a sender who makes two own lists collide.
 */
import { hashInts, MAX_ID_INTS, toInts } from './id-int32s.ts';
import { packedBytes, packIds } from './packed-id.ts';

export class Fingerprint {
  #low = 0;
  #high = 0;

  /** To be given each id once. */
  add(ints: Int32Array, at: number, count: number): void {
    this.#low = (this.#low + hashInts(ints, at, count, 1)) >>> 0;
    this.#high = (this.#high + hashInts(ints, at, count, 2)) >>> 0;
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    return [this.#high, this.#low].map((part) => part.toString(16).padStart(8, '0')).join('');
  }
}

/** The fingerprint of the list that these would make, and how many it would have. */
export function fingerprintOf(openIds: readonly string[]): { fingerprint: string; count: number } {
  const fingerprint = new Fingerprint();
  const ints = new Int32Array(MAX_ID_INTS);
  const { packed, count } = packIds(new Set(openIds));
  for (let at = 0; at < packed.length; at += packedBytes(packed[at] as number)) {
    fingerprint.add(ints, 0, toInts(packed, at, ints));
  }
  return { fingerprint: fingerprint.toString(), count };
}
