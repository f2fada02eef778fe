import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY } from '../../src/shared/platform/time.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import { testRedis } from '../support/redis.ts';
import { KEY, mediaFile, startWorld, type World } from './world.ts';

const { redis, url, prefix } = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
});
afterAll(() => world.stop());

const form = (...files: readonly (readonly [Buffer, string])[]): FormData => {
  const data = new FormData();
  for (const [bytes, name] of files) data.append('media', new Blob([new Uint8Array(bytes)]), name);
  return data;
};

describe('POST /v1/media', () => {
  it.each([
    ['photo.jpg', 'image', 'jpg'],
    ['picture.png', 'image', 'png'],
    ['voice.mp3', 'voice', 'mp3'],
    ['voice.amr', 'voice', 'amr'],
    ['clip.mp4', 'video', 'mp4'],
  ])('keeps %s, as the body or in a form, under one id', async (name, type, format) => {
    const bytes = mediaFile(name);

    const raw = await world.call('POST', `/v1/media?filename=${name}`, { body: bytes });
    const inForm = await world.call('POST', '/v1/media', { body: form([bytes, name]) });

    expect(raw.status).toBe(201);
    expect(raw.json).toMatchObject({ type, format, bytes: bytes.length, filename: name });
    expect(raw.headers.get('location')).toBe(`/v1/media/${raw.json.id}`);
    expect(inForm.json).toEqual(raw.json);
  });

  it('looks at the content and not at the name', async () => {
    const { status, json } = await world.call('POST', '/v1/media?filename=cover.jpg', {
      body: '<html><body>not a picture</body></html>',
      headers: { 'content-type': 'image/jpeg' },
    });

    expect({ status, code: json.code }).toEqual({ status: 422, code: 'media-unfit' });
    expect(json.errors).toEqual([
      { code: 'media-unknown', path: '', message: expect.stringContaining('JPG') },
    ]);
  });

  it('tells so a client that sends it all before it reads, and wants the connection closed', async () => {
    const { hostname, port } = new URL(world.url);
    const length = 10 * 1024 * 1024 + 1;
    const socket = net.connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.write(
      [
        'POST /v1/media HTTP/1.1',
        `Host: ${hostname}:${port}`,
        `Authorization: Bearer ${KEY}`,
        `Content-Length: ${length}`,
        'Connection: close',
        '\r\n',
      ].join('\r\n'),
    );
    // Answered already, and still everything is taken.
    const [first] = (await once(socket, 'data')) as [Buffer];
    chunks.push(first);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.write(Buffer.alloc(length), (error) => (error ? reject(error) : resolve()));
    });
    socket.destroy();

    expect(Buffer.concat(chunks).toString()).toContain('413 Payload Too Large');
  });

  it('refuses a file over 10 MB, announced or not, in a form too', async () => {
    const large = Buffer.alloc(10 * 1024 * 1024 + 1);
    const unannounced = new ReadableStream({
      start(controller) {
        for (let n = 0; n < 11; n += 1) controller.enqueue(new Uint8Array(1024 * 1024));
        controller.close();
      },
    });

    const answers = [
      await world.call('POST', '/v1/media', { body: large }),
      await world.call('POST', '/v1/media', { body: unannounced }),
      await world.call('POST', '/v1/media', { body: form([large, 'large.mp4']) }),
    ];

    expect(answers.map(({ status, json }) => [status, json.code])).toEqual(
      answers.map(() => [413, 'media-too-large']),
    );
  });

  it.each([
    ['an empty body', {}, '', 422, 'media-unfit'],
    ['a packed one', { 'content-encoding': 'gzip' }, 'x', 415, 'content-encoding-unsupported'],
    [
      'a form without an end',
      { 'content-type': 'multipart/form-data; boundary=b' },
      '--b\r\nContent-Disposition: form-data; name="m"; filename="a.jpg"\r\n\r\nx',
      400,
      'form-malformed',
    ],
    ...[`boundary=${'b'.repeat(300)}`, 'x-boundary=b', 'boundary='].map(
      (parameter): [string, Record<string, string>, string, number, string] => [
        `a form with ${parameter.slice(0, 12)}`,
        { 'content-type': `multipart/form-data; ${parameter}` },
        'x',
        400,
        'form-malformed',
      ],
    ),
    [
      'a form without a boundary',
      { 'content-type': 'multipart/form-data' },
      'x',
      400,
      'form-malformed',
    ],
    [
      'a form without a file',
      { 'content-type': 'multipart/form-data; boundary=b' },
      '--b\r\nContent-Disposition: form-data; name="m"\r\n\r\nx\r\n--b--\r\n',
      422,
      'file-missing',
    ],
  ])('refuses %s', async (_what, headers, body, status, code) => {
    const answer = await world.call('POST', '/v1/media', { headers: { ...headers }, body });

    expect({ status: answer.status, code: answer.json.code }).toEqual({ status, code });
  });

  it('refuses two files at once', async () => {
    const photo = mediaFile('photo.jpg');

    const { json } = await world.call('POST', '/v1/media', {
      body: form([photo, 'a.jpg'], [photo, 'b.jpg']),
    });

    expect(json).toMatchObject({ status: 422, code: 'one-file-each' });
  });

  it.each([
    ['the body', 'Content-Type: image/jpeg\r\n', 'abc'],
    [
      'a form',
      'Content-Type: multipart/form-data; boundary=b\r\n',
      '--b\r\nContent-Disposition: form-data; name="m"; filename="a.jpg"\r\n\r\nabc',
    ],
  ])('keeps nothing of %s that breaks off, and goes on', async (_what, type, part) => {
    const before = (await world.get('/v1/media')).json.media.length;
    const socket = net.connect(Number(new URL(world.url).port), '127.0.0.1');
    socket.write(
      `POST /v1/media HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${KEY}\r\n${type}Content-Length: 5000\r\n\r\n${part}`,
    );
    await once(socket, 'connect');
    socket.end();
    await once(socket.resume(), 'close');

    expect((await world.get('/v1/media')).json.media).toHaveLength(before);
    expect(world.logged.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('GET /v1/media', () => {
  it('says what of a file is at WeChat, and until when', async () => {
    const { json } = await world.call('POST', '/v1/media', { body: mediaFile('cover.jpg') });
    const { materials } = openRecord({
      redis,
      prefix,
      retainMs: DAY,
      submitTimeoutMs: 1,
      identityOf: world.identityOf,
      now: Date.now,
    });
    const expiresAt = Date.now() + DAY;
    await materials.save(
      'default',
      { kind: 'thumb', sha256: json.sha256 },
      { mediaId: 'M', uploadedAt: Date.now(), expiresAt },
    );

    expect((await world.get(`/v1/media/${json.id}`)).json).toEqual({
      ...json,
      atWechat: [
        { account: 'default', kind: 'thumb', expiresAt: new Date(expiresAt).toISOString() },
      ],
    });
  });

  it('lists every file once, page by page', async () => {
    const all = (await world.get('/v1/media?limit=100')).json.media;

    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { json } = await world.get(`/v1/media?limit=2${cursor}`);
      seen.push(...json.media.map(({ id }: { id: string }) => id));
      if (json.next === null) break;
      cursor = `&cursor=${json.next}`;
    }

    expect(seen).toEqual(all.map(({ id }: { id: string }) => id));
    expect(seen.length).toBeGreaterThan(2);
  });

  it('is a 404 for an id that nothing has, and a 400 for a cursor that nobody gave', async () => {
    expect((await world.get('/v1/media/m_x')).json.code).toBe('media-not-found');
    expect((await world.get('/v1/media?cursor=x')).json.code).toBe('invalid-query');
  });
});
