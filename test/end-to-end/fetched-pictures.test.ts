/** Pictures that an article names by address: fetched on request, when the campaign is accepted. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { fixture } from '../shared/media/samples.ts';
import { aRequest, exampleFile, someNews } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

const scope = { onTestFinished: (end: () => Promise<void>) => afterAll(end) };
const world = await startWorld(scope, {
  accounts: ['f1', 'f2', 'f3', 'f4', 'f5'].map((name) => ({ name })),
  allowPrivateTargets: true,
});

/** What each path of another host answers with. */
const files = new Map<string, Buffer>([
  ['/a.png', exampleFile('picture.png')],
  ['/the-same.png', exampleFile('picture.png')],
  ['/b.webp', fixture('lossy.webp')],
  ['/page.html', Buffer.from('<!doctype html><p>moved</p>')],
]);
const asked: string[] = [];
const host = createServer((request, response) => {
  const path = request.url ?? '';
  asked.push(path);
  if (path === '/moved.png') return response.writeHead(302, { location: '/a.png' }).end();
  const file = files.get(path);
  return file ? response.end(file) : response.writeHead(404).end();
});
host.listen(0, '127.0.0.1');
await once(host, 'listening');
afterAll(() => host.close());
const at = (path: string): string =>
  `http://127.0.0.1:${(host.address() as AddressInfo).port}${path}`;

const news = (content: string, changes: object = {}) => ({
  ...someNews({ content }),
  fetchImages: true,
  ...changes,
});

const callsOf = (account: string, path: string) =>
  world.ledger.requests().filter((call) => call.account === account && call.path.endsWith(path));

async function refusal(content: string, changes: object = {}) {
  const message = news(content, changes);
  const result = await world.accept(aRequest('f4', { message }), { by: 'test' });
  if (!('refused' in result) || !('errors' in result.refused)) return result;
  return result.refused.errors;
}

