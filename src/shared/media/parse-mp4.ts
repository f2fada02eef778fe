import type { BrokenFile } from '../campaign/media-facts.ts';
import { CUT_OFF, type Parsed } from './parsed.ts';

/** Files of the same box format that are no MP4 video, by the first letters of their brand. */
const OTHER_BRANDS = /^(qt |M4[ABP]|3g|hei|hev|mif1|msf1|avi[fs]|crx|jp2|jpm|jpx)/;

const CONTENT = ['moov', 'moof', 'mdat'];

interface Box {
  readonly type: string;
  /** Where its content is. */
  readonly from: number;
  readonly to: number;
  /** Its length is more than its parent has. */
  readonly cut: boolean;
}

/** The brand of a file in ISO boxes ("isom", "mp42", "qt  "), if it is one. */
export function brandOf(file: Buffer): string | undefined {
  return file.length >= 12 && file.toString('latin1', 4, 8) === 'ftyp'
    ? file.toString('latin1', 8, 12)
    : undefined;
}

/** MP4: `ftyp`, then in any order the index (`moov`) and what it points at (`mdat`). */
export function parseMp4(file: Buffer): Parsed | undefined {
  const brand = brandOf(file);
  if (brand === undefined || OTHER_BRANDS.test(brand)) return undefined;

  let moov: Box | undefined;
  let hasContent = false;
  let cut = false;
  for (const box of boxes(file, 0, file.length)) {
    if (box.type === 'moov') moov ??= box;
    if (box.type === 'mdat') hasContent = true;
    // What follows the last whole box is WeChat's to judge, where it is no content of the film.
    cut ||= box.cut && CONTENT.includes(box.type);
  }
  const found = moov && !moov.cut ? readIndex(file, moov) : undefined;
  const broken = (why: BrokenFile): Parsed => ({ format: 'mp4', ...found?.facts, broken: why });

  if (cut) return broken(CUT_OFF);
  if (!found) return broken({ code: 'no-index' });
  if (!found.hasVideo) return broken({ code: 'no-video' });
  if (!hasContent) return broken({ code: 'no-content' });
  return { format: 'mp4', ...found.facts };
}

function readIndex(file: Buffer, moov: Box) {
  let duration: number | undefined;
  let size: { width: number; height: number } | undefined;
  let hasVideo = false;
  let timescale = 0;

  for (const box of boxes(file, moov.from, moov.to)) {
    if (box.type === 'mvhd') {
      const header = movieHeader(file, box);
      timescale = header?.timescale ?? 0;
      duration ??= header?.duration;
    }
    // A film in fragments tells its whole length here, and 0 in its header.
    if (box.type === 'mvex') duration = fragmentsDuration(file, box) ?? duration;
    if (box.type === 'trak' && !hasVideo && isVideo(file, box)) {
      hasVideo = true;
      size = trackSize(file, box);
    }
  }
  const durationMs =
    duration && timescale > 0 ? Math.round((duration / timescale) * 1_000) : undefined;
  return {
    hasVideo,
    facts: { ...size, ...(durationMs === undefined ? {} : { durationMs }) },
  };
}

function movieHeader(file: Buffer, { from, to }: Box) {
  const long = file[from] === 1;
  if (from + (long ? 32 : 20) > to) return undefined;
  return long
    ? { timescale: file.readUInt32BE(from + 20), duration: long64(file, from + 24) }
    : { timescale: file.readUInt32BE(from + 12), duration: long32(file, from + 16) };
}

function fragmentsDuration(file: Buffer, mvex: Box): number | undefined {
  const mehd = child(file, mvex, 'mehd');
  if (!mehd) return undefined;
  const long = file[mehd.from] === 1;
  if (mehd.from + (long ? 12 : 8) > mehd.to) return undefined;
  return long ? long64(file, mehd.from + 4) : long32(file, mehd.from + 4);
}

function isVideo(file: Buffer, trak: Box): boolean {
  const mdia = child(file, trak, 'mdia');
  const hdlr = mdia && child(file, mdia, 'hdlr');
  return hdlr !== undefined && file.toString('latin1', hdlr.from + 8, hdlr.from + 12) === 'vide';
}

function trackSize(file: Buffer, trak: Box) {
  const tkhd = child(file, trak, 'tkhd');
  if (!tkhd) return undefined;
  const at = tkhd.from + (file[tkhd.from] === 1 ? 88 : 76);
  if (at + 8 > tkhd.to) return undefined;
  // 16.16 fixed point; a fraction of a pixel is of no use to anyone.
  const [width, height] = [file.readUInt16BE(at), file.readUInt16BE(at + 4)];
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/** All ones is "not known". */
function long32(file: Buffer, at: number): number | undefined {
  const value = file.readUInt32BE(at);
  return value === 0xffff_ffff ? undefined : value;
}

function long64(file: Buffer, at: number): number | undefined {
  const value = Number(file.readBigUInt64BE(at));
  return Number.isSafeInteger(value) ? value : undefined;
}

function child(file: Buffer, parent: Box, type: string): Box | undefined {
  for (const box of boxes(file, parent.from, parent.to)) {
    if (box.type === type && !box.cut) return box;
  }
  return undefined;
}

/** The boxes that follow each other in this stretch; each is at least as long as its own head. */
function* boxes(file: Buffer, from: number, to: number): Generator<Box> {
  let at = from;
  while (at + 8 <= to) {
    let head = 8;
    let length = file.readUInt32BE(at);
    if (length === 1 && at + 16 <= to) {
      head = 16;
      length = Number(file.readBigUInt64BE(at + 8));
    } else if (length === 0) {
      length = to - at;
    }
    if (length < head) return;
    const type = file.toString('latin1', at + 4, at + 8);
    yield { type, from: at + head, to: Math.min(at + length, to), cut: at + length > to };
    at += length;
  }
}
