import { describe, expect, it } from 'vitest';
import {
  aClient,
  article,
  type Client,
  image,
  openIds,
  permanentImage,
  uploaded,
} from './raw-client.ts';

const articles = (count: number, thumb: string) =>
  Array.from({ length: count }, (_, i) => article(thumb, `Article ${i + 1}`));

const sendNews = (media_id: unknown, clientmsgid: string) => ({
  touser: openIds(2),
  msgtype: 'mpnews',
  mpnews: { media_id },
  clientmsgid,
});

describe('media/uploadnews', () => {
  it('takes the cover from a temporary thumb or image, not from permanent material', async () => {
    const client = await aClient();
    const upload = (thumb: string) =>
      client.post('media/uploadnews', { articles: [article(thumb)] });

    const created_at = expect.any(Number);
    const news = { type: 'news', media_id: expect.any(String), created_at };
    expect(await upload(await uploaded(client, 'thumb'))).toEqual(news);
    expect(await upload(await uploaded(client, 'image'))).toEqual(news);
    expect(await upload(await permanentImage(client))).toMatchObject({ errcode: 40007 });
    expect(await upload(await uploaded(client, 'voice'))).toMatchObject({ errcode: 40007 });
    expect(await upload('M')).toMatchObject({ errcode: 40007 });
  });

  it.each([
    ['today', 8],
    ['2014', 10],
  ] as const)('of %s takes 1 to %i articles', async (protocol, most) => {
    const client = await aClient({ switches: { protocol } });
    const thumb = await uploaded(client, 'thumb');
    const upload = (count: number) =>
      client.post('media/uploadnews', { articles: articles(count, thumb) });

    expect(await upload(1)).toMatchObject({ type: 'news' });
    expect(await upload(most)).toMatchObject({ type: 'news' });
    expect(await upload(most + 1)).toMatchObject({ errcode: 45008 });
    expect(await upload(0)).toMatchObject({ errcode: 44003 });
  });

  it('may be called ten times a day', async () => {
    const client = await aClient();
    const body = { articles: [article(await uploaded(client, 'thumb'))] };

    for (let i = 0; i < 10; i += 1) await client.post('media/uploadnews', body);

    expect(await client.post('media/uploadnews', body)).toMatchObject({ errcode: 45009 });
  });

  it.each([
    ['no title', { title: undefined }, 45003],
    ['no content', { content: '' }, 44003],
    ['a switch that is neither 0 nor 1', { show_cover_pic: true }, 40097],
    ['an address over 1 KB', { content_source_url: 'x'.repeat(1_025) }, 45005],
  ])('refuses an article with %s', async (_case, change, errcode) => {
    const client = await aClient();
    const thumb = await uploaded(client, 'thumb');

    const answer = await client.post('media/uploadnews', {
      articles: [{ ...article(thumb), ...change }],
    });

    expect(answer).toMatchObject({ errcode });
  });

  it('refuses Chinese written as escapes, and takes it raw', async () => {
    const client = await aClient();
    const thumb = await uploaded(client, 'thumb');
    const rawText = JSON.stringify({ articles: [article(thumb, '群发')] });
    const escaped = rawText.replace('群发', '\\u7fa4\\u53d1');

    expect(await client.post('media/uploadnews', escaped)).toMatchObject({ errcode: 40033 });
    expect(await client.post('media/uploadnews', rawText)).toMatchObject({ type: 'news' });
  });
});

describe('draft/add', () => {
  it('takes a permanent image as cover and nothing temporary', async () => {
    const client = await aClient();
    const add = (thumb: string) => client.post('draft/add', { articles: [article(thumb)] });

    expect(await add(await permanentImage(client))).toEqual({ media_id: expect.any(String) });
    expect(await add(await uploaded(client, 'image'))).toMatchObject({ errcode: 40007 });
    expect(await add(await uploaded(client, 'thumb'))).toMatchObject({ errcode: 40007 });
  });

  it.each([
    ['a title of 33 characters', { title: '题'.repeat(33) }, 45003],
    ['an author of 17', { author: '者'.repeat(17) }, 45110],
    ['a digest of 129', { digest: '要'.repeat(129) }, 45004],
    ['a text of 20,000', { content: '文'.repeat(20_000) }, 45002],
  ])('refuses %s', async (_case, change, errcode) => {
    const client = await aClient();
    const cover = await permanentImage(client);

    const answer = await client.post('draft/add', { articles: [{ ...article(cover), ...change }] });

    expect(answer).toMatchObject({ errcode });
  });

  it('takes foreign pictures out of the text and leaves those of uploadimg', async () => {
    const client = await aClient();
    const cover = await permanentImage(client);
    const { url } = await client.upload('media/uploadimg', image);
    const own = `<img alt="a > b" src="${url}"><img data-src="${url}?wx_fmt=jpeg">`;
    const foreign =
      '<img src="https://example.com/a.png"><img src="http://mmbiz.qpic.cn/mmbiz_jpg/abc/0">' +
      `<img alt="src='${url}'" src="https://example.com/b.png">`;
    const content = `<p>${own}${foreign}</p>`;
    const { media_id } = await client.post('draft/add', {
      articles: [{ ...article(cover), content }],
    });

    const draft = await client.post('draft/get', { media_id });

    expect(draft).toMatchObject({ news_item: [{ content: `<p>${own}</p>` }] });
  });

  it('can be counted, listed and deleted', async () => {
    const client = await aClient();
    const media_id = await draft(client);

    expect(await client.get('draft/count')).toEqual({ total_count: 1 });
    expect(await client.post('draft/batchget', { offset: 0, count: 20 })).toMatchObject({
      total_count: 1,
      item_count: 1,
      item: [{ media_id }],
    });
    expect(await client.post('draft/delete', { media_id })).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(await client.post('draft/get', { media_id })).toMatchObject({ errcode: 40007 });
  });

  it('dies with its first mass send, and a repeat of that send is still recognised', async () => {
    const client = await aClient();
    const media_id = await draft(client);

    const sent = await client.post('message/mass/send', sendNews(media_id, 'chunk-0'));
    const next = await client.post('message/mass/send', sendNews(media_id, 'chunk-1'));
    client.sandbox.advance(60_000);
    const repeat = await client.post('message/mass/send', sendNews(media_id, 'chunk-0'));

    expect(sent).toMatchObject({ errcode: 0, msg_data_id: expect.any(Number) });
    expect(next).toMatchObject({ errcode: 40007 });
    expect(repeat).toMatchObject({ errcode: 45065, msg_id: sent.msg_id });
    expect(repeat).not.toHaveProperty('msg_data_id');
  });

  it('may live on, where a switch says so', async () => {
    const client = await aClient({ switches: { draftDies: 'never' } });
    const media_id = await draft(client);

    for (const key of ['chunk-0', 'chunk-1']) {
      const answer = await client.post('message/mass/send', sendNews(media_id, key));
      expect(answer).toMatchObject({ errcode: 0 });
    }
  });
});

async function draft(client: Client): Promise<unknown> {
  const cover = await permanentImage(client);
  return (await client.post('draft/add', { articles: [article(cover)] })).media_id;
}
