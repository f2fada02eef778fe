import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { isOpenId } from '../../../src/shared/campaign/cut.ts';
import type { ListFlaw } from '../../../src/shared/openids/list-flaw.ts';
import { DAY, HOUR } from '../../../src/shared/platform/time.ts';
import { type AudienceProgress, makeDraft } from '../../../src/shared/record/audience-draft.ts';
import type { AudienceList } from '../../../src/shared/record/audience-list.ts';
import { makeAudienceStore } from '../../../src/shared/record/audience-store.ts';
import { openIds, someOpenId } from '../../support/open-ids.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const spillDir = mkdtempSync(join(tmpdir(), 'qunfa-spill-'));
afterAll(() => rmSync(spillDir, { recursive: true }));
const NOW = Date.parse('2026-01-05T09:30:00Z');
const store = makeAudienceStore({
  redis,
  prefix,
  retainMs: 30 * DAY,
  now: () => NOW,
  spillDir,
});

const text = { format: 'text' } as const;
/** A block and a half, and more than one heap: ids are spilled. */
const BLOCK_AND_A_HALF = 11_000;

const DROP_DRAFTS = `
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end
`;

async function* streamOf(...pieces: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}

const lines = (ids: readonly string[]): string => `${ids.join('\n')}\n`;

function accepted(answer: AudienceList | { readonly refused: ListFlaw }): AudienceList {
  if ('refused' in answer) throw new Error(`refused: ${answer.refused.code}`);
  return answer;
}

const all = async (list: AudienceList) => await store.slice(list.id, 0, list.recipients);

async function keysNow(): Promise<string[]> {
  const keys: string[] = [];
  for await (const some of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    keys.push(...(some as string[]));
  }
  return keys.sort();
}

