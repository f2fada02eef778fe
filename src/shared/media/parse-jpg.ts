import type { BrokenFile } from '../campaign/media-facts.ts';
import { type Component, isScanWhole, readTables, type Tables } from './jpg-scan.ts';
import { CUT_OFF, damagedAt, type Parsed } from './parsed.ts';

const START = 0xd8;
const END = 0xd9;
const SCAN = 0xda;
const TABLES = 0xc4;
const RESTARTS = 0xdd;

/** A progressive picture has some ten; a decoder walks through all of the picture for each. */
const MAX_SCANS = 100;

/** Frame headers are C0–CF without the tables C4 (Huffman), CC (arithmetic) and the reserved C8. */
const isFrameHeader = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7;

/**
 * JPEG: segments up to the end marker. A picture inside a segment (an EXIF preview) is skipped with
 * it, and what cameras append after the end is ignored.
 */
export function parseJpg(file: Buffer): Parsed | undefined {
  if (file[0] !== 0xff || file[1] !== START || file[2] !== 0xff) return undefined;

  let size: { width: number; height: number } | undefined;
  let components: Component[] = [];
  let isBaseline = false;
  const tables: Tables = new Map();
  let restartEvery = 0;
  let scans = 0;
  /** Four colours are those of print. */
  const whole = (found: { width: number; height: number }): Parsed => ({
    ...{ format: 'jpg', ...found },
    ...(components.length === 4 ? { cmyk: true } : {}),
  });
  const broken = (why: BrokenFile): Parsed => ({ format: 'jpg', ...size, broken: why });

  let at = 2;
  while (at + 2 <= file.length) {
    if (file[at] !== 0xff) return broken(damagedAt(at));
    const marker = file.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === END) {
      return size && scans > 0 ? whole(size) : broken({ code: 'no-picture' });
    }
    if (marker === 0x01 || isRestart(marker)) {
      at += 2;
      continue;
    }
    if (marker === START || marker === 0x00) return broken(damagedAt(at));
    if (at + 4 > file.length) return broken(CUT_OFF);

    const next = at + 2 + file.readUInt16BE(at + 2);
    if (next < at + 4) return broken(damagedAt(at));
    if (next > file.length) return broken(CUT_OFF);

    if (isFrameHeader(marker)) {
      // A decoder would believe a second header, whatever the first one said of the size.
      if (size || next < at + 9) return broken(damagedAt(at));
      const found = { width: file.readUInt16BE(at + 7), height: file.readUInt16BE(at + 5) };
      if (found.width === 0 || found.height === 0) return broken(damagedAt(at));
      size = found;
      components = componentsIn(file.subarray(at + 9, next));
      isBaseline = marker <= 0xc1;
    }
    if (marker === TABLES) readTables(file.subarray(at + 4, next), tables);
    if (marker === RESTARTS && next >= at + 6) restartEvery = file.readUInt16BE(at + 4);
    const header = file.subarray(at + 4, next);
    at = next;
    if (marker === SCAN) {
      scans += 1;
      if (scans > MAX_SCANS) return broken(damagedAt(at));
      const data = file.subarray(at);
      at = endOfScan(file, at);
      // Without an end marker: whether the picture is whole, its last scan tells.
      if (at >= file.length - 1 && size && isBaseline) {
        const all = { size, components, tables, restartEvery, header, data };
        return isScanWhole(all) ? whole(size) : broken(CUT_OFF);
      }
    }
  }
  return broken(CUT_OFF);
}

function componentsIn(header: Buffer): Component[] {
  const count = header[0] ?? 0;
  return Array.from({ length: count }, (_, i) => {
    const [id = 0, sampling = 0] = header.subarray(1 + 3 * i);
    return { id, across: sampling >> 4, down: sampling & 15 };
  });
}

/** Where the next marker is: inside a scan FF is data if 00 or a restart mark follows. */
function endOfScan(file: Buffer, from: number): number {
  let at = file.indexOf(0xff, from);
  while (at !== -1 && at + 1 < file.length) {
    const next = file.readUInt8(at + 1);
    if (next !== 0x00 && !isRestart(next)) return at;
    at = file.indexOf(0xff, at + 2);
  }
  return file.length;
}
