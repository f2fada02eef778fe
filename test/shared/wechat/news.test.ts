import { describe, expect, it } from 'vitest';
import { addDraft, deleteDraft, listDrafts, uploadNews } from '../../../src/shared/wechat/news.ts';
import { bodyOf, exchangeWith } from './loopback.ts';

const article = { thumbMediaId: 'T', title: 'Happy Day', content: '<p>content</p>' };

describe('news', () => {
  it('becomes a media id, as in the seed', async () => {
    const mediaId = 'CsEf3ldqkAYJAU6EJeIkStVDSvffUJ54vqbThMgplD-VJXXof6ctX5fI6-aYyUiQ';
    const body = { type: 'news', media_id: mediaId, created_at: 1391857799 };
    const { answer, asked, seen } = await exchangeWith(body, (client) =>
      uploadNews(client, [article]),
    );

    expect(asked).toBe('POST /cgi-bin/media/uploadnews');
    expect(bodyOf(seen)).toEqual({
      articles: [{ thumb_media_id: 'T', title: 'Happy Day', content: '<p>content</p>' }],
    });
    expect(answer).toEqual({ kind: 'ok', value: { mediaId } });
  });
});

describe('a draft', () => {
  it('is an article without the switch for its cover', async () => {
    const { answer, asked, seen } = await exchangeWith({ media_id: 'D' }, (client) =>
      addDraft(client, [{ ...article, showCover: true, openComment: false }]),
    );

    expect(asked).toBe('POST /cgi-bin/draft/add');
    expect(bodyOf(seen)).toEqual({
      articles: [
        {
          article_type: 'news',
          thumb_media_id: 'T',
          title: 'Happy Day',
          content: '<p>content</p>',
          need_open_comment: 0,
        },
      ],
    });
    expect(answer).toEqual({ kind: 'ok', value: { mediaId: 'D' } });
  });

  it('is listed with its titles', async () => {
    const item = {
      media_id: 'D',
      content: { news_item: [{ title: 'A', url: 'u', thumb_media_id: 'T' }, { title: 'B' }] },
      update_time: 1700000000,
    };
    const page = { total_count: 5, item_count: 1, item: [item] };
    const { answer, asked, seen } = await exchangeWith(page, (client) =>
      listDrafts(client, { offset: 4, count: 20 }),
    );

    expect(asked).toBe('POST /cgi-bin/draft/batchget');
    expect(bodyOf(seen)).toEqual({ offset: 4, count: 20, no_content: 1 });
    expect(answer).toEqual({
      kind: 'ok',
      value: {
        total: 5,
        drafts: [
          { mediaId: 'D', titles: ['A', 'B'], pictures: [['T'], ['']], updatedAt: 1700000000_000 },
        ],
      },
    });
  });

  it('can be deleted', async () => {
    const { answer, asked, seen } = await exchangeWith({ errcode: 0, errmsg: 'ok' }, (client) =>
      deleteDraft(client, 'D'),
    );

    expect([asked, bodyOf(seen)]).toEqual(['POST /cgi-bin/draft/delete', { media_id: 'D' }]);
    expect(answer.kind).toBe('ok');
  });
});