describe('a list that comes as a stream', () => {
  it('is counted, told apart from what is no OpenID, and kept in the order it came', async () => {
    const [a, b, c] = openIds(3) as [string, string, string];

    const answer = await store.ingest(
      streamOf(`\uFEFF${a}\r\n\r\n  ${b}\t\nnot-an-openid\n${a}\n${c}`),
      { ...text, name: 'Spring', account: 'default' },
    );

    const list = accepted(answer);
    expect(list).toEqual({
      id: expect.stringMatching(/^a_[A-Za-z0-9_-]{22}$/),
      name: 'Spring',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      account: 'default',
      state: 'ready',
      received: 5,
      duplicates: 1,
      invalid: 1,
      invalidLines: [4],
      suppressed: 0,
      recipients: 3,
      createdAt: NOW,
    });
    expect(await all(list)).toEqual([a, b, c]);
    expect({ ...(await store.describe(list.id)), invalidLines: [4] }).toEqual(list);
  });

  it('is refused where most of it is no OpenID, with lines and a guess', async () => {
    const [a, b] = openIds(2) as [string, string];
    const csv = `openid,name\n${a},x\n${b},y\n`;

    expect(await store.ingest(streamOf(csv), text)).toEqual({
      refused: { code: 'mostly-invalid', invalid: 3, received: 3, lines: [1, 2, 3], looks: 'csv' },
    });
    expect(await store.ingest(streamOf('[]'), text)).toMatchObject({
      refused: { code: 'no-openid' },
    });
  });

  it('is what a Set makes of it, whatever the ids and wherever the pieces are cut', async () => {
    const line = fc.oneof(
      someOpenId,
      fc.constantFrom(...openIds(6)),
      fc.stringMatching(/^[ A-Za-z0-9.~é-]{0,70}$/),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 60 }),
        fc.integer({ min: 1, max: 50 }),
        async (sent, cut) => {
          // Half of the lines at least are OpenIDs, or it would be a file of something else.
          const good = Array<string>(sent.length + 1).fill(openIds(1)[0] as string);
          const bytes = Buffer.from([...good, ...sent].join('\n'));
          const pieces = Array.from({ length: Math.ceil(bytes.length / cut) }, (_, i) =>
            bytes.subarray(i * cut, (i + 1) * cut),
          );
          const meant = bytes
            .toString()
            .split('\n')
            .map((one) => one.replace(/^[\0- ]+|[\0- ]+$/g, ''))
            .filter((one) => one !== '');
          const valid = meant.filter(isOpenId);
          const distinct = [...new Set(valid)];

          const list = accepted(await store.ingest(streamOf(...pieces), text));

          expect(await all(list)).toEqual(distinct);
          expect(list).toMatchObject({
            received: meant.length,
            invalid: meant.length - valid.length,
            duplicates: valid.length - distinct.length,
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps its order over blocks, and finds duplicates of ids that were spilled', async () => {
    const ids = openIds(BLOCK_AND_A_HALF);

    const list = accepted(await store.ingest(streamOf(lines([...ids, ...ids.toReversed()])), text));

    expect(list).toMatchObject({ received: 22_000, duplicates: 11_000, recipients: 11_000 });
    expect(await all(list)).toEqual(ids);
    expect(await store.slice(list.id, 7_440, 7_450)).toEqual(ids.slice(7_440, 7_450));
    expect(await store.slice(list.id, 10_999, 11_000)).toEqual(ids.slice(10_999));
    expect(await store.slice(list.id, 5, 5)).toEqual([]);
    for (const [from, to] of [
      [7_440, 7_450],
      [10_999, 11_000],
      [0, 11_000],
      [5, 5],
    ] as const) {
      const json = (await store.sliceAsJson(list.id, from, to)).toString();
      expect(json).toBe(JSON.stringify(ids.slice(from, to)));
    }
  });

  it('leaves out exactly who is in a list to be left out', async () => {
    const ids = openIds(BLOCK_AND_A_HALF);
    const out = await store.create(ids.filter((_, i) => i % 3 === 0));

    const sent = [...ids, ids[0] ?? '', ids[1] ?? ''];
    const list = accepted(
      await store.ingest(streamOf(lines(sent)), { ...text, exclude: [out.id] }),
    );

    expect(await all(list)).toEqual(ids.filter((_, i) => i % 3 !== 0));
    expect(list).toMatchObject({ suppressed: out.recipients + 1, duplicates: 1 });
  });

  it('is refused when a list to be left out is not there', async () => {
    const answer = await store.ingest(streamOf(''), { ...text, exclude: ['a_none'] });

    expect(answer).toEqual({ refused: { code: 'exclude-not-ready', audience: 'a_none' } });
  });

  it('may be gzip, even if nobody said so', async () => {
    const ids = openIds(100);
    const packed = gzipSync(lines(ids));

    const list = accepted(
      await store.ingest(streamOf(packed.subarray(0, 1), packed.subarray(1)), text),
    );

    expect(await all(list)).toEqual(ids);
  });

  it('tells its progress: first what came, then what is stored', async () => {
    const seen: AudienceProgress[] = [];
    const ids = openIds(BLOCK_AND_A_HALF);

    await store.ingest(streamOf(lines(ids), 'junk\n', lines(ids)), {
      ...text,
      onProgress: (progress) => seen.push(progress),
    });

    expect(seen).toContainEqual({ received: 11_001, invalid: 1, stored: 0 });
    expect(seen.at(-1)).toEqual({ received: 22_001, invalid: 1, stored: 11_000 });
  });
});

describe('a list whose upload breaks', () => {
  const traces = async () => ({ keys: await keysNow(), files: readdirSync(spillDir) });

  it('leaves nothing behind when the stream breaks', async () => {
    const was = await traces();
    async function* breaking() {
      yield Buffer.from(lines(openIds(BLOCK_AND_A_HALF)));
      throw new Error('connection reset');
    }

    await expect(store.ingest(breaking(), text)).rejects.toThrow('connection reset');

    expect(await traces()).toEqual(was);
  });

  it('leaves nothing behind when it is called off while the sender stands still', async () => {
    const was = await traces();
    const calledOff = new AbortController();
    async function* stalling() {
      yield Buffer.from(lines(openIds(BLOCK_AND_A_HALF)));
      calledOff.abort(new Error('called off'));
      await new Promise(() => {});
    }

    await expect(store.ingest(stalling(), { ...text, signal: calledOff.signal })).rejects.toThrow(
      'called off',
    );

    expect(await traces()).toEqual(was);
  });

  it('leaves nothing behind when it is called off with a part of it stored', async () => {
    const was = await traces();
    const calledOff = new AbortController();
    let stored = 0;

    const ingesting = store.ingest(streamOf(lines(openIds(70_000))), {
      ...text,
      signal: calledOff.signal,
      onProgress: (progress) => {
        stored = progress.stored;
        if (stored > 0) calledOff.abort(new Error('called off'));
      },
    });

    await expect(ingesting).rejects.toThrow('called off');
    expect(stored).toBeGreaterThan(0);
    expect(await traces()).toEqual(was);
  });

  it('leaves nothing behind when it is refused half way', async () => {
    const was = await traces();
    const packed = gzipSync(lines(openIds(BLOCK_AND_A_HALF)));

    const answer = await store.ingest(streamOf(packed.subarray(0, -9)), text);

    expect(answer).toEqual({ refused: { code: 'gzip-broken' } });
    expect(await traces()).toEqual(was);
  });

  it('is seen by nobody until it is whole', async () => {
    const was = await traces();
    const during: Promise<string[]>[] = [];

    await store.ingest(streamOf(lines(openIds(BLOCK_AND_A_HALF))), {
      ...text,
      onProgress: ({ stored }) => {
        if (stored > 0) during.push(redis.keys(`${prefix}*`));
      },
    });

    const added = (await Promise.all(during)).flat().filter((key) => !was.keys.includes(key));
    expect(new Set(added)).toEqual(new Set([expect.stringContaining(':audience-draft:')]));
  });

  it('goes by itself when its process is killed', async () => {
    const key = `${prefix}:record:audience-draft:killed`;
    const draft = makeDraft({ redis, key, spillDir });
    for (const id of openIds(BLOCK_AND_A_HALF)) draft.ids.takeString(id);

    expect(await draft.finish()).toMatchObject({ blocks: 2 });

    expect(await redis.hlen(key)).toBe(2);
    expect(await redis.pttl(key)).toBeGreaterThan(0);
    expect(await redis.pttl(key)).toBeLessThanOrEqual(HOUR);
  });

  it('is no list when Redis has lost a part of it', async () => {
    const was = await traces();
    const lost: Promise<unknown>[] = [];

    const ingesting = store.ingest(streamOf(lines(openIds(BLOCK_AND_A_HALF))), {
      ...text,
      onProgress: ({ stored }) => {
        if (stored > 0)
          lost.push(redis.eval(DROP_DRAFTS, 0, `${prefix}:record:audience-draft:a_*`));
      },
    });

    await expect(ingesting).rejects.toEqual(expect.objectContaining({ code: 'LIST_BROKEN' }));
    await Promise.all(lost);
    expect(await traces()).toEqual(was);
  });
});

describe('a list that comes in pages', () => {
  it('counts a page once, however often and however late it is handed in again', async () => {
    const ids = openIds(30);
    const id = await store.begin({ account: 'default' });
    expect(await store.cursor(id)).toBeNull();

    await store.append(id, ids.slice(0, 10), 'page-2');
    await store.append(id, ids.slice(10, 20), 'page-3');
    const again = await store.append(id, ids.slice(0, 10), 'page-2');
    expect(again).toEqual({ cursor: 'page-3', recipients: 20 });
    expect(await store.cursor(id)).toBe('page-3');
    await store.append(id, [...ids.slice(19), 'not an id'], '');

    const list = await store.finish(id);
    expect(list).toMatchObject({
      state: 'ready',
      account: 'default',
      received: 32,
      duplicates: 1,
      invalid: 1,
      recipients: 30,
    });
    expect(await all(list)).toEqual(ids);
  });

  it('goes on in another process, and is finished once', async () => {
    const other = makeAudienceStore({
      redis,
      prefix,
      retainMs: DAY,
      now: () => NOW,
      spillDir,
    });
    const ids = openIds(20_000);
    const out = await store.create(ids.slice(100, 200));
    const id = await store.begin({ exclude: [out.id] });
    await store.append(id, ids.slice(0, 10_000), 'second');
    await other.append(id, ids.slice(10_000), '');

    const [first, second] = await Promise.all([store.finish(id), other.finish(id)]);

    expect(second).toEqual(first);
    expect(await store.finish(id)).toEqual(first);
    expect(await all(first)).toEqual([...ids.slice(0, 100), ...ids.slice(200)]);
    expect((await keysNow()).filter((key) => key.includes(id))).toEqual([
      `${prefix}:record:audience:${id}`,
      `${prefix}:record:audience:${id}:ids`,
    ]);
  });

  it('cannot be cut before it is ready, nor added to after', async () => {
    const id = await store.begin();
    await store.append(id, openIds(2), '');

    const broken = expect.objectContaining({ code: 'LIST_BROKEN' });
    expect(await store.describe(id)).toMatchObject({ state: 'receiving', recipients: 2 });
    await expect(store.slice(id, 0, 2)).rejects.toEqual(broken);
    await store.finish(id);
    await expect(store.append(id, openIds(2), 'more')).rejects.toEqual(broken);
    expect(await store.slice(id, 0, 2)).toEqual(openIds(2));
  });

  it('may turn out to be of nobody', async () => {
    const id = await store.begin();
    await store.append(id, [], '');

    expect(await store.finish(id)).toMatchObject({ state: 'ready', recipients: 0 });
    expect(await store.slice(id, 0, 0)).toEqual([]);
  });
});

describe('a stored list', () => {
  it('says so when it is cut beyond its end or has lost ids, and never gives fewer', async () => {
    const list = await store.create(openIds(BLOCK_AND_A_HALF));
    const broken = expect.objectContaining({ code: 'LIST_BROKEN' });

    await expect(store.slice(list.id, 0, 11_001)).rejects.toEqual(broken);
    await redis.hdel(`${prefix}:record:audience:${list.id}:ids`, '1');
    await expect(store.slice(list.id, 0, 11_000)).rejects.toEqual(broken);
    await expect(store.slice('a_none', 0, 1)).rejects.toEqual(broken);
  });

  it('is kept as long as the longest wish, and never shorter', async () => {
    const list = await store.create(openIds(2));
    const ids = `${prefix}:record:audience:${list.id}:ids`;

    expect(await store.touch(list.id, 90 * DAY)).toBe(true);
    expect(await store.touch(list.id, DAY)).toBe(true);

    for (const key of [`${prefix}:record:audience:${list.id}`, ids]) {
      expect(await redis.pttl(key)).toBeGreaterThan(89 * DAY);
      expect(await redis.pttl(key)).toBeLessThanOrEqual(90 * DAY);
    }
    expect(await store.touch('a_none', DAY)).toBe(false);
  });

  it('goes whole when it is removed', async () => {
    const was = await keysNow();
    const list = await store.create(openIds(2));

    expect(await store.remove(list.id)).toBe(true);

    expect(await store.describe(list.id)).toBeNull();
    expect(await store.remove(list.id)).toBe(false);
    expect(await keysNow()).toEqual(was);
  });
});

describe('the lists', () => {
  it('are listed newest first, page by page, without those that are gone', async () => {
    let clock = NOW;
    const own = `${prefix}listed`;
    const lists = makeAudienceStore({ redis, prefix: own, retainMs: DAY, now: () => clock++ });
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await lists.create(openIds(2))).id);
    await redis.unlink(`${own}:record:audience:${ids[1]}`);

    const first = await lists.list({ limit: 2 });
    const second = await lists.list({ limit: 2, cursor: first.cursor ?? '' });
    const third = await lists.list({ limit: 2, cursor: second.cursor ?? '' });

    expect([first, second, third].map((page) => page.lists.map(({ id }) => id))).toEqual([
      [ids[0]],
      [ids[2], ids[3]],
      [ids[4]],
    ]);
    expect(third.cursor).toBeUndefined();
  });
});
