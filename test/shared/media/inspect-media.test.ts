import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectMedia } from '../../../src/shared/media/inspect-media.ts';
import { example, fixture } from './samples.ts';

const CUT_OFF = { code: 'cut-off' };

describe('a whole file', () => {
  it.each([
    ['cover.jpg', { format: 'jpg', width: 900, height: 383 }],
    ['photo.jpg', { format: 'jpg', width: 800, height: 600 }],
    ['picture.png', { format: 'png', width: 480, height: 320 }],
    ['cover-too-large.png', { format: 'png', width: 640, height: 272 }],
    ['voice.mp3', { format: 'mp3', durationMs: 4_000 }],
    ['voice.amr', { format: 'amr', durationMs: 4_000 }],
    ['clip.mp4', { format: 'mp4', width: 480, height: 270, durationMs: 4_000 }],
  ])('%s is told by its content', (name, facts) => {
    const file = example(name);

    expect(inspectMedia(file)).toEqual({ ...facts, bytes: file.length });
  });

  it.each([
    ['progressive.jpg', { format: 'jpg', width: 40, height: 30 }],
    ['small.gif', { format: 'gif', width: 40, height: 30 }],
    ['small.bmp', { format: 'bmp', width: 40, height: 30 }],
    ['cmyk.jpg', { format: 'jpg', width: 120, height: 90, cmyk: true }],
    ['picture.webp', { format: 'webp', width: 40, height: 30 }],
    ['lossy.webp', { format: 'webp', width: 120, height: 90 }],
    ['transparent.webp', { format: 'webp', width: 120, height: 80 }],
    ['transparent.png', { format: 'png', width: 120, height: 80 }],
    // What ffmpeg reports for each.
    ['voice-vbr.mp3', { format: 'mp3', durationMs: 4_000 }],
    ['voice-no-header.mp3', { format: 'mp3', durationMs: 4_075 }],
    ['voice-60-s.mp3', { format: 'mp3', durationMs: 60_000 }],
    ['voice-61-s.mp3', { format: 'mp3', durationMs: 61_000 }],
    ['voice-60-s.amr', { format: 'amr', durationMs: 60_000 }],
    ['voice-61-s.amr', { format: 'amr', durationMs: 61_000 }],
    ['index-last.mp4', { format: 'mp4', width: 480, height: 270, durationMs: 1_292 }],
    ['fragmented.mp4', { format: 'mp4', width: 480, height: 270 }],
  ])('%s is read to its end', (name, facts) => {
    const file = fixture(name);

    expect(inspectMedia(file)).toEqual({ ...facts, bytes: file.length });
  });

  it('counts the frames of a wide-band AMR', () => {
    const frame = Buffer.alloc(24, 0x0c).fill(0x0c, 0, 1);
    const file = Buffer.concat([Buffer.from('#!AMR-WB\n'), ...Array(150).fill(frame)]);

    expect(inspectMedia(file)).toEqual({ format: 'amr', durationMs: 3_000, bytes: file.length });
  });

  it('may carry more after its end, as cameras and taggers leave it', () => {
    const photo = Buffer.concat([example('photo.jpg'), Buffer.from('a vendor’s trailer')]);
    const tag = Buffer.alloc(128).fill('TAGHappy Day', 0, 12);
    const voice = Buffer.concat([example('voice.mp3'), tag]);

    expect(inspectMedia(photo)).toMatchObject({ format: 'jpg', width: 800, height: 600 });
    expect(inspectMedia(photo).broken).toBeUndefined();
    expect(inspectMedia(voice)).toMatchObject({ format: 'mp3', durationMs: 4_000 });
  });

  it('is still sound when most of it is tags', () => {
    const voice = fixture('voice-no-header.mp3').subarray(0, 1_600);
    const { durationMs } = inspectMedia(voice);
    const footer = Buffer.alloc(32).fill('APETAGEX', 0, 8);
    footer.writeUInt32LE(20_032, 12);
    const id3v1 = Buffer.alloc(128).fill('TAGHappy Day', 0, 12);
    const tagged = Buffer.concat([voice, Buffer.alloc(20_000, 0xff), footer, id3v1]);

    expect(durationMs).toBeGreaterThan(400);
    expect(inspectMedia(tagged)).toEqual({ format: 'mp3', durationMs, bytes: tagged.length });
  });

  it('is the same whatever view of memory it comes in', () => {
    const file = example('picture.png');
    const padded = new Uint8Array(file.length + 20);
    padded.set(file, 7);

    expect(inspectMedia(padded.subarray(7, 7 + file.length))).toEqual(inspectMedia(file));
  });
});

