import { describe, expect, it } from 'vitest';
import type { MediaFacts } from '../../../src/shared/campaign/media-facts.ts';
import { type MediaKind, mediaRefusals } from '../../../src/shared/campaign/media-limits.ts';
import { flawWords } from '../../../src/shared/campaign/mistake-words.ts';

const KB = 1_024;
const MB = 1_024 * KB;

const jpg = (bytes: number): MediaFacts => ({ format: 'jpg', bytes, width: 900, height: 383 });
const png = (bytes: number): MediaFacts => ({ format: 'png', bytes, width: 900, height: 383 });
const mp3 = (bytes: number, durationMs: number): MediaFacts => ({
  format: 'mp3',
  bytes,
  durationMs,
});
const mp4 = (bytes: number): MediaFacts => ({ format: 'mp4', bytes });

describe('a limit', () => {
  const LIMITS: readonly (readonly [MediaKind, 'today' | '2014', MediaFacts['format'], number])[] =
    [
      ['image', 'today', 'jpg', 10 * MB],
      ['image', '2014', 'jpg', 128 * KB],
      ['voice', 'today', 'mp3', 2 * MB],
      ['voice', '2014', 'mp3', 256 * KB],
      ['video', 'today', 'mp4', 10 * MB],
      ['video', '2014', 'mp4', MB],
      ['thumb', 'today', 'jpg', 64 * KB],
      ['thumb', '2014', 'jpg', 64 * KB],
      ['article-picture', 'today', 'png', MB - 1],
      ['article-picture', '2014', 'jpg', MB - 1],
      ['permanent-image', 'today', 'bmp', 10 * MB],
    ];

  it.each(LIMITS)('of %s (%s, %s) is met at %d bytes and broken by one more', (...row) => {
    const [kind, era, format, most] = row;

    expect(mediaRefusals(kind, { format, bytes: most }, era)).toEqual([]);
    expect(mediaRefusals(kind, { format, bytes: most + 1 }, era)).toHaveLength(1);
  });

  it.each([
    ['image', 'today', ['jpg', 'png', 'gif']],
    ['image', '2014', ['jpg']],
    ['voice', 'today', ['mp3', 'amr']],
    ['voice', '2014', ['mp3', 'amr']],
    ['video', 'today', ['mp4']],
    ['thumb', 'today', ['jpg']],
    ['article-picture', 'today', ['jpg', 'png']],
    ['permanent-image', 'today', ['jpg', 'png', 'gif', 'bmp']],
  ] as const)('of %s (%s) names the formats %j', (kind, era, formats) => {
    const all = ['jpg', 'png', 'gif', 'bmp', 'webp', 'mp3', 'amr', 'mp4', 'unknown'] as const;

    const taken = all.filter(
      (format) => mediaRefusals(kind, { format, bytes: 9 }, era).length === 0,
    );

    expect(taken).toEqual(formats);
  });

  it('of a voice is 60 seconds, and the silence that an encoder adds', () => {
    expect(mediaRefusals('voice', mp3(9, 60_056), 'today')).toEqual([]);
    expect(mediaRefusals('voice', mp3(9, 60_101), 'today')).toEqual([
      { code: 'media-too-long', as: 'voice', ms: 60_101, limit: 60_000 },
    ]);
  });
});

const said = (...asked: Parameters<typeof mediaRefusals>): string[] =>
  mediaRefusals(...asked).map((flaw) => flawWords(flaw, 'en'));

describe('a refusal', () => {
  it('says the figure found and the limit', () => {
    expect(said('voice', mp3(9, 73_000), 'today')).toEqual(['voice lasts 73 s, at most 60 s']);
    expect(said('video', mp4(1_200_000), '2014')).toEqual([
      'video: 1,200,000 bytes, at most 1,048,576 (1 MB)',
    ]);
    expect(said('article-picture', jpg(MB), 'today')).toEqual([
      'article-picture: 1,048,576 bytes, at most 1,048,575 (under 1 MB): ask for it to be fitted (fitImages: true)',
    ]);
  });

  it('of a picture says that it can be fitted', () => {
    expect(said('image', { format: 'webp', bytes: 9 }, 'today')).toEqual([
      'WebP, but an image must be JPG or PNG or GIF: convert it, or ask for it to be fitted (fit: true)',
    ]);
    expect(said('thumb', { ...jpg(9), cmyk: true }, 'today')).toEqual([
      'thumb: a JPG in CMYK, the colours of print, which WeChat is not known to take: convert it to RGB, or ask for it to be fitted (fit: true)',
    ]);
    expect(said('thumb', jpg(81_204), 'today')).toEqual([
      'thumb: 81,204 bytes, at most 65,536 (64 KB): ask for it to be fitted (fit: true)',
    ]);
    expect(said('thumb', png(9), 'today')).toEqual([
      'PNG, but a cover must be JPG: convert it, or ask for it to be fitted (fit: true)',
    ]);
    expect(said('thumb', { format: 'gif', bytes: 9 }, 'today')).toEqual([
      'GIF, but a cover must be JPG: convert it',
    ]);
  });

  it('comes with every other, all mistakes at once', () => {
    expect(said('thumb', { ...png(81_204), broken: { code: 'cut-off' } }, 'today')).toEqual([
      'PNG, but a cover must be JPG: convert it, or ask for it to be fitted (fit: true)',
      'thumb: the file is cut off: it ends before its content does',
      'thumb: 81,204 bytes, at most 65,536 (64 KB)',
    ]);
    expect(said('voice', mp3(300_000, 73_000), '2014')).toEqual([
      'voice: 300,000 bytes, at most 262,144 (256 KB)',
      'voice lasts 73 s, at most 60 s',
    ]);
  });

  it('names the era where today’s WeChat would take the file', () => {
    expect(said('image', png(9), '2014')).toEqual([
      'PNG, but an image must be JPG (protocol 2014): convert it, or ask for it to be fitted (fit: true)',
    ]);
  });

  it('says what an unknown file looks like', () => {
    expect(said('image', { format: 'unknown', bytes: 9, looksLike: 'AVIF' }, 'today')).toEqual([
      'image: the content is AVIF, but an image must be JPG or PNG or GIF',
    ]);
    expect(said('voice', { format: 'unknown', bytes: 0, looksLike: 'empty' }, 'today')).toEqual([
      'voice: the file is empty',
    ]);
    expect(said('video', { format: 'unknown', bytes: 9 }, 'today')).toEqual([
      'video: the content is of no known format, but a video must be MP4',
    ]);
  });
});
