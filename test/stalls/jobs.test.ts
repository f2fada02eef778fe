/**
 * The largest and the worst that the limits allow, worked on by a worker that runs, against a sandbox
 * that runs: neither stops answering for more than a tenth of a second. What is measured: stalls.test.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { madeUpAccount } from '../../src/sandbox/start.ts';
import { openIds } from '../support/open-ids.ts';
import { MOST_MS, startWatched, type Watched } from './watched.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples/media');

let sandbox: Watched;
let producer: Watched;
let worker: Watched;
let api = '';

beforeAll(async () => {
  const {
    appId,
    appSecret,
    originalId = '',
    callbackToken = '',
  } = madeUpAccount('default', 'service');
  const account = {
    WECHAT_APP_ID: appId,
    WECHAT_APP_SECRET: appSecret,
    WECHAT_ORIGINAL_ID: originalId,
    WECHAT_CALLBACK_TOKEN: callbackToken,
    WECHAT_NEWS_ROUTE: 'uploadnews',
    WECHAT_CALLS_PER_MINUTE: '60000',
    WECHAT_CALLS_PER_DAY: '100000',
    RECEIPT_DEADLINE_SECONDS: '1',
    REDIS_URL: inject('redisUrl'),
    REDIS_PREFIX: `stalled-jobs-${process.pid}`,
    PRODUCER_PORT: '0',
    SANDBOX_PORT: '0',
    SANDBOX_CALLBACK_URL: 'http://127.0.0.1:9/',
    SANDBOX_OPTIONS: [
      ...['callsPerMinute', 'massPerDay', 'uploadNewsPerDay', 'followerPerMonth'],
      ...['everyonePerDay', 'everyonePerMonth', 'userGetPerDay'],
    ]
      .map((limit) => `${limit}=null`)
      .concat('pushDelayMs=0', 'pushTries=1', 'strangers=followers')
      .join(),
  };
  sandbox = await startWatched(['sandbox'], account);
  const env = {
    ...account,
    WECHAT_API_BASE_URL: sandbox.addresses.sandbox ?? '',
    WECHAT_SANDBOX: 'true',
  };
  [producer, worker] = await Promise.all([
    startWatched(['producer'], env),
    startWatched(['worker'], env),
  ]);
  api = producer.addresses.API ?? '';
});
afterAll(() => {
  for (const roles of [sandbox, producer, worker]) roles?.stop();
});

async function post(path: string, body: Buffer | string, type: string) {
  const headers = { 'content-type': type };
  const response = await fetch(`${api}${path}`, { method: 'POST', headers, body });
  const answer = (await response.json()) as { id: string };
  if (!response.ok) throw new Error(JSON.stringify(answer).slice(0, 300));
  return answer.id;
}

async function send(campaign: object): Promise<string> {
  const body = JSON.stringify({ audience: { type: 'everyone' }, repeat: true, ...campaign });
  const id = await post('/campaigns', body, 'application/json');
  for (;;) {
    const response = await fetch(`${api}/campaigns/${id}`);
    const view = (await response.json()) as { state: string };
    if (['completed', 'failed', 'held', 'cancelled'].includes(view.state)) return view.state;
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

/** One colour, so that a few kB hold it. */
function png(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    ...[chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(height * (1 + 3 * width))))],
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const upload = (file: Buffer) => post('/media', file, 'application/octet-stream');
const list = async (count: number) => ({
  audience: {
    type: 'list',
    listId: await post('/audiences', openIds(count).join('\n'), 'text/plain'),
  },
  message: { type: 'text', content: 'x' },
});

describe('a job stalls nobody', () => {
  it.each([
    [
      'with a cover of sixteen million pixels',
      async () => ({
        message: {
          type: 'news',
          articles: [
            {
              ...{ title: 't', content: 'x' },
              thumb: { upload: await upload(png(4_000, 4_000)), fit: true },
            },
          ],
        },
      }),
    ],
    [
      'with a picture of 10 MB',
      async () => {
        const picture = readFileSync(join(EXAMPLES, 'photo.jpg'));
        const end = picture.length - 2;
        // JPG takes any number of comments of 64 kB.
        const comment = Buffer.concat([
          Buffer.from([0xff, 0xfe, 0xff, 0xff]),
          Buffer.alloc(65_533),
        ]);
        const comments = Array<Buffer>(150).fill(comment);
        const file = Buffer.concat([
          picture.subarray(0, 2),
          ...comments,
          picture.subarray(2, end + 2),
        ]);
        return { message: { type: 'image', media: { upload: await upload(file) } } };
      },
    ],
    [
      'with 30,000 followers',
      async () => ({ audience: { type: 'followers' }, message: { type: 'text', content: 'x' } }),
    ],
    ['with a list of a million', () => list(1_000_000)],
  ])('%s', async (_, make) => {
    const campaign = await make();
    const own = { worker: Number.POSITIVE_INFINITY, sandbox: Number.POSITIVE_INFINITY };
    for (let tries = 0; tries < 3 && Math.max(own.worker, own.sandbox) > MOST_MS / 2; tries += 1) {
      await Promise.all([worker.stall(), sandbox.stall()]);
      expect(await send(campaign)).toBe('completed');
      own.worker = Math.min(own.worker, (await worker.stall()).own);
      own.sandbox = Math.min(own.sandbox, (await sandbox.stall()).own);
    }

    expect(own.worker).toBeLessThan(MOST_MS);
    expect(own.sandbox).toBeLessThan(MOST_MS);
  });
});
