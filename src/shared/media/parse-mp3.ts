/**
 * MP3: frames, each with a header of its own, between tags.
 *
 * The length is counted in frames, so that no header can falsify it; a Xing or VBRI header only gives
 * how many there should be, and how much silence the encoder added.
 */
import { CUT_OFF, type Parsed } from './parsed.ts';

export function parseMp3(file: Buffer): Parsed | undefined {
  const from = afterId3(file);
  const to = beforeTrailingTags(file, from);
  const first = firstFrame(file, from, to);
  // Sound deeper in a file without a tag is some other container's (a WAV can hold MP3).
  if (!first || (from === 0 && first.at !== afterZeros(file))) return undefined;

  const note = encoderNote(file, first);
  const walk = countSamples(file, note ? first.at + first.bytes : first.at, to);
  const samples = Math.max(0, walk.samples - (note?.paddingSamples ?? 0));
  const facts = {
    format: 'mp3',
    durationMs: Math.round((samples / first.sampleRate) * 1_000),
  } as const;

  // One frame of grace: encoders disagree on whether the note itself counts.
  if (note?.frames !== undefined && walk.frames + 1 < note.frames) {
    return { ...facts, broken: CUT_OFF };
  }
  if (walk.frames === 0) return { ...facts, broken: { code: 'no-sound' } };
  if (walk.soundBytes * 2 < to - first.at) {
    return { ...facts, broken: { code: 'little-sound' } };
  }
  return facts;
}

function countSamples(file: Buffer, from: number, to: number) {
  let frames = 0;
  let samples = 0;
  let soundBytes = 0;
  let frame: Frame | undefined = frameAt(file, from, to) ?? firstFrame(file, from, to);
  while (frame) {
    frames += 1;
    samples += frame.samples;
    soundBytes += frame.bytes;
    const next: number = frame.at + frame.bytes;
    // Where the chain breaks, sound goes on at the next two frames that fit together.
    frame = frameAt(file, next, to) ?? firstFrame(file, next, to);
  }
  return { frames, samples, soundBytes };
}

/** Some encoders put silence of nothing but zeros in front. */
const afterZeros = (file: Buffer): number => file.findIndex((byte) => byte !== 0);

/** Past the ID3v2 tags at the start: a file may carry several. */
function afterId3(file: Buffer): number {
  let at = 0;
  while (file.toString('latin1', at, at + 3) === 'ID3' && at + 10 <= file.length) {
    const footer = file.readUInt8(at + 5) & 0x10 ? 10 : 0;
    // Four times seven bits.
    const length = [6, 7, 8, 9].reduce((sum, i) => sum * 128 + (file.readUInt8(at + i) & 0x7f), 0);
    at = Math.min(at + 10 + length + footer, file.length);
  }
  return at;
}

/** Before an ID3v1 tag (128 bytes) and an APE tag in front of that, which are no sound. */
function beforeTrailingTags(file: Buffer, from: number): number {
  let to = file.length;
  if (to - 128 >= from && file.toString('latin1', to - 128, to - 125) === 'TAG') to -= 128;
  if (to - 32 >= from && file.toString('latin1', to - 32, to - 24) === 'APETAGEX') {
    const header = file.readUInt32LE(to - 12) & 0x8000_0000 ? 32 : 0;
    to = Math.max(from, to - file.readUInt32LE(to - 20) - header);
  }
  return to;
}

/** kbit/s of layer III by the header's index; 0 is "free" or forbidden, and neither is a frame. */
const MPEG_1_RATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];
const MPEG_2_RATES = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0];
const SAMPLE_RATES = [44_100, 48_000, 32_000];

/** How far before the first frame something else may stand. */
const SEARCH_BYTES = 64 * 1024;

const LAYER_III = 1;

interface Frame {
  readonly at: number;
  readonly bytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  readonly mpeg1: boolean;
  readonly mono: boolean;
}

/** The whole frame of layer III that starts here and ends before `to`. */
function frameAt(file: Buffer, at: number, to: number): Frame | undefined {
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
function firstFrame(file: Buffer, from: number, to: number): Frame | undefined {
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

/** What an encoder wrote into the first frame, which then holds no sound. */
interface EncoderNote {
  /** How many frames of sound follow, if that is written there. */
  readonly frames?: number;
  /** Silence that the encoder put around the sound, and players leave out. */
  readonly paddingSamples: number;
}

/** The position of a VBRI note in a frame of any kind. */
const VBRI_OFFSET = 36;

/** The Xing or Info note (with LAME's part) or the VBRI note of the first frame. */
function encoderNote(file: Buffer, frame: Frame): EncoderNote | undefined {
  const body = file.subarray(frame.at, frame.at + frame.bytes);
  const xing = xingOffset(frame);
  const name = body.toString('latin1', xing, xing + 4);
  if ((name === 'Xing' || name === 'Info') && xing + 8 <= body.length) return readXing(body, xing);
  if (body.toString('latin1', VBRI_OFFSET, VBRI_OFFSET + 4) === 'VBRI' && body.length >= 54) {
    return { frames: body.readUInt32BE(VBRI_OFFSET + 14), paddingSamples: 0 };
  }
  return undefined;
}

/** Behind the header and the side information, whose length depends on version and channels. */
function xingOffset({ mpeg1, mono }: Frame): number {
  if (mpeg1) return 4 + (mono ? 17 : 32);
  return 4 + (mono ? 9 : 17);
}

function readXing(body: Buffer, at: number): EncoderNote {
  const flags = body.readUInt32BE(at + 4);
  const has = { frames: flags & 1, bytes: flags & 2, index: flags & 4, quality: flags & 8 };
  const framesAt = at + 8;
  const encoderAt =
    framesAt +
    (has.frames ? 4 : 0) +
    (has.bytes ? 4 : 0) +
    (has.index ? 100 : 0) +
    (has.quality ? 4 : 0);

  const paddingSamples = encoderPadding(body, encoderAt);
  return has.frames && framesAt + 4 <= body.length
    ? { frames: body.readUInt32BE(framesAt), paddingSamples }
    : { paddingSamples };
}

/** LAME's part: name (9 bytes), then at 21 two numbers of 12 bits: delay before, padding after. */
function encoderPadding(body: Buffer, at: number): number {
  if (!/^(LAME|Lavc|Lavf|L3\.9)/.test(body.toString('latin1', at, at + 4))) return 0;
  if (at + 24 > body.length) return 0;
  const both = body.readUIntBE(at + 21, 3);
  return (both >>> 12) + (both & 0xfff);
}
