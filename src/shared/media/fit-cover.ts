/**
 * Makes a cover that WeChat takes out of a picture that is too large or a PNG.
 *
 * A cover is shown some 900 pixels wide at most, so little is lost. Jimp decodes in this thread, so
 * the picture's own figures are looked at first: a small file can hold a picture of gigabytes.
 */
import { inflateSync } from 'node:zlib';
import type { MediaFacts } from '../campaign/media-facts.ts';
import { mediaLimit, mediaRefusals } from '../campaign/media-limits.ts';
import { inspectMedia } from './inspect-media.ts';

const { maxBytes: MAX_BYTES } = mediaLimit('thumb', 'today');

/** More than a phone's 12 million; a JPG of as many takes some 400 MB while it is decoded. */
const MAX_PIXELS = 16_000_000;

/** Pixels of the longer side. */
const FULL_SIDE = 900;

/** Tried in this order until one is small enough: first the quality gives way, then the size. */
const SIDES = [FULL_SIDE, 640, 360, 200] as const;
const QUALITIES = [85, 75, 60] as const;

const WHITE = 0xffffffff;

/** The picture cannot be made a cover; `refused` says why, in an operator's words. */
export class CoverUnfit extends Error {
  override name = 'CoverUnfit';
  readonly refused: readonly string[];

  constructor(refused: readonly string[], options?: ErrorOptions) {
    super(refused.join('; '), options);
    this.refused = refused;
  }
}

/** Why a picture with these facts cannot be fitted; none if it can be tried. Pure. */
export function fitRefusals({
  format,
  broken,
  width = 0,
  height = 0,
}: MediaFacts): readonly string[] {
  if (format !== 'jpg' && format !== 'png') {
    return ['thumb: only a JPG or PNG can be fitted: convert it'];
  }
  if (broken !== undefined) return [`thumb: ${broken}`];
  if (width * height > MAX_PIXELS) {
    return [`thumb: ${width} × ${height} pixels are too many to be fitted: make it smaller`];
  }
  return [];
}

/**
 * A JPG of at most 64 KB; the very bytes where they already are one. Upright, in its own
 * proportions, on white where it is transparent. The same picture gives the same bytes.
 *
 * @throws {CoverUnfit} neither JPG nor PNG, broken, or of too many pixels.
 */
export async function fitCover(bytes: Uint8Array): Promise<Uint8Array> {
  const facts = inspectMedia(bytes);
  if (mediaRefusals('thumb', facts, 'today').length === 0) return bytes;
  const refused = fitRefusals(facts);
  if (refused.length > 0) throw new CoverUnfit(refused);

  const picture = await onWhite(bytes, facts);
  for (const side of SIDES) {
    shrink(picture, side);
    for (const quality of QUALITIES) {
      const cover = await picture.getBuffer('image/jpeg', { quality });
      if (cover.length <= MAX_BYTES) return cover;
    }
  }
  throw new CoverUnfit(['thumb: the picture stays above 64 KB however small it is made']);
}

async function onWhite(bytes: Uint8Array, facts: MediaFacts) {
  const { Jimp } = await import('jimp'); // 32 MiB, and most processes never fit a cover
  try {
    const file = Buffer.from(bytes);
    if (facts.format === 'png') unpackInterlaced(file, facts);
    const picture = await Jimp.read(file);
    // Made small first: every later step takes as long as it has pixels.
    shrink(picture, FULL_SIDE);
    const { width, height } = picture;
    return new Jimp({ width, height, color: WHITE }).composite(picture);
  } catch (cause) {
    throw new CoverUnfit(['thumb: the picture cannot be decoded'], { cause });
  }
}

const INTERLACE_AT = 28;

/**
 * Jimp unpacks a PNG as far as its size goes, but an interlaced one to its very end, and a megabyte
 * can hold gigabytes. A pixel takes 8 bytes at most, and a row of one pixel a byte more.
 */
function unpackInterlaced(png: Buffer, { width = 0, height = 0 }: MediaFacts): void {
  if (png[INTERLACE_AT] === 0) return;
  const packed: Buffer[] = [];
  for (let at = 8; at + 12 <= png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) !== 'IDAT') continue;
    packed.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  inflateSync(Buffer.concat(packed), { maxOutputLength: 9 * width * height });
}

interface Resizable {
  readonly width: number;
  readonly height: number;
  resize(to: { w: number; h: number }): unknown;
}

function shrink(picture: Resizable, side: number): void {
  const scale = side / Math.max(picture.width, picture.height);
  if (scale >= 1) return;
  const scaled = (length: number): number => Math.max(1, Math.round(length * scale));
  picture.resize({ w: scaled(picture.width), h: scaled(picture.height) });
}
