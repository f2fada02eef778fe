import type { BrokenFile } from '../campaign/media-facts.ts';
import { CUT_OFF, damagedAt, type Parsed } from './parsed.ts';

const EXTENSION = 0x21;
const PICTURE = 0x2c;
const TRAILER = 0x3b;
/** Stands between blocks in some files, and means nothing. */
const EMPTY = 0x00;
const NOT_ENDED = -1;

/** GIF: header, colour table, then extensions and pictures as chains of sub-blocks to the trailer. */
export function parseGif(file: Buffer): Parsed | undefined {
  const signature = file.toString('latin1', 0, 6);
  if (signature !== 'GIF87a' && signature !== 'GIF89a') return undefined;
  if (file.length < 13) return { format: 'gif', broken: CUT_OFF };

  const size = { width: file.readUInt16LE(6), height: file.readUInt16LE(8) };
  if (size.width === 0 || size.height === 0) return { format: 'gif', broken: damagedAt(6) };
  const broken = (why: BrokenFile): Parsed => ({ format: 'gif', ...size, broken: why });

  let hasPicture = false;
  let at = 13 + colourTable(file.readUInt8(10));
  while (at < file.length) {
    const block = file[at];
    // After a whole picture the rest is WeChat's to judge: many files lack the trailer.
    if (hasPicture) return { format: 'gif', ...size };
    if (block === TRAILER) return broken({ code: 'no-picture' });
    if (block === EMPTY) {
      at += 1;
    } else if (block === EXTENSION) {
      at = afterSubBlocks(file, at + 2);
      if (at === NOT_ENDED) return broken(CUT_OFF);
    } else if (block === PICTURE && at + 10 < file.length) {
      at = afterSubBlocks(file, at + 10 + colourTable(file.readUInt8(at + 9)) + 1);
      if (at === NOT_ENDED) return broken(CUT_OFF);
      hasPicture = true;
    } else if (block === PICTURE) {
      return broken(CUT_OFF);
    } else {
      return broken(damagedAt(at));
    }
  }
  return hasPicture ? { format: 'gif', ...size } : broken(CUT_OFF);
}

/** Bytes of the colour table that these flags announce. */
const colourTable = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 0x07) + 1) : 0);

function afterSubBlocks(file: Buffer, from: number): number {
  let at = from;
  while (at < file.length) {
    const length = file.readUInt8(at);
    at += 1 + length;
    if (length === 0) return at;
  }
  return NOT_ENDED;
}
