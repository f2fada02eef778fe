/** kbit/s of layer III by the header's index; 0 is "free" or forbidden, and neither is a frame. */
const MPEG_1_RATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];
const MPEG_2_RATES = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0];
const SAMPLE_RATES = [44_100, 48_000, 32_000];

/** How far before the first frame something else may stand. */
const SEARCH_BYTES = 64 * 1024;

const LAYER_III = 1;

export interface Frame {
  readonly at: number;
  readonly bytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  readonly mpeg1: boolean;
  readonly mono: boolean;
}

/** The whole frame of layer III that starts here and ends before `to`. */
export function frameAt(file: Buffer, at: number, to: number): Frame | undefined {
  if (at + 4 > to) return undefined;
  const header = file.readUInt32BE(at);
  if (header >>> 21 !== 0x7ff) return undefined;

  const version = (header >>> 19) & 3; // 0 is MPEG 2.5, 1 is reserved, 2 is MPEG 2, 3 is MPEG 1
  const layer = (header >>> 17) & 3;
  const mpeg1 = version === 3;
  const kbits = (mpeg1 ? MPEG_1_RATES : MPEG_2_RATES)[(header >>> 12) & 15] ?? 0;
  const fullRate = SAMPLE_RATES[(header >>> 10) & 3];
  if (version === 1 || layer !== LAYER_III || kbits === 0 || fullRate === undefined) {
    return undefined;
  }

  const sampleRate = mpeg1 ? fullRate : version === 2 ? fullRate / 2 : fullRate / 4;
  const samples = mpeg1 ? 1_152 : 576;
  const padding = (header >>> 9) & 1;
  const bytes = Math.floor(((samples / 8) * kbits * 1_000) / sampleRate) + padding;
  if (at + bytes > to) return undefined;
  return { at, bytes, samples, sampleRate, mpeg1, mono: ((header >>> 6) & 3) === 3 };
}

/**
 * The next frame that is followed by another of its kind, or by the end: eleven set bits alone turn
 * up in any file. The search is bounded, so that a long file of chance headers stays linear.
 */
export function firstFrame(file: Buffer, from: number, to: number): Frame | undefined {
  const until = Math.min(to, from + SEARCH_BYTES);
  let at = file.indexOf(0xff, from);
  while (at !== -1 && at < until) {
    const frame = frameAt(file, at, to);
    if (frame) {
      const end = at + frame.bytes;
      const next = frameAt(file, end, to);
      if (end === to || (next && next.sampleRate === frame.sampleRate)) return frame;
    }
    at = file.indexOf(0xff, at + 1);
  }
  return undefined;
}
