import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  aClient,
  amr,
  article,
  type Body,
  type Client,
  clientOf,
  DAY,
  image,
  jpeg,
  mp3,
  mp4,
  openIds,
  permanentImage,
  png,
  SECOND,
  subscription,
  uploaded,
} from './raw-client.ts';

const MEDIA_ID = expect.stringMatching(/^[A-Za-z0-9_-]{64}$/);
const KB = 1024;
const MB = 1024 * KB;

describe('media/upload', () => {
  it('answers a thumb with thumb_media_id instead of media_id, and never an errcode', async () => {
    const client = await aClient();

    const thumb = await client.upload('media/upload', { ...image, query: { type: 'thumb' } });
    const picture = await client.upload('media/upload', { ...image, query: { type: 'image' } });

    const created_at = expect.any(Number);
    expect(thumb).toEqual({ type: 'thumb', thumb_media_id: MEDIA_ID, created_at });
    expect(picture).toEqual({ type: 'image', media_id: MEDIA_ID, created_at });
  });

  it.each([
    ['image', 'a.jpg', jpeg(10 * MB), 0],
    ['image', 'a.jpg', jpeg(10 * MB + 1), 40009],
    ['image', 'a.png', png(), 0],
    ['image', 'a.gif', Buffer.from('GIF89a and so on'), 0],
    ['image', 'a.jpg', mp4(), 40005],
    ['image', 'a.mp4', jpeg(), 40005],
    ['image', 'blob', jpeg(), 40005],
    ['image', 'a.jpg', Buffer.from('<html>no picture</html>'), 40005],
    ['thumb', 'filler.jpg', Buffer.alloc(20_000, 0xff), 0],
    ['image', 'a.jpg', Buffer.alloc(0), 44001],
    ['voice', 'a.amr', amr(60), 0],
    ['voice', 'a.amr', amr(61), 45007],
    ['voice', 'a.mp3', mp3(59), 0],
    ['voice', 'a.mp3', mp3(61), 45007],
    ['voice', 'a.amr', amr(2_000), 40010],
    ['video', 'a.mp4', mp4(10 * MB), 0],
    ['video', 'a.mp4', mp4(10 * MB + 1), 40011],
    ['thumb', 'a.jpg', jpeg(64 * KB), 0],
    ['thumb', 'a.jpg', jpeg(64 * KB + 1), 40012],
    ['thumb', 'a.png', png(), 40005],
    ['music', 'a.mp3', mp3(), 40004],
  ])('of a %s named %s is checked by content', async (type, name, data, errcode) => {
    const client = await aClient();

    const answer = await client.upload('media/upload', {
      name,
      type: 'application/octet-stream',
      data,
      query: { type },
    });

    expect(answer.errcode ?? 0).toBe(errcode);
  });

  it.each([
    ['image', 'a.jpg', jpeg(128 * KB + 1), 40009],
    ['image', 'a.png', png(), 40005],
    ['voice', 'a.amr', Buffer.concat([amr(1), Buffer.alloc(256 * KB)]), 40010],
    ['video', 'a.mp4', mp4(1 * MB + 1), 40011],
  ])('of a %s named %s keeps to the sizes of 2014 where so set', async (type, name, data, code) => {
    const client = await aClient({ switches: { protocol: '2014' } });

    const answer = await client.upload('media/upload', {
      name,
      type: 'application/octet-stream',
      data,
      query: { type },
    });

    expect(answer).toMatchObject({ errcode: code });
  });

  it('finds no file in a chunked body, one without file name, or one that is no form', async () => {
    const client = await aClient();
    const body = form('filename="a.jpg"');

    expect(await raw(client, body, { chunked: false })).toMatchObject({ type: 'image' });
    expect(await raw(client, body, { chunked: true })).toMatchObject({ errcode: 41005 });
    expect(await raw(client, form('x="y"'), { chunked: false })).toMatchObject({ errcode: 41005 });
    expect(await client.post('media/upload', {})).toMatchObject({ errcode: 40004 });
  });

  it('finds the file of a form whose header names no boundary, as a published client sends it', async () => {
    const client = await aClient();
    const address = `${client.sandbox.url}/cgi-bin/media/upload?type=image&access_token=${client.token}`;
    const answerTo = async (body: Buffer): Promise<unknown> => {
      const headers = { 'content-type': 'multipart/form-data' };
      return (await fetch(address, { method: 'POST', headers, body: new Uint8Array(body) })).json();
    };

    expect(await answerTo(form('filename="a.jpg"'))).toMatchObject({ type: 'image' });
    expect(await answerTo(jpeg())).toMatchObject({ errcode: 41005 });
  });

  it('lives three days, for its own account only', async () => {
    const client = await aClient();
    const id = await uploaded(client, 'image');
    const send = (key: string) => ({ ...sendImage(id), clientmsgid: key });

    client.sandbox.advance(3 * DAY - SECOND);
    const young = await clientOf(client.sandbox);
    expect(await young.post('message/mass/send', send('a'))).toMatchObject({ errcode: 0 });
    const stranger = await clientOf(client.sandbox, subscription);
    const elsewhere = { ...send('b'), touser: undefined, filter: { is_to_all: true } };
    expect(await stranger.post('message/mass/sendall', elsewhere)).toMatchObject({
      errcode: 40007,
    });

    client.sandbox.advance(SECOND);
    expect(await young.post('message/mass/send', send('c'))).toMatchObject({ errcode: 40007 });
  });
});

