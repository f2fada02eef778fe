import { CUT_OFF, damagedAt, type Parsed } from './parsed.ts';

const EXTENSION = 0x21;
const PICTURE = 0x2c;
const TRAILER = 0x3b;

/** GIF: header, colour table, then extensions and pictures as chains of sub-blocks to the trailer. */
export function parseGif(file: Buffer): Parsed | undefined {
  const signature = file.toString('latin1', 0, 6);
  if (signature !== 'GIF87a' && signature !== 'GIF89a') return undefined;
  if (file.length < 13) return { format: 'gif', broken: CUT_OFF };

  const size = { width: file.readUInt16LE(6), height: file.readUInt16LE(8) };
  if (size.width === 0 || size.height === 0) return { format: 'gif', broken: damagedAt(6) };
  const broken = (why: string): Parsed => ({ format: 'gif', ...size, broken: why });

  let hasPicture = false;
  let at = 13 + colourTable(file.readUInt8(10));
  while (at < file.length) {
    const block = file[at];
    if (block === TRAILER) {
      return hasPicture ? { format: 'gif', ...size } : broken('there is no picture in it');
    }
    if (block === EXTENSION) {
      at = afterSubBlocks(file, at + 2);
    } else if (block === PICTURE && at + 10 < file.length) {
      hasPicture = true;
      at = afterSubBlocks(file, at + 10 + colourTable(file.readUInt8(at + 9)) + 1);
    } else if (block === PICTURE) {
      return broken(CUT_OFF);
    } else {
      return broken(damagedAt(at));
    }
  }
  return broken(CUT_OFF);
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
  return file.length;
}
