import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Era } from '../../../src/shared/wechat/client.ts';
import type { MassMessage, MassTarget } from '../../../src/shared/wechat/mass.ts';
import {
  massBodyToAll,
  massBodyToOpenIds,
  previewBody,
} from '../../../src/shared/wechat/mass-body.ts';
import { newsBody } from '../../../src/shared/wechat/news.ts';

/** The seed document's own JSON, with the one comma taken out that made a sample invalid. */
const seed = JSON.parse(
  readFileSync(new URL('../../fixtures/seed-bodies.json', import.meta.url), 'utf8'),
);

const toOpenIds = (
  era: Era,
  { openIds, ...rest }: { openIds: string[]; message: MassMessage; clientMsgId: string },
) => {
  const json = Buffer.from(JSON.stringify(openIds));
  return JSON.parse(massBodyToOpenIds(era, { ...rest, openIds: json }).toString());
};

const clientMsgId = 'key-1';
const group: MassTarget = { type: 'group', groupId: '2' };
const text: MassMessage = { type: 'text', content: 'CONTENT' };
const image: MassMessage = { type: 'image', mediaIds: ['I'] };
const voice: MassMessage = { type: 'voice', mediaId: 'V' };
const video: MassMessage = { type: 'video', mediaId: 'M', title: 'TITLE', description: 'DESC' };
const news: MassMessage = { type: 'news', mediaId: 'N', ignoreReprint: true };

describe('a body of 2014', () => {
  const mediaId = '123dsdajkasd231jhksad';
  const seedVideo = 'IhdaAQXuvJtGzwwc0abfXnzeezfO0NgPK6AQYShD8RQYMTtfzbLdBIQkQziv2XJc';

  it.each<[string, MassMessage]>([
    ['sendall text', { type: 'text', content: 'CONTENT' }],
    ['sendall voice', { type: 'voice', mediaId }],
    ['sendall image', { type: 'image', mediaIds: [mediaId] }],
    ['sendall mpvideo', { ...video, type: 'video', mediaId: seedVideo }],
    ['sendall mpnews', { type: 'news', mediaId, ignoreReprint: true }],
  ])("is the seed's %s, and the key", (sample, message) => {
    const body = massBodyToAll('2014', { target: group, message, clientMsgId });

    expect(body).toEqual({ ...seed[sample], clientmsgid: 'key-1' });
  });

  it.each<[string, MassMessage]>([
    ['send text', { type: 'text', content: 'hello from boxer.' }],
    [
      'send voice',
      {
        type: 'voice',
        mediaId: 'mLxl6paC7z2Tl-NJT64yzJve8T9c8u9K2x-Ai6Ujd4lIH9IBuF6-2r66mamn_gIT',
      },
    ],
    [
      'send image',
      {
        type: 'image',
        mediaIds: ['BTgN0opcW3Y5zV_ZebbsD3NFKRWf6cb7OPswPi9Q83fOJHK2P67dzxn11Cp7THat'],
      },
    ],
    ['send video', { type: 'video', mediaId, title: 'TITLE', description: 'DESCRIPTION' }],
    ['send mpnews', { type: 'news', mediaId, ignoreReprint: false }],
  ])("is the seed's %s, and the key", (sample, message) => {
    const openIds: string[] = seed[sample].touser;
    const body = toOpenIds('2014', { openIds, message, clientMsgId });

    expect(body).toEqual({ ...seed[sample], clientmsgid: 'key-1' });
  });

  it("is the seed's media/uploadnews", () => {
    const article = {
      thumbMediaId: 'qI6_Ze_6PtV7svjolgs-rN6stStuHIjs9_DidOHaj0Q-mwvBelOXCFZiq2OsIU-p',
      author: 'xxx',
      title: 'Happy Day',
      contentSourceUrl: 'www.qq.com',
      content: 'content',
      digest: 'digest',
    };

    expect(newsBody('2014', [{ ...article, showCover: true, openComment: true }, article])).toEqual(
      seed['media/uploadnews'],
    );
  });

  it('names everyone as WeChat did from that summer on', () => {
    const request = { target: { type: 'everyone' }, message: text, clientMsgId } as const;

    expect(massBodyToAll('2014', request).filter).toEqual({ is_to_all: true });
  });

  it('names a tag as the group that it was', () => {
    const request = { target: { type: 'tag', tagId: 101 }, message: text, clientMsgId } as const;

    expect(massBodyToAll('2014', request).filter).toEqual({ group_id: '101' });
  });
});

