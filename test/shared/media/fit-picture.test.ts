import { crc32, deflateSync } from 'node:zlib';
import { intToRGBA, Jimp } from 'jimp';
import { describe, expect, it } from 'vitest';
import { mediaRefusals } from '../../../src/shared/campaign/media-limits.ts';
import type { Flaw } from '../../../src/shared/campaign/mistake.ts';
import { fitPicture, fitRefusals } from '../../../src/shared/media/fit-picture.ts';
import { inspectMedia } from '../../../src/shared/media/inspect-media.ts';
import { example, fixture } from './samples.ts';

const AS_COVER = { as: 'thumb', era: 'today' } as const;

async function fitCover(bytes: Uint8Array, use: Parameters<typeof fitPicture>[1] = AS_COVER) {
  const done = await fitPicture(bytes, use);
  if ('refused' in done) throw new TypeError(JSON.stringify(done));
  return done.fitted;
}

const refusedWith = (flaw: Flaw) => ({ refused: [flaw] });

describe('a fitted cover', () => {
  it('is one that WeChat takes, in the picture’s own proportions', async () => {
    const cover = inspectMedia(await fitCover(example('cover-too-large.png')));

    expect(mediaRefusals('thumb', cover, 'today')).toEqual([]);
    expect(cover).toMatchObject({ format: 'jpg', width: 640, height: 272 });
  });

  it('is the very same file where it was fit already', async () => {
    const file = example('cover.jpg');

    expect(await fitCover(file)).toBe(file);
  });

  it('shrinks as far as it must: noise of 1200 × 900 pixels', async () => {
    const noise = new Jimp({ width: 1_200, height: 900 });
    let state = 1;
    for (let at = 0; at < noise.bitmap.data.length; at += 1) {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      noise.bitmap.data[at] = at % 4 === 3 ? 255 : state >> 16;
    }

    const cover = inspectMedia(await fitCover(await noise.getBuffer('image/png')));

    expect(mediaRefusals('thumb', cover, 'today')).toEqual([]);
    expect((cover.width ?? 0) / (cover.height ?? 1)).toBeCloseTo(4 / 3, 1);
  });

  it.each([
    [15_000, 4],
    [4, 15_000],
  ])('keeps at least a pixel each way: %d × %d', async (width, height) => {
    const strip = await new Jimp({ width, height, color: 0x13b96fff }).getBuffer('image/png');

    const cover = inspectMedia(await fitCover(strip));

    expect([cover.width, cover.height].sort()).toEqual([1, 900]);
  });

  it('shows the picture, on white where that is transparent', async () => {
    const cover = await Jimp.read(Buffer.from(await fitCover(fixture('transparent.png'))));

    const at = (x: number, y: number) => {
      const { r, g, b } = intToRGBA(cover.getPixelColor(x, y));
      return [r, g, b].map((value) => Math.round(value / 16));
    };
    expect(at(2, 2)).toEqual([16, 16, 16]);
    // The disc in the middle is #13b96f.
    expect(at(60, 40)).toEqual([1, 12, 7]);
  });

  it('is the same bytes each time, so that it is uploaded once', async () => {
    const [first, second] = [
      await fitCover(fixture('transparent.png')),
      await fitCover(fixture('transparent.png')),
    ];

    expect(Buffer.compare(first, second)).toBe(0);
  });
});

describe('an interlaced PNG', () => {
  it('is fitted, too', async () => {
    // One pixel is one row of the first pass: its filter, red, green, blue.
    const pixel = pngOf({ width: 1, height: 1 }, deflateSync(Buffer.from([0, 0x13, 0xb9, 0x6f])));

    expect(inspectMedia(await fitCover(pixel))).toMatchObject({ width: 1, height: 1 });
  });
});

describe('what WeChat does not take', () => {
  const NEAR = 6;
  const colourAt = async (jpg: Uint8Array, x: number, y: number) => {
    const { r, g, b } = intToRGBA((await Jimp.read(Buffer.from(jpg))).getPixelColor(x, y));
    return [r, g, b];
  };

  it.each([
    ['a WebP', 'lossy.webp', [235, 136, 101]],
    ['a JPG in the colours of print', 'cmyk.jpg', [242, 132, 103]],
  ] as const)('%s is made a JPG that looks the same', async (_what, name, seen) => {
    const fitted = await fitCover(fixture(name), { as: 'image', era: 'today' });

    const facts = inspectMedia(fitted);
    expect(facts).toMatchObject({ format: 'jpg', width: 120, height: 90 });
    expect(mediaRefusals('image', facts, 'today')).toEqual([]);
    // As Pillow shows it.
    for (const [at, value] of (await colourAt(fitted, 60, 45)).entries()) {
      expect(Math.abs(value - (seen[at] ?? 0))).toBeLessThan(NEAR);
    }
  });

  it('is on white where a WebP is transparent', async () => {
    const fitted = await fitCover(fixture('transparent.webp'), { as: 'image', era: 'today' });

    expect(await colourAt(fitted, 2, 2)).toEqual([255, 255, 255]);
  });

  it.each(['image', 'article-picture', 'thumb'] as const)(
    'is a BMP made a JPG for %s, and as it is kept for the library',
    async (as) => {
      const bmp = fixture('small.bmp');

      expect(inspectMedia(await fitCover(bmp, { as, era: 'today' })).format).toBe('jpg');
      expect(await fitCover(bmp, { as: 'permanent-image', era: 'today' })).toBe(bmp);
    },
  );

  it('is as large as the limit of its use allows, not as small as a cover', async () => {
    const photo = await new Jimp({ width: 1_600, height: 1_200, color: 0x13b96fff }).getBuffer(
      'image/bmp',
    );

    const fitted = await fitCover(photo, { as: 'article-picture', era: 'today' });

    expect(inspectMedia(fitted)).toMatchObject({ width: 1_600, height: 1_200 });
  });
});

