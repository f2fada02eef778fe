/**
 * Finds out what a file is from its bytes: format, size in pixels, length, and whether it is whole.
 *
 * A name or a content type from outside proves nothing; WeChat looks at the content too, and
 * refuses only after the upload. Each parser walks its file once, checks every length against
 * what is left, and never throws: the bytes are not trusted.
 */
import type { MediaFacts } from '../campaign/media-facts.ts';
import { looksLike } from './looks-like.ts';
import { parseAmr } from './parse-amr.ts';
import { parseBmp } from './parse-bmp.ts';
import { parseGif } from './parse-gif.ts';
import { parseJpg } from './parse-jpg.ts';
import { parseMp3 } from './parse-mp3.ts';
import { parseMp4 } from './parse-mp4.ts';
import { parsePng } from './parse-png.ts';
import { parseWebp } from './parse-webp.ts';
import type { Parsed } from './parsed.ts';

/** MP3 last: it alone has no signature of its own and is recognised by its frames. */
const PARSERS: readonly ((file: Buffer) => Parsed | undefined)[] = [
  parseJpg,
  parsePng,
  parseGif,
  parseBmp,
  parseWebp,
  parseAmr,
  parseMp4,
  parseMp3,
];

/** Pure, never throws, linear in the file's size. */
export function inspectMedia(bytes: Uint8Array): MediaFacts {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const parse of PARSERS) {
    const parsed = parse(file);
    if (parsed) return { ...parsed, bytes: file.length };
  }
  const guess = looksLike(file);
  return {
    format: 'unknown',
    bytes: file.length,
    ...(guess === undefined ? {} : { looksLike: guess }),
  };
}
