/**
 * The largest and the worst that the limits allow, sent to producer and callback by somebody who
 * means harm. While one of them is worked on, nobody else is answered, so none may take long.
 *
 * None stalls for a tenth of a second. Measured is the processor time of the process between two ticks
 * of its loop, the best of three: by the clock (`monitorEventLoopDelay`), whatever else a shared
 * machine does in between would count, too. Without its limit each of these takes from a quarter of a
 * second to ten.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { readAnswer } from '../../src/shared/wechat/read-answer.ts';
import { plainPush } from '../shared/wechat/push/make-push.ts';
import { openIds } from '../support/open-ids.ts';
import { MOST_MS, startWatched, type Watched } from './watched.ts';

let roles: Watched;
let addresses: Watched['addresses'] = {};

beforeAll(async () => {
  roles = await startWatched(['producer', 'callback'], {
    REDIS_URL: inject('redisUrl'),
    REDIS_PREFIX: `stalls-${process.pid}`,
    PRODUCER_PORT: '0',
    CALLBACK_PORT: '0',
    WECHAT_APP_ID: 'wx1',
    WECHAT_APP_SECRET: 'secret',
    WECHAT_CALLBACK_TOKEN: 'token',
  });
  addresses = roles.addresses;
  await post(`${addresses.API}/campaigns`, campaign({}));
});
afterAll(() => {
  roles.stop();
});

async function post(url: string, body: string, type = 'application/json'): Promise<number> {
  const headers = { 'content-type': type, connection: 'close' };
  const response = await fetch(url, { method: 'POST', headers, body });
  await response.text();
  return response.status;
}

/** The best of eight, for what is seldom is also slow when it is first compiled, or collected in. */
async function stalledBy(send: () => Promise<number>): Promise<{ status: number; own: number }> {
  let [status, own] = [0, Number.POSITIVE_INFINITY];
  for (let tries = 0; tries < 8 && own > MOST_MS; tries += 1) {
    await roles.stall();
    status = await send();
    own = Math.min(own, (await roles.stall()).own);
  }
  return { status, own };
}

const campaign = (fields: object): string =>
  JSON.stringify({
    audience: { type: 'everyone' },
    message: { type: 'text', content: 'x' },
    repeat: true,
    ...fields,
  });
const inline = (openids: unknown): string => campaign({ audience: { type: 'openids', openids } });
const content = (text: string): string => campaign({ message: { type: 'text', content: text } });
const keys = (count: number, name: string): string =>
  `{${Array.from({ length: count }, (_, n) => `"${name}${n}":1`).join()}}`;
const news = (content: string, articles = 1, title = 't'): string =>
  campaign({
    message: {
      type: 'news',
      articles: Array.from({ length: articles }, (_, n) => ({
        ...{ title: `${title}${n}`, content, thumb: { mediaId: 'M' } },
      })),
    },
  });
const pictures = (count: number, source: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `<img src="${source(n)}">`).join('');

describe('one campaign stalls nobody', () => {
  it.each([
    ['100,000 inline OpenIDs', 202, () => inline(openIds(100_000))],
    ['seven million numbers', 413, () => inline(Array(7_000_000).fill(7))],
    ['five million objects', 413, () => inline(Array(5_000_000).fill({}))],
    [
      'four million levels',
      400,
      () => `{"audience":${'['.repeat(4_000_000)}${']'.repeat(4_000_000)}}`,
    ],
    [
      'a list of the deepest lists',
      413,
      () => `[${Array(80_000).fill('['.repeat(98) + ']'.repeat(98))}]`,
    ],
    ['a million keys', 413, () => keys(1_000_000, '')],
    ['150,000 keys', 413, () => keys(149_000, 'k'.repeat(90))],
    ['a text of 16 MB', 422, () => campaign({ name: 'x'.repeat(16_000_000) })],
    ['a text of five million signs', 422, () => campaign({ name: '中'.repeat(5_500_000) })],
    ['eight million escapes', 422, () => campaign({ name: '\n'.repeat(8_000_000) })],
    ['five million blanks', 422, () => content('\u200b'.repeat(5_500_000))],
    ['five million blanks in a title', 422, () => news('x', 1, '\u200b'.repeat(5_500_000))],
    ['16 million digits', 422, () => `{"a":${'1'.repeat(16_000_000)}}`],
    ['16 MB that are no JSON', 400, () => `{"a": ${'\n'.repeat(15_000_000)}]`],
    [
      'a file of 10 MB that is none',
      422,
      () => campaign({ message: { type: 'image', media: { base64: 'A '.repeat(6_900_000) } } }),
    ],
    ['an article of 250,000 tags', 422, () => news('a<b>'.repeat(250_000))],
    ['an article of 250,000 attributes', 422, () => news(`<a ${'x=1 '.repeat(250_000)}>`)],
    ['an article of 30,000 pictures', 422, () => news(pictures(30_000, (n) => `http://a.b/${n}`))],
    [
      'an article whose one picture has 200,000 addresses',
      422,
      () => news(`<img srcset="${'a 1x,'.repeat(200_000)}">`),
    ],
    ['an article of blanks', 422, () => news('&nbsp;'.repeat(170_000))],
    ['an article of entities', 422, () => news('&amp;'.repeat(200_000))],
    ['ten articles of entities', 422, () => news('&nbsp;'.repeat(99_000), 10)],
    ['ten articles of brackets', 422, () => news('<'.repeat(1_000_000), 10)],
    ['ten articles of comments', 422, () => news('<!---->'.repeat(140_000), 10)],
    ['ten articles of blanks', 422, () => news(' '.repeat(1_000_000), 10)],
    ['eight articles of 1 MB', 202, () => news('x'.repeat(1_000_000), 8)],
  ])('with %s', async (_, status, body) => {
    const text = body();

    const stalled = await stalledBy(() => post(`${addresses.API}/campaigns`, text));

    expect(stalled.status).toBe(status);
    expect(stalled.own).toBeLessThan(MOST_MS);
  });
});

