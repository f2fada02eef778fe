/** Every row of the document this product began with, by the protocol of 2014, from end to end. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { inline } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

type Json = Record<string, unknown>;

const seed = JSON.parse(
  readFileSync(new URL('../fixtures/seed-bodies.json', import.meta.url), 'utf8'),
) as Record<string, Json>;

/** WeChat as it was: its own spelling of success, the helper as sender, no word on clientmsgid. */
const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  {
    era: '2014',
    accounts: [{ name: 'default' }],
    switches: {
      statusSpelling: 'sendsuccess',
      eventSender: 'mphelper',
      clientMsgIdHonoured: false,
    },
  },
);

const openids = (seed['send text'] as { touser: string[] }).touser;
const toGroup = { type: 'group', groupId: '2' };
const toOpenIds = { type: 'openids', openids };

const text = (content: string) => ({ type: 'text', content });
const voice = { type: 'voice', media: inline('voice.amr') };
const image = { type: 'image', media: inline('photo.jpg') };
const video = {
  type: 'video',
  media: inline('clip.mp4'),
  title: 'TITLE',
  description: 'DESCRIPTION',
};
const article = {
  thumb: inline('cover.jpg'),
  author: 'xxx',
  title: 'Happy Day',
  contentSourceUrl: 'www.qq.com',
  content: 'content',
  digest: 'digest',
};
const news = { type: 'news', articles: [article, article] };

const ID_AT_WECHAT = expect.stringMatching(/^[A-Za-z0-9_-]{64}$/);

/** Ids are WeChat's to give, and the seed's lists to OpenIDs are place holders. */
function asSent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asSent);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => {
      if (field === 'touser') return [field, openids];
      return [field, field.endsWith('media_id') ? ID_AT_WECHAT : asSent(inner)];
    }),
  );
}

const lastBody = (path: string): unknown =>
  JSON.parse(world.ledger.requests(path).at(-1)?.body ?? 'null');

describe('by the protocol of 2014', () => {
  it.each([
    ['sendall text', text('CONTENT'), toGroup],
    ['sendall voice', voice, toGroup],
    ['sendall image', image, toGroup],
    ['sendall mpvideo', video, toGroup],
    ['sendall mpnews', news, toGroup],
    ['send text', text('hello from boxer.'), toOpenIds],
    ['send voice', voice, toOpenIds],
    ['send image', image, toOpenIds],
    ['send video', video, toOpenIds],
    ['send mpnews', news, toOpenIds],
  ])("a campaign sends the seed's %s, and completes", async (sample, message, audience) => {
    const id = await world.create({ account: 'default', message, audience });

    const view = await world.ended(id);

    const batch = await world.batch(id);
    const path = `message/mass/${sample.split(' ')[0]}`;
    expect(lastBody(path)).toEqual({
      ...(asSent(seed[sample]) as Json),
      clientmsgid: expect.any(String),
    });
    expect(view).toMatchObject({ state: 'completed', outcome: 'delivered' });
    expect(batch).toMatchObject({ state: 'settled', receipt: { code: 'sendsuccess' } });
  });

  it("articles go up as the seed's, once for both audiences", () => {
    expect(lastBody('media/uploadnews')).toEqual(asSent(seed['media/uploadnews']));
    expect(world.ledger.calls()['media/uploadnews']).toBe(1);
  });
});
