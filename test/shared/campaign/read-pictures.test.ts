import { describe, expect, it } from 'vitest';
import { type Message, readPictures, uploadsOf } from '../../../src/shared/campaign/message.ts';

describe('pictures of long articles', () => {
  it('are looked for in one article after another, and not again', async () => {
    const pictures = (at: number): string =>
      Array.from({ length: 8_000 }, (_, n) => `<img src="upload:m_${at}_${n}">`).join('');
    const message: Message = {
      type: 'news',
      articles: Array.from({ length: 8 }, (_, at) => ({
        ...{ thumb: { mediaId: 'M' }, title: 't', content: pictures(at) },
      })),
      ignoreReprint: false,
    };
    let breaths = 0;
    await readPictures(message, async () => {
      breaths += 1;
    });

    // What is known is not read again.
    for (const article of message.articles) Object.assign(article, { content: 'changed' });
    const uploads = uploadsOf(message, { videoAs: 'video', newsBy: 'draft' });

    expect(breaths).toBe(8);
    expect(uploads).toHaveLength(64_000);
  });
});
