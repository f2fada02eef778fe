import { crc32 } from 'node:zlib';
import type { BrokenFile } from '../campaign/media-facts.ts';
import { CUT_OFF, damagedAt, type Parsed } from './parsed.ts';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** PNG: chunks with checksums, from IHDR by way of IDAT to IEND. */
export function parsePng(file: Buffer): Parsed | undefined {
  if (!file.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return undefined;

  let size: { width: number; height: number } | undefined;
  let hasPicture = false;
  const broken = (why: BrokenFile): Parsed => ({ format: 'png', ...size, broken: why });

  let at = SIGNATURE.length;
  while (at + 12 <= file.length) {
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    const next = at + 12 + length;
    if (next > file.length) return broken(CUT_OFF);
    if (crc32(file.subarray(at + 4, next - 4)) !== file.readUInt32BE(next - 4)) {
      return broken(damagedAt(at));
    }
    // First, and only once: a decoder would believe a second one.
    if ((type === 'IHDR') !== (size === undefined)) return broken(damagedAt(at));

    if (type === 'IHDR') {
      if (length !== 13) return broken(damagedAt(at));
      const found = { width: file.readUInt32BE(at + 8), height: file.readUInt32BE(at + 12) };
      if (found.width === 0 || found.height === 0) return broken(damagedAt(at));
      size = found;
    }
    if (type === 'IDAT') hasPicture = true;
    if (type === 'IEND') {
      return size && hasPicture ? { format: 'png', ...size } : broken({ code: 'no-picture' });
    }
    at = next;
  }
  return broken(CUT_OFF);
}
