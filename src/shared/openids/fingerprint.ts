/**
 * Tells lists with the same ids from all others, in whatever order the ids came: the sum of what
 * each id hashes to. 64 bits, against chance; whoever makes two lists collide fools only himself.
 */
import { hashWords, MAX_ID_WORDS, toWords } from './id-words.ts';
import { MAX_CHARS, MAX_PACKED_BYTES, packId } from './packed-id.ts';

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
  const text = Buffer.alloc(MAX_CHARS * 3);
  const packed = Buffer.alloc(MAX_PACKED_BYTES);
  const words = new Int32Array(MAX_ID_WORDS);
  let count = 0;
  for (const openId of new Set(openIds)) {
    if (openId.length > MAX_CHARS) continue;
    if (packId(text, 0, text.write(openId), packed, 0) === 0) continue;
    fingerprint.add(words, 0, toWords(packed, 0, words));
    count++;
  }
  return { fingerprint: fingerprint.toString(), count };
}
