/**
 * A campaign's id: 9 characters of time (45 bits of milliseconds) and 9 by chance (45 bits). It sorts
 * by age, and leaves room for a batch's number in WeChat's 32 bytes.
 */
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_LENGTH = 9;

export function campaignId(at: number): string {
  let time = '';
  for (let rest = at, place = 0; place < TIME_LENGTH; place += 1) {
    time = (ALPHABET[rest % 32] ?? '') + time;
    rest = Math.floor(rest / 32);
  }
  const chance = [...randomBytes(9)].map((byte) => ALPHABET[byte % 32] ?? '').join('');
  return time + chance;
}

/** When the campaign of this id was accepted, in ms; also of one that is no longer kept. */
export const acceptedAt = (id: string): number =>
  [...id.slice(0, TIME_LENGTH)].reduce((sum, digit) => sum * 32 + ALPHABET.indexOf(digit), 0);
