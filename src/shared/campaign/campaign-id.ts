/**
 * A campaign's id: 9 characters of time (45 bits of milliseconds) and 9 by chance (45 bits). It sorts
 * by age, and leaves room for a batch's number in WeChat's 32 bytes.
 *
 * The id of one in another shard than 0 says so: 6 characters by chance, `u`, which is no digit here,
 * and two digits of the shard.
 */
import { randomInt } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 9;
const SHARD = /u([0-9a-hjkmnp-tv-z]{2})$/;

export const campaignId = (at: number, shard = 0): string =>
  inDigits(at) +
  (shard === 0 ? inDigits(randomInt(2 ** 45)) : inDigits(randomInt(2 ** 30), 6) + inShard(shard));

/** In which shard a campaign's keys are, by its id. */
export const shardIn = (id: string): number =>
  [...(SHARD.exec(id)?.[1] ?? '')].reduce((sum, digit) => sum * 32 + ALPHABET.indexOf(digit), 0);

const inShard = (shard: number): string => `u${inDigits(shard, 2)}`;

function inDigits(value: number, length = LENGTH): string {
  let digits = '';
  for (let rest = value; digits.length < length; rest = Math.floor(rest / 32)) {
    digits = (ALPHABET[rest % 32] ?? '') + digits;
  }
  return digits;
}

/** When the campaign of this id was accepted, in ms; also of one that is no longer kept. */
export const acceptedAt = (id: string): number =>
  [...id.slice(0, LENGTH)].reduce((sum, digit) => sum * 32 + ALPHABET.indexOf(digit), 0);