describe('one list stalls nobody', () => {
  it.each([
    ['half a million rows', 201, 'text/plain', () => openIds(500_000).join('\n')],
    ['half a million elements', 201, 'application/json', () => JSON.stringify(openIds(500_000))],
    ['one row of 20 MB', 422, 'text/plain', () => 'x'.repeat(20_000_000)],
    ['a row of five million cells', 422, 'text/csv', () => `openid${',x'.repeat(5_000_000)}\n`],
    ['five million levels', 422, 'application/json', () => '['.repeat(5_000_000)],
  ])('of %s', async (_, status, type, body) => {
    const text = body();

    const stalled = await stalledBy(() => post(`${addresses.API}/audiences`, text, type));

    expect(stalled.status).toBe(status);
    expect(stalled.own).toBeLessThan(MOST_MS);
  });
});

describe('one push stalls nobody', () => {
  it.each([
    ['64 kB of elements', `<xml>${'<a>1</a>'.repeat(8_000)}</xml>`],
    ['64 kB of levels', '<a>'.repeat(21_000)],
    ['64 kB of brackets', `${'['.repeat(32_000)}${']'.repeat(32_000)}`],
    ['64 kB of one text', `<xml><a>${'x'.repeat(64_000)}</a></xml>`],
  ])('of %s', async (_, body) => {
    const { query } = plainPush();
    const address = addresses['callback of default'];
    const url = `${address}?${new URLSearchParams({ ...query })}`;

    const stalled = await stalledBy(() => post(url, body, 'text/xml'));

    expect([400, 401]).toContain(stalled.status);
    expect(stalled.own).toBeLessThan(MOST_MS);
  });
});

describe('one answer of WeChat stalls nobody', () => {
  const MB = 1024 * 1024;
  it.each([
    ['a megabyte of numbers', `{"a":[${'1,'.repeat(MB / 2)}1]}`],
    [
      'a megabyte of numbers, one of them long',
      `{"n":12345678901234567890,"a":[${'1,'.repeat(MB / 2)}1]}`,
    ],
    [
      '50,000 numbers, one of them long',
      `{"n":12345678901234567890,"a":[${'1,'.repeat(49_900)}1]}`,
    ],
    ['eight megabytes of OpenIDs', JSON.stringify({ data: { openid: openIds(250_000) } })],
    ['eight megabytes of one text', JSON.stringify({ errcode: 1, errmsg: 'x'.repeat(8 * MB) })],
    ['eight megabytes of control bytes', `{"errcode":1,"errmsg":"${'\0\t'.repeat(4 * MB)}"}`],
    ['eight megabytes of quotes', `{"errcode":1,"errmsg":"${'\\"'.repeat(4 * MB)}"}`],
  ])('of %s', (_, text) => {
    const took = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      readAnswer(text, { path: '/cgi-bin/user/get', answer: z.object({}), secrets: [] });
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    });

    expect(Math.min(...took)).toBeLessThan(MOST_MS);
  });
});