describe('a picture that cannot be fitted', () => {
  it('is refused for a side that is too long, before it is decoded', () => {
    const facts = { format: 'png', bytes: 31_000, width: 1, height: 16_000_000 } as const;
    expect(fitRefusals(facts, 'thumb')).toEqual([
      { code: 'picture-too-many-pixels', as: 'thumb', width: 1, height: 16_000_000 },
    ]);
  });

  it('is refused for its many pixels before it is decoded', async () => {
    const bomb = fixture('bomb.png');

    expect(bomb.length).toBeLessThan(64 * 1024);
    await expect(fitPicture(bomb, AS_COVER)).resolves.toEqual(
      refusedWith({ code: 'picture-too-many-pixels', as: 'thumb', width: 20_000, height: 20_000 }),
    );
  });

  it('is refused where far more is packed into it than its pixels can need', async () => {
    const bomb = pngOf({ width: 10, height: 10 }, deflateSync(Buffer.alloc(100_000_000)));

    expect(fitRefusals(inspectMedia(bomb), 'thumb')).toEqual([]);
    await expect(fitPicture(bomb, AS_COVER)).resolves.toEqual({
      refused: [{ code: 'picture-not-decoded', as: 'thumb' }],
      cause: 'ERR_BUFFER_TOO_LARGE',
    });
  });

  it('is one that is not whole, or no picture', async () => {
    await expect(fitPicture(fixture('cut-off.png'), AS_COVER)).resolves.toEqual(
      refusedWith({
        code: 'media-broken',
        as: 'thumb',
        format: 'png',
        broken: { code: 'cut-off' },
      }),
    );
    await expect(fitPicture(fixture('small.gif'), AS_COVER)).resolves.toEqual(
      refusedWith({ code: 'picture-not-fittable', as: 'thumb' }),
    );
    await expect(fitPicture(fixture('text-named.jpg'), AS_COVER)).resolves.toMatchObject({
      refused: [{}],
    });
  });

  it('is a WebP that moves, or one that is not what its header says', async () => {
    const undecoded = refusedWith({ code: 'picture-not-decoded', as: 'image' });
    const as = { as: 'image', era: 'today' } as const;
    await expect(fitPicture(fixture('animated.webp'), as)).resolves.toMatchObject(undecoded);
    const broken = Buffer.from(fixture('lossy.webp').subarray(0, 200));
    broken.writeUInt32LE(broken.length - 8, 4);
    await expect(fitPicture(broken, as)).resolves.toMatchObject(undecoded);
  });

  it('is a WebP of many pixels, before it is decoded', () => {
    expect(
      fitRefusals({ format: 'webp', bytes: 300, width: 16_384, height: 16_384 }, 'image'),
    ).toEqual([{ code: 'picture-too-many-pixels', as: 'image', width: 16_384, height: 16_384 }]);
  });

  it('may look whole and still not decode', async () => {
    const file = Buffer.concat([
      Buffer.from([0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 30, 0, 40, 1, 1, 0x11, 0]),
      Buffer.from([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]),
      Buffer.alloc(70_000, 0x55),
      Buffer.from([0xff, 0xd9]),
    ]);

    expect(fitRefusals(inspectMedia(file), 'thumb')).toEqual([]);
    await expect(fitPicture(file, AS_COVER)).resolves.toMatchObject(
      refusedWith({ code: 'picture-not-decoded', as: 'thumb' }),
    );
  });
});

/** Interlaced, of 8 bits a colour. */
function pngOf(size: { width: number; height: number }, packed: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size.width, 0);
  header.writeUInt32BE(size.height, 4);
  header.set([8, 2, 0, 0, 1], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const chunks = [chunk('IHDR', header), chunk('IDAT', packed), chunk('IEND')];
  return Buffer.concat([signature, ...chunks]);
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
