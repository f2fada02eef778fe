/**
 * A campaign's id: 9 characters of time (45 bits of milliseconds) and 9 by chance (45 bits). It sorts
 * by age, and leaves room for a batch's number in WeChat's 32 bytes.
 */
import { randomInt } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 9;

export const campaignId = (at: number): string => inDigits(at) + inDigits(randomInt(2 ** 45));

function inDigits(value: number): string {
  let digits = '';
  for (let rest = value; digits.length < LENGTH; rest = Math.floor(rest / 32)) {
    digits = (ALPHABET[rest % 32] ?? '') + digits;
  }
  return digits;
}

/** When the campaign of this id was accepted, in ms; also of one that is no longer kept. */
export const acceptedAt = (id: string): number =>
  [...id.slice(0, LENGTH)].reduce((sum, digit) => sum * 32 + ALPHABET.indexOf(digit), 0);
