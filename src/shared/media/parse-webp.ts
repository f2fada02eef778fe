import { CUT_OFF, damagedAt, type Parsed } from './parsed.ts';

/** WebP: a RIFF file whose first chunk says how large the picture is, in one of three ways. */
export function parseWebp(file: Buffer): Parsed | undefined {
  const name = (at: number): string => file.toString('latin1', at, at + 4);
  if (name(0) !== 'RIFF' || name(8) !== 'WEBP') return undefined;
  if (file.length < 30) return { format: 'webp', broken: CUT_OFF };

  const size = sizeIn(name(12), file);
  if (!size) return { format: 'webp', broken: damagedAt(12) };
  const whole = file.readUInt32LE(4) + 8 <= file.length;
  return {
    ...{ format: 'webp', ...size },
    ...(whole ? {} : { broken: CUT_OFF }),
  };
}

function sizeIn(chunk: string, file: Buffer): { width: number; height: number } | undefined {
  switch (chunk) {
    // 14 bits each, behind the frame's tag and its start code.
    case 'VP8 ':
      if (file.toString('hex', 23, 26) !== '9d012a') return undefined;
      return { width: file.readUInt16LE(26) & 0x3fff, height: file.readUInt16LE(28) & 0x3fff };
    case 'VP8L': {
      if (file[20] !== 0x2f) return undefined;
      const bits = file.readUInt32LE(21);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
    }
    case 'VP8X':
      return { width: 1 + file.readUIntLE(24, 3), height: 1 + file.readUIntLE(27, 3) };
    default:
      return undefined;
  }
}