describe('a file whose end is missing, though its picture is whole', () => {
  it.each([
    ['photo.jpg', example('photo.jpg').subarray(0, -2)],
    ['photo.jpg', example('photo.jpg').subarray(0, -1)],
    ['small.gif', fixture('small.gif').subarray(0, -1)],
    ['small.gif', Buffer.concat([fixture('small.gif').subarray(0, -1), Buffer.alloc(1)])],
    ['clip.mp4', Buffer.concat([example('clip.mp4'), Buffer.alloc(4)])],
    ['clip.mp4', Buffer.concat([example('clip.mp4'), Buffer.alloc(64, 0x41)])],
  ])('%s is for WeChat to judge', (_name, file) => {
    expect(inspectMedia(file).broken).toBeUndefined();
  });
});

describe('a file that is not whole', () => {
  it.each([
    ['cut-off.jpg', { format: 'jpg', width: 800, height: 600, broken: CUT_OFF }],
    ['cut-off.png', { format: 'png', width: 480, height: 320, broken: CUT_OFF }],
    ['cut-off.mp4', { format: 'mp4', width: 480, height: 270, durationMs: 4_000, broken: CUT_OFF }],
    ['sound-only.mp4', { format: 'mp4', durationMs: 1_000, broken: { code: 'no-video' } }],
  ])('%s says what is missing', (name, facts) => {
    const file = fixture(name);

    expect(inspectMedia(file)).toEqual({ ...facts, bytes: file.length });
  });

  it.each(['photo.jpg', 'picture.png', 'voice.amr', 'clip.mp4'])(
    '%s is never taken for whole, wherever it is cut',
    (name) => {
      const file = example(name);
      // The end marker of a JPG alone does not matter.
      const max = file.length - (name.endsWith('.jpg') ? 3 : 1);

      fc.assert(
        fc.property(fc.integer({ min: 0, max }), (length) => {
          const { format, broken, durationMs = 0 } = inspectMedia(file.subarray(0, length));
          // AMR has no end mark: cut between two frames it is a shorter, sound file.
          const shorter = format === 'amr' && durationMs < 4_000;
          expect(format === 'unknown' || broken !== undefined || shorter).toBe(true);
        }),
      );
    },
  );

  it.each(['progressive.jpg', 'transparent.png', 'small.bmp', 'sound-only.mp4'])(
    '%s is never taken for whole, cut at any byte whatever',
    (name) => {
      const file = fixture(name);

      const takenForWhole = Array.from(file.keys()).filter((length) => {
        const { format, broken } = inspectMedia(file.subarray(0, length));
        return format !== 'unknown' && broken === undefined;
      });

      expect(takenForWhole).toEqual([]);
    },
  );

  it('is a GIF before its first picture is whole', () => {
    const file = fixture('small.gif');
    const lengths = Array.from(file.keys());
    const isWhole = (length: number) => {
      const { format, broken } = inspectMedia(file.subarray(0, length));
      return format === 'gif' && broken === undefined;
    };
    const first = lengths.findIndex(isWhole);

    expect(first).toBeGreaterThan(13);
    expect(lengths.slice(first).every(isWhole)).toBe(true);
  });

  it('is noticed in an MP3 whose header promises more frames than there are', () => {
    const file = example('voice.mp3');

    expect(inspectMedia(file.subarray(0, file.length / 2))).toMatchObject({
      format: 'mp3',
      broken: CUT_OFF,
    });
  });

  it('is noticed in a PNG of which one bit has changed', () => {
    const file = example('picture.png');
    file[5_000] = file.readUInt8(5_000) ^ 1;

    expect(inspectMedia(file).broken).toMatchObject({ code: 'damaged', at: expect.any(Number) });
  });

  it('is a JPG or PNG that announces its size twice, as a decoder may believe the second', () => {
    const jpg = fixture('progressive.jpg');
    const frame = jpg.indexOf(Buffer.from([0xff, 0xc2]));
    const header = jpg.subarray(frame, frame + 2 + jpg.readUInt16BE(frame + 2));
    const png = fixture('transparent.png');
    const twice = [
      Buffer.concat([jpg.subarray(0, frame), header, jpg.subarray(frame)]),
      Buffer.concat([png.subarray(0, 33), png.subarray(8)]),
    ];

    expect(twice.map((file) => inspectMedia(file).broken)).toEqual([
      { code: 'damaged', at: expect.any(Number) },
      { code: 'damaged', at: expect.any(Number) },
    ]);
  });

  it('is a JPG of a thousand scans: a decoder would walk through the picture for each', () => {
    const jpg = fixture('progressive.jpg');
    const last = jpg.lastIndexOf(Buffer.from([0xff, 0xda]));
    const scan = jpg.subarray(last, -2);
    const file = Buffer.concat([
      jpg.subarray(0, last),
      ...Array(1_000).fill(scan),
      jpg.subarray(-2),
    ]);

    expect(inspectMedia(file).broken).toMatchObject({ code: 'damaged' });
  });
});

