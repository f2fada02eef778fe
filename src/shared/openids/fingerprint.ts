/**
 * The same for lists with the same ids, in whatever order the ids came: the sum of the ids' hashes.
 * 64 bits, against chance; it does not protect a sender who makes two own lists collide.
 */
import { hashWords, MAX_ID_WORDS, toWords } from './id-words.ts';
import { packedBytes, packIds } from './packed-id.ts';

export class Fingerprint {
  #low = 0;
  #high = 0;

  /** To be given each id once. */
  add(words: Int32Array, at: number, count: number): void {
    this.#low = (this.#low + hashWords(words, at, count, 1)) >>> 0;
    this.#high = (this.#high + hashWords(words, at, count, 2)) >>> 0;
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    return [this.#high, this.#low].map((part) => part.toString(16).padStart(8, '0')).join('');
  }
}

/** The fingerprint of the list that these would make, and how many it would have. */
export function fingerprintOf(openIds: readonly string[]): { fingerprint: string; count: number } {
  const fingerprint = new Fingerprint();
  const words = new Int32Array(MAX_ID_WORDS);
  const { packed, count } = packIds(new Set(openIds));
  for (let at = 0; at < packed.length; at += packedBytes(packed[at] as number)) {
    fingerprint.add(words, 0, toWords(packed, at, words));
  }
  return { fingerprint: fingerprint.toString(), count };
}
