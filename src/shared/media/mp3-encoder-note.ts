import type { Frame } from './mp3-frame.ts';

/** What an encoder wrote into the first frame, which then holds no sound. */
export interface EncoderNote {
  /** How many frames of sound follow, if it says. */
  readonly frames?: number;
  /** Silence that the encoder put around the sound, and players leave out. */
  readonly paddingSamples: number;
}

/** Where in the frame a VBRI note stands, whatever the frame's kind. */
const VBRI_OFFSET = 36;

/** The Xing or Info note (with LAME's part) or the VBRI note of the first frame. */
export function encoderNote(file: Buffer, frame: Frame): EncoderNote | undefined {
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
  const tells = { frames: flags & 1, bytes: flags & 2, index: flags & 4, quality: flags & 8 };
  const framesAt = at + 8;
  const encoderAt =
    framesAt +
    (tells.frames ? 4 : 0) +
    (tells.bytes ? 4 : 0) +
    (tells.index ? 100 : 0) +
    (tells.quality ? 4 : 0);

  const paddingSamples = encoderPadding(body, encoderAt);
  return tells.frames && framesAt + 4 <= body.length
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