describe('a file that is something else', () => {
  it.each([
    ['text-named.jpg', 'text'],
    ['empty.jpg', 'empty'],
    ['sound.wav', 'WAV'],
    ['sound-only.m4a', 'AAC'],
    ['quicktime.mov', 'QuickTime'],
  ])('%s looks like %s', (name, looksLike) => {
    const file = fixture(name);

    expect(inspectMedia(file)).toEqual({ format: 'unknown', bytes: file.length, looksLike });
  });

  it('is told by its content although its name says JPG', () => {
    expect(inspectMedia(fixture('png-named.jpg')).format).toBe('png');
  });

  it.each([
    ['<!DOCTYPE html><title>502</title>', 'HTML'],
    ['{"errcode":40007}', 'JSON'],
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'SVG'],
    ['BM is how this text begins, and it is no picture', 'text'],
    ['群发', 'text'],
  ])('%s is %s', (text, looksLike) => {
    expect(inspectMedia(Buffer.from(text))).toMatchObject({ format: 'unknown', looksLike });
  });

  it('is not MP3 because frames of MP3 lie somewhere in it', () => {
    const inside = Buffer.concat([Buffer.from('RIFF....WAVEfmt '), example('voice.mp3')]);

    expect(inspectMedia(inside)).toMatchObject({ format: 'unknown', looksLike: 'WAV' });
  });
});

/** One box of an MP4; `length` where it lies about its own. */
function box(type: string, content: Buffer = Buffer.alloc(0), length = content.length + 8) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content]);
}

