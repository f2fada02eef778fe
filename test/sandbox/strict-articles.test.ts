/** What happens to articles that WeChat does not take as they are, and what is not known of it. */
import { describe, expect, it } from 'vitest';
import type { Switches } from '../../src/sandbox/option-table.ts';
import {
  aClient,
  article,
  type Body,
  image,
  openIds,
  permanentImage,
  uploaded,
} from './raw-client.ts';

const SEND = 'message/mass/send';

async function writer(switches: Partial<Switches> = {}) {
  const client = await aClient({ switches });
  const cover = await permanentImage(client);
  const add = (change: object): Promise<Body> =>
    client.post('draft/add', { articles: [{ ...article(cover), ...change }] });
  return {
    client,
    cover,
    add,
    /** The content as draft/get tells it. */
    async stored(content: string): Promise<unknown> {
      const { media_id } = await add({ content });
      const { news_item } = (await client.post('draft/get', { media_id })) as {
        news_item: { content: string }[];
      };
      return news_item[0]?.content;
    },
    send: (media_id: unknown) =>
      client.post(SEND, { touser: openIds(2), msgtype: 'mpnews', mpnews: { media_id } }),
  };
}

describe('a place of a picture that was never filled', () => {
  it.each([
    '<img src="upload:m_123">',
    '<img data-src="a" src = " upload: m_123 ">',
    '<p style="background-image:url(upload:m_123)">',
    '<!-- <img src="upload:m_123"> -->',
  ])('%s is refused', async (content) => {
    const { add, client } = await writer();

    expect(await add({ content })).toMatchObject({ errcode: 45166 });
    const thumb_media_id = await uploaded(client, 'thumb');
    const articles = [{ ...article(thumb_media_id), content }];
    expect(await client.post('media/uploadnews', { articles })).toMatchObject({ errcode: 45166 });
  });

  it('goes out as WeChat would let it, where a switch says so; the word alone always may', async () => {
    const lenient = await writer({ uploadMarks: 'sent' });
    const strict = await writer();

    expect(await lenient.add({ content: '<p data-x="upload:m_1">' })).not.toHaveProperty('errcode');
    expect(await strict.stored('<p>upload: my file</p>')).toBe('<p>upload: my file</p>');
  });
});

describe('a picture in an article', () => {
  it('stays where this WeChat gave its address, whatever scheme and query', async () => {
    const { client, stored } = await writer();
    const { url } = await client.upload('media/uploadimg', image);
    const permanent = await client.upload('material/add_material', {
      ...image,
      query: { type: 'image' },
    });
    const own = [url, `${String(url).replace('http:', 'https:')}?wx_fmt=png`, permanent.url];
    const content = own.map((address) => `<img data-src="${address}">`).join('');

    expect(await stored(content)).toBe(content);
    expect(await stored(`<img src="https://example.com/1.png" data-src="${url}">`)).toBe('');
  });

  it('is told as data-src, where a switch says so', async () => {
    const { client, stored } = await writer({ draftContent: 'data-src' });
    const { url } = await client.upload('media/uploadimg', image);

    expect(await stored(`<img alt="src" src="${url}">`)).toBe(`<img alt="src" data-src="${url}">`);
  });
});

