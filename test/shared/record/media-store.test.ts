import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { MediaFile } from '../../../src/shared/contract/media.ts';
import { DAY, MINUTE } from '../../../src/shared/platform/time.ts';
import { type MediaRefused, makeMediaStore } from '../../../src/shared/record/media-store.ts';
import { testRedis } from '../../support/redis.ts';
import { example, fixture } from '../media/samples.ts';

const { redis, prefix } = testRedis();
const NOON = Date.parse('2026-01-05T12:00:00Z');

let worlds = 0;

/** A library of its own in the file's Redis, with the clock in the test's hands. */
function library() {
  worlds += 1;
  const clock = { now: NOON };
  const own = `${prefix}:${worlds}`;
  const media = makeMediaStore({ redis, record: own, retainMs: 30 * DAY, now: () => clock.now });
  const keys = () => redis.keys(`${own.replace(/[{}]/g, '?')}:*`);
  const lifeOf = (id: string) => redis.pttl(`${own}:media:${id}`);
  return { media, clock, own, keys, lifeOf };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function kept(answer: MediaFile | MediaRefused): MediaFile {
  if ('refused' in answer) throw new Error(JSON.stringify(answer.refused));
  return answer;
}

describe('a file put into the library', () => {
  it('is described by its content and comes back byte for byte', async () => {
    const { media } = library();
    const file = example('cover.jpg');

    const stored = kept(await media.put(file, { filename: '封面 cover.jpeg' }));

    expect(stored).toEqual({
      id: `m_${sha256(file).slice(0, 32)}`,
      type: 'image',
      format: 'jpg',
      bytes: file.length,
      sha256: sha256(file),
      filename: 'cover.jpg',
      width: 900,
      height: 383,
    });
    expect(await media.describe(stored.id)).toEqual(stored);
    expect(sha256((await media.read(stored.id)) ?? new Uint8Array())).toBe(stored.sha256);
  });

  it.each([
    ['voice.mp3', { type: 'voice', format: 'mp3', durationMs: 4_000 }],
    ['voice.amr', { type: 'voice', format: 'amr', durationMs: 4_000 }],
    ['clip.mp4', { type: 'video', format: 'mp4', durationMs: 4_000, width: 480, height: 270 }],
    ['picture.png', { type: 'image', format: 'png', width: 480, height: 320 }],
  ])('%s knows its type and figures', async (name, facts) => {
    const { media } = library();

    expect(kept(await media.put(example(name), { filename: name }))).toMatchObject({
      ...facts,
      filename: name,
    });
  });

  it('gets a name with the extension of what it is, whatever it was called or not called', async () => {
    const { media } = library();
    const file = fixture('png-named.jpg');
    const other = example('voice.amr');

    expect(kept(await media.put(file, { filename: 'png-named.jpg' })).filename).toBe(
      'png-named.png',
    );
    expect(kept(await media.put(other)).filename).toBe(`m_${sha256(other).slice(0, 32)}.amr`);
  });

  it('is kept once, under its first name, however often it comes and from many at once', async () => {
    const { media, keys } = library();
    const file = example('photo.jpg');

    const first = kept(await media.put(file, { filename: 'first.jpg' }));
    const again = await Promise.all(
      ['second.jpg', 'third.jpg', 'fourth.jpg'].map((filename) => media.put(file, { filename })),
    );

    expect(again).toEqual([first, first, first]);
    expect(await keys()).toHaveLength(2);
  });
});

describe('a file that WeChat would never take', () => {
  it.each([
    [
      'text-named.jpg',
      { code: 'media-unknown', looksLike: 'text', formats: expect.arrayContaining(['jpg', 'mp4']) },
    ],
    ['empty.jpg', { code: 'media-empty' }],
    ['cut-off.jpg', { code: 'media-broken', format: 'jpg', broken: { code: 'cut-off' } }],
    ['cut-off.mp4', { code: 'media-broken', format: 'mp4', broken: { code: 'cut-off' } }],
  ])('%s is refused and leaves nothing behind', async (filename, reason) => {
    const { media, keys } = library();

    expect(await media.put(fixture(filename), { filename })).toEqual({ refused: [reason] });
    expect(await keys()).toEqual([]);
  });

  it('is one larger than 10 MB', async () => {
    const { media } = library();
    const photo = example('photo.jpg');
    const padded = (length: number) =>
      Buffer.concat([photo, Buffer.alloc(length - photo.length)], length);

    expect(await media.put(padded(10_485_761))).toEqual({
      refused: [{ code: 'media-too-large', bytes: 10_485_761, limit: 10_485_760 }],
    });
    expect(await media.put(padded(10_485_760))).toMatchObject({ bytes: 10_485_760 });
  });
});

describe('an id', () => {
  it.each(['', 'm_', 'm_xyz', `m_${'0'.repeat(32)}:bytes`, `m_${'A'.repeat(32)}`, '*'])(
    'that is none of ours (%j) reaches no key',
    async (id) => {
      const { media } = library();

      expect(await media.describe(id)).toBeNull();
      expect(await media.read(id)).toBeNull();
      expect(await media.touch(id)).toBe(false);
    },
  );

  it('of a removed file is unknown', async () => {
    const { media, keys } = library();
    const { id } = kept(await media.put(example('voice.amr')));

    await media.remove(id);

    expect(await media.describe(id)).toBeNull();
    expect(await media.read(id)).toBeNull();
    expect(await media.touch(id)).toBe(false);
    expect(await keys()).toEqual([]);
  });
});

describe('retention', () => {
  const near = (ms: number, by: number) => ms > by - MINUTE && ms <= by;

  it('starts when a file is put', async () => {
    const { media, lifeOf } = library();
    const { id } = kept(await media.put(example('voice.amr')));

    expect(near(await lifeOf(id), 30 * DAY)).toBe(true);
  });

  it('starts anew when a campaign refers to the file', async () => {
    const { media, own, lifeOf } = library();
    const { id } = kept(await media.put(example('voice.amr')));
    await redis.pexpire(`${own}:media:${id}`, DAY);

    expect(await media.touch(id)).toBe(true);

    expect(near(await lifeOf(id), 30 * DAY)).toBe(true);
  });

  it('reaches past the date of a later campaign, and no repeat shortens it', async () => {
    const { media, clock, lifeOf } = library();
    const { id } = kept(await media.put(example('voice.amr')));

    await media.touch(id, { until: clock.now + 60 * DAY });
    await media.touch(id);
    await media.put(example('voice.amr'));

    expect(near(await lifeOf(id), 90 * DAY)).toBe(true);
  });

  it('is not claimed for a file that is gone, and its place in the list goes too', async () => {
    const { media, own, keys } = library();
    const { id } = kept(await media.put(example('voice.amr')));
    await redis.del(`${own}:media:${id}`);

    expect(await media.touch(id)).toBe(false);
    expect(await keys()).toEqual([]);
    expect(await media.put(example('voice.amr'))).toMatchObject({ id });
    expect(await media.read(id)).not.toBeNull();
  });
});

describe('the list', () => {
  const NAMES = ['cover.jpg', 'photo.jpg', 'picture.png', 'voice.mp3', 'voice.amr'];

  async function filled(msApart: number) {
    const world = library();
    for (const filename of NAMES) {
      await world.media.put(example(filename), { filename });
      world.clock.now += msApart;
    }
    return world;
  }

  it('shows the newest first', async () => {
    const { media } = await filled(1_000);

    const { media: shown, cursor } = await media.list();

    expect(shown.map(({ filename }) => filename)).toEqual(NAMES.toReversed());
    expect(cursor).toBeUndefined();
  });

  it.each([0, 1_000])('gives every file once, page by page (put %d ms apart)', async (msApart) => {
    const { media } = await filled(msApart);

    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await media.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      pages.push(page.media.map(({ filename }) => filename));
      cursor = page.cursor;
    } while (cursor !== undefined);

    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat().sort()).toEqual(NAMES.toSorted());
  });

  it('leaves out and forgets what is past its time', async () => {
    const { media, clock, own } = await filled(1_000);

    clock.now = NOON + 30 * DAY + 2_500;

    expect((await media.list()).media.map(({ filename }) => filename)).toEqual([
      'voice.amr',
      'voice.mp3',
    ]);
    expect(await redis.zcard(`${own}:media-index`)).toBe(2);
  });

  it('is empty where nothing was put, and knows its own cursors only', async () => {
    const { media } = library();

    expect(await media.list()).toEqual({ media: [] });
    await expect(media.list({ cursor: '+inf' })).rejects.toThrow(RangeError);
  });
});
