import type { DistinctIds } from './distinct-ids.ts';

/** Takes what a reader finds where an OpenID should be. */
export type IdSink = Pick<DistinctIds, 'line' | 'take' | 'takeString' | 'takeInvalid' | 'ready'>;

/** Letters, digits, `-` and `_`: what an OpenID begins and ends with. */
export const isPlain = (byte = 0): boolean =>
  (byte > 96 && byte < 123) ||
  (byte > 64 && byte < 91) ||
  (byte > 47 && byte < 58) ||
  byte === 45 ||
  byte === 95;

/** Without blanks, zero-width ones included, quotes, and the comma that may end a line. */
export function bare(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && AROUND.test(text.charAt(from))) from++;
  while (to > from && AROUND.test(text.charAt(to - 1))) to--;
  return text.slice(from, to);
}

const AROUND = /[\s\p{C}\p{Default_Ignorable_Code_Point}"',;]/u;

/** Whether a column or field is the one that was asked for. */
export const isNamed = (name: string, wanted: string): boolean =>
  name === wanted || bare(name).toLowerCase() === wanted.toLowerCase();
