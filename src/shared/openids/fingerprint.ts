/**
 * Tells lists with the same ids from all others, in whatever order the ids came: the sum of what
 * each id hashes to. 64 bits, against chance; whoever makes two lists collide fools only himself.
 */
import { hashWords } from './id-words.ts';

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
