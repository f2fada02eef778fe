/**
 * The work of fitting a picture (`PictureWork` in, `PictureDone` out), in a thread of its own, which
 * `fit-picture.ts` starts, and ends when it takes too long. JavaScript, since a thread of Node 20 cannot be started from TypeScript.
 */
import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { inflateSync } from 'node:zlib';

/** First the quality gives way, then the size. */
const QUALITIES = [85, 75, 60];

const WHITE = 0xffffffff;

async function pictureOf(work) {
  try {
    const picture = await onWhite(work);
    for (const side of work.sides) {
      shrink(picture, side);
      for (const quality of QUALITIES) {
        const jpg = await picture.getBuffer('image/jpeg', { quality });
        if (jpg.length <= work.maxBytes) return { picture: jpg };
      }
    }
    return { refused: 'too-large' };
  } catch (error) {
    return { refused: 'undecodable', cause: String(Object(error).code ?? Object(error).name) };
  }
}

async function onWhite({ bytes, format, sides, ...size }) {
  const { Jimp } = await import('jimp');
  const file = Buffer.from(bytes);
  if (format === 'png') unpackInterlaced(file, size);
  const picture = format === 'webp' ? new Jimp(await readWebp(file)) : await Jimp.read(file);
  // Made small first: every later step takes as long as it has pixels.
  shrink(picture, sides[0]);
  const { width, height } = picture;
  return new Jimp({ width, height, color: WHITE }).composite(picture);
}

/** Given its WebAssembly by hand: on its own it would ask for it by fetch. */
async function readWebp(file) {
  const { default: decode, init } = await import('@jsquash/webp/decode.js');
  const wasm = new URL(import.meta.resolve('@jsquash/webp/codec/dec/webp_dec.wasm'));
  await init(new WebAssembly.Module(await readFile(wasm)));
  const { data, width, height } = await decode(file);
  return { data: Buffer.from(data.buffer, data.byteOffset, data.byteLength), width, height };
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
parentPort?.postMessage(await pictureOf(workerData));