describe('a link in an article', () => {
  const content =
    '<a href="https://example.com/?a=1&amp;b=2">out</a><a href="http://mp.weixin.qq.com/s/x">in</a>';

  it.each([
    ['stripped', content.replace(/ href="https:[^"]*"/, '')],
    ['kept', content],
  ] as const)('to another host is %s', async (externalLinks, expected) => {
    const { stored } = await writer({ externalLinks });

    expect(await stored(content)).toBe(expected);
  });

  it('to another host is refused, where a switch says so', async () => {
    const { add } = await writer({ externalLinks: 'refused' });

    expect(await add({ content })).toMatchObject({ errcode: 45166 });
    expect(await add({ content: '<a href="#top">top</a>' })).not.toHaveProperty('errcode');
  });
});

describe('the sizes of a draft', () => {
  it('are those of the page, or those that were measured', async () => {
    const documented = await writer();
    const measured = await writer({ draftLimits: 'measured' });
    const codes = async (change: object) => [
      (await documented.add(change)).errcode,
      (await measured.add(change)).errcode,
    ];

    expect(await codes({ title: '题'.repeat(32) })).toEqual([undefined, undefined]);
    expect(await codes({ title: '题'.repeat(64) })).toEqual([45003, undefined]);
    expect(await codes({ title: '题'.repeat(65) })).toEqual([45003, 45003]);
    expect(await codes({ digest: '要'.repeat(41) })).toEqual([undefined, 45004]);
    expect(await codes({ content: '文'.repeat(24_061) })).toEqual([45002, undefined]);
  });

  it('of a title may be counted in bytes', async () => {
    const { add } = await writer({ titleUnit: 'bytes' });

    expect(await add({ title: '题'.repeat(11) })).toMatchObject({ errcode: 45003 });
    expect(await add({ title: '题'.repeat(10) })).not.toHaveProperty('errcode');
  });

  it('count a Chinese character that came as an escape six times, where a switch says so', async () => {
    const { client, cover } = await writer({ escapes: 'counted', draftLimits: 'measured' });
    const add = (characters: number) =>
      client.post(
        'draft/add',
        JSON.stringify({ articles: [article(cover, 'T')] }).replace(
          '"T"',
          `"${'\\u7fa4'.repeat(characters)}"`,
        ),
      );

    expect(await add(11)).toMatchObject({ errcode: 45003 });
    const { media_id } = await add(2);
    expect(await client.post('draft/get', { media_id })).toMatchObject({
      news_item: [{ title: '\\u7fa4\\u7fa4' }],
    });
  });
});

describe('draft/update', () => {
  it('takes one article at one index, and no list', async () => {
    const { client, cover, add } = await writer();
    const { media_id } = await add({});
    const update = (body: object) => client.post('draft/update', { media_id, ...body });

    expect(await update({ index: 0, articles: [article(cover)] })).toMatchObject({
      errcode: 47001,
    });
    expect(await update({ index: 1, articles: article(cover) })).toMatchObject({ errcode: 40114 });
    expect(await update({ index: 0, articles: article(cover, 'new') })).toEqual({
      errcode: 0,
      errmsg: 'ok',
    });
    expect(await client.post('draft/get', { media_id })).toMatchObject({
      news_item: [{ title: 'new', is_deleted: false, url: expect.any(String) }],
      create_time: expect.any(Number),
      update_time: expect.any(Number),
    });
  });
});

describe('which article may be sent', () => {
  it.each([45106, 45103, 48001] as const)(
    'is not one of uploadnews, where that is answered %i',
    async (errcode) => {
      const { client } = await writer({ uploadNews: errcode });
      const articles = [article(await uploaded(client, 'thumb'))];

      expect(await client.post('media/uploadnews', { articles })).toMatchObject({ errcode });
    },
  );

  it('is a draft or none, by the switch', async () => {
    for (const [draftIdsAccepted, errcode] of [
      [true, 0],
      [false, 40007],
    ] as const) {
      const { add, send } = await writer({ draftIdsAccepted });
      expect(await send((await add({})).media_id)).toMatchObject({ errcode });
    }
  });

  it.each([
    ['accepted', 0],
    [40007, 40007],
    [40008, 40008],
  ] as const)('may be a post of pictures: %s', async (picturePosts, errcode) => {
    const { cover, add, send } = await writer({ picturePosts });
    const image_info = { image_list: [{ image_media_id: cover }] };

    const { media_id } = await add({ article_type: 'newspic', image_info });

    expect(await send(media_id)).toMatchObject({ errcode });
  });
});
