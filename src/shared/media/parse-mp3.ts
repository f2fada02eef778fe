/**
 * MP3: frames, each with a header of its own, between tags.
 *
 * The length is a count of frames, which no header can falsify; a Xing or VBRI header only tells
 * how many there should be, and how much silence the encoder added.
 */

import { encoderNote } from './mp3-encoder-note.ts';
import { type Frame, firstFrame, frameAt } from './mp3-frame.ts';
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