describe('an MP4 of odd boxes', () => {
  const start = box('ftyp', Buffer.from('isom\0\0\0\0'));
  const video = box('mdia', box('hdlr', Buffer.from('\0\0\0\0\0\0\0\0vide')));

  it.each([
    ['nothing in its header', box('moov', box('mvhd'))],
    ['a short header of the long kind', box('moov', box('mvhd', Buffer.alloc(28, 1)))],
    ['nothing in its track', box('moov', box('trak', Buffer.concat([video, box('tkhd')])))],
    ['nothing but a length for its fragments', box('moov', box('mvex', box('mehd')))],
    ['no kind of track', box('moov', box('trak', box('mdia', box('hdlr'))))],
  ])('such as %s is read without fault, and not for whole', (_, moov) => {
    expect(inspectMedia(Buffer.concat([start, moov]))).toMatchObject({
      format: 'mp4',
      broken: { code: expect.any(String) },
    });
  });

  it.each([
    ['no length in 64 bits', box('free', Buffer.alloc(8), 1)],
    ['a length within its own head', box('free', Buffer.alloc(8), 5)],
  ])('such as one of %s ends the reading', (_, odd) => {
    expect(inspectMedia(Buffer.concat([start, odd])).broken).toEqual({ code: 'no-index' });
  });

  it('tells its length in 64 bits, and in fragments', () => {
    const long = Buffer.alloc(112);
    long[0] = 1;
    long.writeUInt32BE(1_000, 20);
    long.writeBigUInt64BE(7_000n, 24);
    const fragments = Buffer.alloc(8);
    fragments.writeUInt32BE(9_000, 4);
    const trak = box('trak', video);
    const film = (...index: Buffer[]) =>
      Buffer.concat([start, box('moov', Buffer.concat([...index, trak])), box('mdat')]);

    const whole = inspectMedia(film(box('mvhd', long)));
    const inFragments = inspectMedia(film(box('mvhd', long), box('mvex', box('mehd', fragments))));

    expect([whole.durationMs, inFragments.durationMs]).toEqual([7_000, 9_000]);
    expect([whole.broken, inFragments.broken]).toEqual([undefined, undefined]);
  });
});

describe('a GIF with a side of no pixels', () => {
  it.each([
    ['wide', 6],
    ['high', 8],
  ])('is damaged: nothing %s', (_, at) => {
    const file = fixture('small.gif');
    file.writeUInt16LE(0, at);

    expect(inspectMedia(file)).toMatchObject({
      format: 'gif',
      broken: { code: 'damaged', at: 6 },
    });
  });
});

describe('hostile bytes', () => {
  const starts = [
    ...['cover.jpg', 'picture.png', 'voice.mp3', 'voice.amr', 'clip.mp4'].map(example),
    ...['small.gif', 'small.bmp', 'voice-vbr.mp3', 'fragmented.mp4', 'progressive.jpg'].map(
      fixture,
    ),
  ].map((file) => file.subarray(0, 6_000));

  /** A real start with some bytes overwritten and a random end: deep into every parser. */
  const mangled = fc
    .record({
      start: fc.constantFrom(...starts),
      changes: fc.array(fc.tuple(fc.nat(5_999), fc.integer({ min: 0, max: 255 })), {
        maxLength: 12,
      }),
      keep: fc.nat(6_000),
      end: fc.uint8Array({ maxLength: 64 }),
    })
    .map(({ start, changes, keep, end }) => {
      const file = Buffer.from(start.subarray(0, keep));
      for (const [at, value] of changes) if (at < file.length) file[at] = value;
      return Buffer.concat([file, end]);
    });

  it('never make it throw, and what it tells of them is sane', () => {
    fc.assert(
      fc.property(fc.oneof(mangled, fc.uint8Array({ maxLength: 400 })), (file) => {
        const { bytes, width = 1, height = 1, durationMs = 0 } = inspectMedia(file);

        expect(bytes).toBe(file.length);
        expect(width > 0 && height > 0).toBe(true);
        expect(Number.isSafeInteger(durationMs) && durationMs >= 0).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['chance MP3 headers', Buffer.from([0xff, 0xfb, 0x90, 0x00])],
    ['GIF blocks of nothing', Buffer.from('GIF89a\x01\0\x01\0\0\0\0', 'latin1')],
    ['boxes of the least length', Buffer.from('\0\0\0\x0cftypisom\0\0\0\x08free', 'latin1')],
    ['JPG fill bytes', Buffer.from([0xff, 0xd8, 0xff])],
    ['AMR frames of one byte', Buffer.from('#!AMR\n\x7c', 'latin1')],
  ])('are read in one pass: ten megabytes of %s', (_, seed) => {
    const TEN_MB = 10 * 1024 * 1024;
    const tail = seed.subarray(-4);
    const file = Buffer.concat([seed, Buffer.alloc(TEN_MB - seed.length, tail)]);

    // Whatever takes more than one pass does not end within the test's time.
    expect(inspectMedia(file).bytes).toBe(TEN_MB);
  });
});
