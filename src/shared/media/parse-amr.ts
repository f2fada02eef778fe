import { CUT_OFF, damagedAt, type Parsed } from './parsed.ts';

/** Every frame, in either band, is 20 ms of sound (RFC 4867, section 5). */
const FRAME_MS = 20;

/** Bytes of a frame by its type, the type's own byte included; 0 is a type that must not occur. */
const NARROW_BAND = [13, 14, 16, 18, 20, 21, 27, 32, 6, 6, 6, 6, 0, 0, 0, 1];
const WIDE_BAND = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1];

const BANDS = [
  { magic: '#!AMR\n', frameBytes: NARROW_BAND },
  { magic: '#!AMR-WB\n', frameBytes: WIDE_BAND },
];

/** AMR, one channel: a line of text, then frames. It has no index; the length is a count. */
export function parseAmr(file: Buffer): Parsed | undefined {
  const band = BANDS.find(({ magic }) => file.toString('latin1', 0, magic.length) === magic);
  if (!band) return undefined;

  let frames = 0;
  const soFar = () => ({ format: 'amr', durationMs: frames * FRAME_MS }) as const;

  let at = band.magic.length;
  while (at < file.length) {
    const head = file.readUInt8(at);
    const bytes = band.frameBytes[(head >> 3) & 0x0f] ?? 0;
    if (bytes === 0 || head & 0x80) return { ...soFar(), broken: damagedAt(at) };
    if (at + bytes > file.length) return { ...soFar(), broken: CUT_OFF };
    frames += 1;
    at += bytes;
  }
  return frames > 0 ? soFar() : { ...soFar(), broken: { code: 'no-sound' } };
}
