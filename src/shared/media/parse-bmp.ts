import { CUT_OFF, damagedAt, type Parsed } from './parsed.ts';

/** The sizes that the information header has had: OS/2, then Windows 3 to 5. */
const HEADER_SIZES: readonly number[] = [12, 16, 40, 52, 56, 64, 108, 124];

/** BMP: two letters, its own size, and a header of a known length; so text that starts "BM" is none. */
export function parseBmp(file: Buffer): Parsed | undefined {
  if (file.toString('latin1', 0, 2) !== 'BM' || file.length < 26) return undefined;
  const header = file.readUInt32LE(14);
  if (!HEADER_SIZES.includes(header)) return undefined;

  const old = header === 12;
  const width = old ? file.readUInt16LE(18) : file.readInt32LE(18);
  // Negative: the rows are stored from top to bottom.
  const height = Math.abs(old ? file.readUInt16LE(20) : file.readInt32LE(22));
  if (width <= 0 || height === 0) return { format: 'bmp', broken: damagedAt(18) };

  const whole = file.readUInt32LE(2) <= file.length && file.readUInt32LE(10) < file.length;
  return { format: 'bmp', width, height, ...(whole ? {} : { broken: CUT_OFF }) };
}