describe('pictures named by address', () => {
  it('are fetched once, made to fit, and replaced by what WeChat keeps', async () => {
    const content = `<p><img src="${at('/a.png')}"><img data-src="${at('/b.webp')}"><img src="${at('/the-same.png')}"><img src="${at('/a.png')}"></p>`;
    const before = asked.length;

    const id = await world.create(aRequest('f1', { message: news(content) }));

    expect((await world.ended(id)).outcome).toBe('delivered');
    expect(asked.slice(before).sort()).toEqual(['/a.png', '/b.webp', '/the-same.png']);
    // Two addresses, one picture.
    expect(callsOf('f1', 'media/uploadimg')).toHaveLength(2);
    const [call] = callsOf('f1', 'media/uploadnews');
    const [article] = JSON.parse(call?.body ?? '{}').articles;
    const [first, second, third, fourth] = [
      ...article.content.matchAll(/<img (?:data-)?src="(http:\/\/mmbiz\.qpic\.cn\/[^"]+)">/g),
    ].map(([, url]) => url);
    expect(first).toBeDefined();
    expect(first).toBe(third);
    expect(first).toBe(fourth);
    expect(second).not.toBe(first);
    expect(article.content).not.toContain('127.0.0.1');
  });

  it('are not fetched again by any run: the host may be gone', async () => {
    files.set('/once.png', exampleFile('picture.png'));
    const message = news(`<img src="${at('/once.png')}">`);
    const sendAt = new Date(world.clock.now() + 3_600_000).toISOString();
    const id = await world.create(aRequest('f2', { message, sendAt }));
    files.delete('/once.png');

    await world.jump(3_600_000);

    expect((await world.ended(id)).outcome).toBe('delivered');
    expect(asked.filter((path) => path === '/once.png')).toHaveLength(1);
  });

  it('do not make another message of it when they have changed meanwhile', async () => {
    files.set('/changing.png', exampleFile('picture.png'));
    const request = aRequest('f3', { message: news(`<img src="${at('/changing.png')}">`) });
    const first = await world.create(request);
    files.set('/changing.png', exampleFile('photo.jpg'));

    const again = await world.accept(request, { by: 'test' });

    expect(again).toMatchObject({ refused: { code: 'same-content', campaignId: first } });
  });

  it('follow a redirect, each address checked as the first one', async () => {
    const id = await world.create(
      aRequest('f5', { message: news(`<img src="${at('/moved.png')}">`) }),
    );

    expect((await world.ended(id)).outcome).toBe('delivered');
  });

  it('are refused with their place where one cannot be had', async () => {
    const path = 'message.articles.0.content';
    const no = (of: string, why: string, more: object = {}) => ({
      ...{ code: 'picture-not-fetched', path, url: at(of), why },
      ...more,
    });

    expect(
      await refusal(
        `<p><img src="${at('/none.png')}"><img src="${at('/page.html')}"><img src="ftp://x.example/a.png"></p>`,
      ),
    ).toEqual([
      no('/none.png', 'status', { status: 404 }),
      no('/page.html', 'unfit'),
      { ...no('', 'not-http'), url: 'ftp://x.example/a.png' },
    ]);
  });

  it('leave nothing behind that does not go up', async () => {
    files.set('/only-here.webp', fixture('transparent.webp'));
    const before = (await world.stores.media.list()).media.length;

    const message = news(`<img src="${at('/only-here.webp')}">`);
    await world.create(aRequest('f5', { message }));

    const kept = (await world.stores.media.list()).media;
    expect(kept.map(({ format }) => format)).not.toContain('webp');
    expect(kept).toHaveLength(before + 1);
  });

  it('are at most fifty, and none is fetched of more', async () => {
    const many = Array.from({ length: 51 }, (_, one) => `<img src="${at(`/n-${one}.png`)}">`);
    const before = asked.length;

    expect(await refusal(many.join(''))).toEqual([
      { code: 'too-large', path: 'message.articles.0.content', limit: 50, unit: 'pictures' },
    ]);
    expect(asked.length).toBe(before);
  });

  it('are refused as before where nobody asks for them', async () => {
    const before = asked.length;

    expect(await refusal(`<img src="${at('/a.png')}">`, { fetchImages: false })).toEqual([
      { code: 'foreign-picture', path: 'message.articles.0.content', url: at('/a.png') },
    ]);
    expect(asked.length).toBe(before);
  });
});

describe('uploads inside an article', () => {
  const upload = async (name: string) => {
    const kept = await world.stores.media.put(fixture(name));
    if ('refused' in kept) throw new TypeError(name);
    return kept.id;
  };

  it('that WeChat does not take there say what to do, and are made to fit on request', async () => {
    const content = `<img src="upload:${await upload('lossy.webp')}"><img src="upload:${await upload('cmyk.jpg')}">`;
    const path = 'message.articles.0.content';
    const as = 'article-picture';

    expect(await refusal(content)).toEqual([
      { code: 'media-format', path, as, format: 'webp', formats: ['jpg', 'png'], fittable: true },
      { code: 'media-cmyk', path, as },
    ]);
    const message = news(content, { fitImages: true });
    const id = await world.create(aRequest('f5', { message }));
    expect((await world.ended(id)).outcome).toBe('delivered');
  });
});

describe('an image', () => {
  it.each(['lossy.webp', 'small.bmp', 'cmyk.jpg'])(
    '%s goes out as a JPG on request, and is refused without',
    async (name) => {
      const media = { base64: fixture(name).toString('base64') };
      const request = (changes: object) =>
        aRequest('f5', { message: { type: 'image', media: { ...media, ...changes } } });

      const refused = await world.accept(request({}), { by: 'test' });
      expect(refused).toMatchObject({
        refused: {
          errors: [{ path: 'message.media', code: expect.stringMatching(/^media-(format|cmyk)$/) }],
        },
      });
      const id = await world.create(request({ fit: true }));
      expect((await world.ended(id)).outcome).toBe('delivered');
      const uploaded = callsOf('f5', 'media/upload').at(-1);
      expect(uploaded).toMatchObject({ errcode: 0 });
    },
  );
});
