import { describe, expect, it } from 'vitest';
import { type Message, needsNews, uploadsOf } from '../../../src/shared/campaign/message.ts';

const route = { videoAs: 'mpvideo', newsBy: 'uploadnews' } as const;
const article = (thumb: string, content = 'content') => ({
  thumb: { upload: thumb },
  title: 't',
  content,
});
const news = (...articles: ReturnType<typeof article>[]): Message => ({
  type: 'news',
  articles,
  ignoreReprint: false,
});

describe('the files that a message needs at WeChat', () => {
  it('are none for text, and for media that are there already', () => {
    expect(uploadsOf({ type: 'text', content: 'hello' }, route)).toEqual([]);
    expect(uploadsOf({ type: 'image', media: { mediaId: 'at-wechat' } }, route)).toEqual([]);
  });

  it('are numbered in the order of the message, each once a kind', () => {
    const picture = '<p><img alt="x" src="upload:m_b"><img src=\'upload:m_a\'></p>';

    const uploads = uploadsOf(news(article('m_a', picture), article('m_a', picture)), route);

    expect(uploads.map(({ n, upload, kind }) => [n, upload, kind])).toEqual([
      [1, 'm_a', 'thumb'],
      [2, 'm_b', 'article-picture'],
      [3, 'm_a', 'article-picture'],
    ]);
  });

  it('are found in a picture’s tag whatever else stands there', () => {
    const picture =
      '<IMG alt="a < b"\ndata-w=1 SRC = upload:m_b /><img alt="src"><img src="//x/y.jpg">';

    const uploads = uploadsOf(news(article('m_a', picture)), route);

    expect(uploads.map(({ upload }) => upload)).toEqual(['m_a', 'm_b']);
  });

  it('have the covers of drafts as permanent pictures', () => {
    const [cover] = uploadsOf(news(article('m_a')), { ...route, newsBy: 'draft' });

    expect(cover).toMatchObject({ upload: 'm_a', kind: 'permanent' });
  });

  it('know a video by its texts as well: followers read them', () => {
    const video = (title: string): Message => ({
      type: 'video',
      media: { upload: 'm_v' },
      title,
      description: 'd',
    });

    expect(uploadsOf(video('one'), route)).toMatchObject([{ kind: 'mpvideo', title: 'one' }]);
    const plain = uploadsOf(video('one'), { ...route, videoAs: 'video' });
    expect(plain).toMatchObject([{ kind: 'video' }]);
    expect(plain[0]).not.toHaveProperty('title');
  });
});

describe('a message', () => {
  it('needs articles made only where it brings its own', () => {
    expect(needsNews(news(article('m_a')))).toBe(true);
    expect(needsNews({ type: 'news', mediaId: 'composed', ignoreReprint: false })).toBe(false);
    expect(needsNews({ type: 'text', content: 'hello' })).toBe(false);
  });
});
