/**
 * The work of fitting a cover (`CoverWork` in, `CoverDone` out), in a thread of its own, which
 * `fit-cover.ts` starts, and ends when it takes too long. JavaScript, since a thread of Node 20 cannot be started from TypeScript.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { inflateSync } from 'node:zlib';

/** Pixels of the longer side. */
const FULL_SIDE = 900;

/** Tried in this order until one is small enough: first the quality gives way, then the size. */
const SIDES = [FULL_SIDE, 640, 360, 200];
const QUALITIES = [85, 75, 60];

const WHITE = 0xffffffff;

async function coverOf(work) {
  try {
    const picture = await onWhite(work);
    for (const side of SIDES) {
      shrink(picture, side);
      for (const quality of QUALITIES) {
        const cover = await picture.getBuffer('image/jpeg', { quality });
        if (cover.length <= work.maxBytes) return { cover };
      }
    }
    return { refused: 'too-large' };
  } catch (error) {
    return { refused: 'undecodable', cause: String(Object(error).code ?? Object(error).name) };
  }
}

async function onWhite({ bytes, isPng, ...size }) {
  const { Jimp } = await import('jimp');
  const file = Buffer.from(bytes);
  if (isPng) unpackInterlaced(file, size);
  const picture = await Jimp.read(file);
  // Made small first: every later step takes as long as it has pixels.
  shrink(picture, FULL_SIDE);
  const { width, height } = picture;
  return new Jimp({ width, height, color: WHITE }).composite(picture);
}

const INTERLACE_AT = 28;

/**
 * Jimp unpacks a PNG as far as its size goes, but an interlaced one to its very end, and a megabyte
 * can hold gigabytes. A pixel takes 8 bytes at most, and a row of one pixel a byte more.
 */
function unpackInterlaced(png, { width, height }) {
  if (png[INTERLACE_AT] === 0) return;
  const packed = [];
  for (let at = 8; at + 12 <= png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) !== 'IDAT') continue;
    packed.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  inflateSync(Buffer.concat(packed), { maxOutputLength: 9 * width * height });
}

function shrink(picture, side) {
  const scale = side / Math.max(picture.width, picture.height);
  if (scale >= 1) return;
  const scaled = (length) => Math.max(1, Math.round(length * scale));
  picture.resize({ w: scaled(picture.width), h: scaled(picture.height) });
}

// Last: what is above it must be there by then.
parentPort?.postMessage(await coverOf(workerData));
