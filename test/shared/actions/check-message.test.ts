import { describe, expect, it } from 'vitest';
import { checkMessage } from '../../../src/shared/actions/check-message.ts';
import type { MediaStore } from '../../../src/shared/record/media-store.ts';

const file = { type: 'image', format: 'jpg', bytes: 1_000, width: 10, height: 10 };
const media = {
  describe: async (id: string) => ({ ...file, id }),
  touch: async () => true,
} as unknown as MediaStore;

const checked = (articles: readonly number[]) =>
  checkMessage(
    {
      ...{ media, account: 'a', era: 'today', coverAs: 'permanent', picturePosts: true },
      ...{ neededUntil: 0, fetchPicture: null },
    },
    {
      type: 'news',
      ignoreReprint: false,
      articles: articles.map((count, at) => ({
        ...{ title: 't', thumb: { mediaId: 'M' } },
        content: Array.from({ length: count }, (_, n) => `<img src="upload:m_${at}_${n}">`).join(
          '',
        ),
      })),
    },
  );

describe('uploads in articles', () => {
  it('are five hundred different ones at most, in all of them together', async () => {
    expect((await checked([250, 250])).mistakes).toEqual([]);
    expect((await checked([250, 251])).mistakes).toEqual([
      { code: 'too-large', limit: 500, unit: 'pictures', path: 'message.articles.1.content' },
    ]);
  });
});
