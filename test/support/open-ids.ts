/** Made-up OpenIDs. */
import fc from 'fast-check';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The first `count` of one endless series: all different, 28 characters, always the same. */
export const openIds = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `oQunfa-${String(i).padStart(20, '0')}_`);

/** Any that WeChat could hand out, of every length. */
export const someOpenId = fc
  .array(fc.constantFrom(...ALPHABET), { minLength: 16, maxLength: 64 })
  .map((chars) => chars.join(''));