describe('media/uploadimg', () => {
  it('answers a picture address and nothing else', async () => {
    const client = await aClient();

    const answer = await client.upload('media/uploadimg', image);

    expect(answer).toEqual({ url: expect.stringMatching(/^http:\/\/mmbiz\.qpic\.cn\//) });
  });

  it('takes JPG and PNG under 1 MB only', async () => {
    const client = await aClient();
    const gif = { name: 'a.gif', type: 'image/gif', data: Buffer.from('GIF89a and so on') };

    expect(await client.upload('media/uploadimg', gif)).toMatchObject({ errcode: 40005 });
    expect(await client.upload('media/uploadimg', { ...image, data: jpeg(MB) })).toMatchObject({
      errcode: 40009,
    });
  });
});

describe('media/uploadvideo', () => {
  const named = { title: 'TITLE', description: 'DESCRIPTION' };

  it('makes a second id of a temporary video, on any host and prefix', async () => {
    const client = await aClient();
    const video = await uploaded(client, 'video');

    const answer = await client.post('media/uploadvideo', { media_id: video, ...named });
    const response = await fetch(
      `${client.sandbox.url}/file.api/cgi-bin/media/uploadvideo?access_token=${client.token}`,
      { method: 'POST', body: JSON.stringify({ media_id: video, ...named }) },
    );

    expect(answer).toEqual({ type: 'video', media_id: MEDIA_ID, created_at: expect.any(Number) });
    expect(answer.media_id).not.toBe(video);
    expect(await response.json()).toMatchObject({ type: 'video' });
  });

  it('refuses permanent videos and what is no video', async () => {
    const client = await aClient();
    const permanent = await client.upload('material/add_material', {
      name: 'a.mp4',
      type: 'video/mp4',
      data: mp4(),
      query: { type: 'video' },
      fields: { description: JSON.stringify({ title: 't', introduction: 'i' }) },
    });
    const picture = await uploaded(client, 'image');

    for (const media_id of [permanent.media_id, picture]) {
      expect(await client.post('media/uploadvideo', { media_id, ...named })).toMatchObject({
        errcode: 40007,
      });
    }
  });
});

describe('material', () => {
  it('is permanent, with an address for images', async () => {
    const client = await aClient();
    const query = { type: 'image' };

    const answer = await client.upload('material/add_material', { ...image, query });
    client.sandbox.advance(30 * DAY);

    expect(answer).toEqual({ media_id: MEDIA_ID, url: expect.any(String) });
    const later = await clientOf(client.sandbox);
    expect(await later.post('message/mass/send', sendImage(String(answer.media_id)))).toMatchObject(
      { errcode: 0 },
    );
  });

  it('has lost add_news', async () => {
    const client = await aClient();
    const id = await permanentImage(client);

    const answer = await client.post('material/add_news', { articles: [article(id)] });

    expect(answer).toMatchObject({ errcode: 45106 });
  });
});

const sendImage = (media_id: string) => ({
  touser: openIds(2),
  msgtype: 'image',
  images: { media_ids: [media_id] },
});

const form = (parameter: string): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--xyz\r\nContent-Disposition: form-data; name="media"; ${parameter}\r\nContent-Type: image/jpeg\r\n\r\n`,
    ),
    jpeg(),
    Buffer.from('\r\n--xyz--\r\n'),
  ]);

function raw(client: Client, body: Buffer, { chunked }: { chunked: boolean }): Promise<Body> {
  const address = `${client.sandbox.url}/cgi-bin/media/upload?type=image&access_token=${client.token}`;
  const length = chunked
    ? { 'transfer-encoding': 'chunked' }
    : { 'content-length': String(body.length) };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      address,
      {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=xyz', ...length },
      },
      (response) => {
        response.setEncoding('utf8');
        let answer = '';
        response.on('data', (chunk: string) => {
          answer += chunk;
        });
        response.on('end', () => resolve(JSON.parse(answer) as Body));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('an uploaded file', () => {
  it('may be sent ten times, and as often as one likes without that limit', async () => {
    for (const [mediaReuseMax, last] of [
      [10, 40007],
      [null, 0],
    ] as const) {
      const client = await aClient({
        switches: { mediaReuseMax },
        limits: { followerPerMonth: null },
      });
      const id = await uploaded(client, 'image');
      const codes = [];
      for (let i = 0; i < 11; i += 1) {
        const answer = await client.post('message/mass/send', {
          ...sendImage(id),
          clientmsgid: `k-${i}`,
        });
        codes.push(answer.errcode);
      }

      expect(codes).toEqual([...Array.from({ length: 10 }, () => 0), last]);
    }
  });

  it('that is a video is transcoded first: 46007', async () => {
    const client = await aClient({ pace: { videoTranscodeMs: 5_000 } });
    const media_id = await uploaded(client, 'video');
    const name = () => client.post('media/uploadvideo', { media_id, title: 't' });
    const send = () =>
      client.post('message/mass/send', {
        touser: openIds(2),
        msgtype: 'mpvideo',
        mpvideo: { media_id },
      });

    expect([await name(), await send()]).toMatchObject([{ errcode: 46007 }, { errcode: 46007 }]);
    client.sandbox.advance(5_000);
    expect([await name(), await send()]).toMatchObject([{ type: 'video' }, { errcode: 0 }]);
  });
});