describe("a video's own picture", () => {
  const video = { type: 'video', mediaId: 'V', title: 't', description: 'd' } as const;
  const request = {
    openIds: ['a', 'b'],
    message: { ...video, thumbMediaId: 'T' },
    clientMsgId: 'k',
  };

  it('goes out in 2014, where a plain video does, and not in an mpvideo', () => {
    expect(toOpenIds('2014', request)).toMatchObject({ video: { thumb_media_id: 'T' } });
    expect(toOpenIds('today', request)).toMatchObject({
      mpvideo: { media_id: 'V', title: 't', description: 'd' },
    });
    expect(JSON.stringify(toOpenIds('today', request))).not.toContain('thumb');
  });
});

describe("today's body", () => {
  it.each<[MassTarget, unknown]>([
    [group, { is_to_all: false, group_id: '2' }],
    [
      { type: 'tag', tagId: 2 },
      { is_to_all: false, tag_id: 2 },
    ],
    [{ type: 'everyone' }, { is_to_all: true }],
  ])('says in so many words whether it is for all: %j', (target, filter) => {
    expect(massBodyToAll('today', { target, message: text, clientMsgId }).filter).toEqual(filter);
  });

  it.each<[MassMessage, unknown]>([
    [text, { text: { content: 'CONTENT' }, msgtype: 'text' }],
    [image, { images: { media_ids: ['I'] }, msgtype: 'image' }],
    [voice, { voice: { media_id: 'V' }, msgtype: 'voice' }],
    [video, { mpvideo: { media_id: 'M' }, msgtype: 'mpvideo' }],
    [news, { mpnews: { media_id: 'N' }, msgtype: 'mpnews', send_ignore_reprint: 1 }],
  ])('to a tag is %j as WeChat documents it', (message, content) => {
    const target: MassTarget = { type: 'tag', tagId: 2 };
    const body = massBodyToAll('today', { target, message, clientMsgId });

    expect(body).toEqual({
      filter: { is_to_all: false, tag_id: 2 },
      ...(content as object),
      clientmsgid: 'key-1',
    });
  });

  it('to OpenIDs gives a video its texts', () => {
    const openIds = ['OPENID1', 'OPENID2'];

    expect(toOpenIds('today', { openIds, message: video, clientMsgId })).toEqual({
      touser: openIds,
      msgtype: 'mpvideo',
      mpvideo: { media_id: 'M', title: 'TITLE', description: 'DESC' },
      clientmsgid: 'key-1',
    });
  });

  it('of news carries its switches where they are set, and only there', () => {
    const article = { thumbMediaId: 'T', title: 'A', content: 'B' };
    const switches = { showCover: false, openComment: true, fansOnlyComment: false };

    expect(newsBody('today', [article, { ...article, ...switches }])).toEqual({
      articles: [
        { thumb_media_id: 'T', title: 'A', content: 'B' },
        {
          thumb_media_id: 'T',
          title: 'A',
          content: 'B',
          show_cover_pic: 0,
          need_open_comment: 1,
          only_fans_can_comment: 0,
        },
      ],
    });
  });
});

describe('a preview', () => {
  it.each<[MassMessage, unknown]>([
    [text, { text: { content: 'CONTENT' }, msgtype: 'text' }],
    [image, { image: { media_id: 'I' }, msgtype: 'image' }],
    [voice, { voice: { media_id: 'V' }, msgtype: 'voice' }],
    [video, { mpvideo: { media_id: 'M' }, msgtype: 'mpvideo' }],
    [news, { mpnews: { media_id: 'N' }, msgtype: 'mpnews' }],
  ])('of %j takes single ids', (message, content) => {
    const toOpenId = previewBody({ to: { openId: 'OPENID1' }, message });
    const toWechatId = previewBody({ to: { wechatId: 'boxer' }, message });

    expect(toOpenId).toEqual({ touser: 'OPENID1', ...(content as object) });
    expect(toWechatId).toEqual({ towxname: 'boxer', ...(content as object) });
  });
});
