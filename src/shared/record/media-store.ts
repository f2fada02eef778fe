/**
 * The media library: files by content, in Redis, so that any worker on any host has them.
 *
 * The id is the content's hash, so the same file twice is kept once and a repeat is harmless.
 */
import { createHash } from 'node:crypto';
import type { Lookalike, MediaFormat } from '../campaign/media-facts.ts';
import type { Flaw } from '../campaign/mistake.ts';
import type { MediaFile } from '../contract/media.ts';
import { inspectMedia } from '../media/inspect-media.ts';
import { safeFilename } from '../media/safe-filename.ts';
import type { Redis } from '../platform/redis.ts';
import { extend, untilSettled, write } from './commit.ts';
import { makeKeys } from './keys.ts';
import { makeReplicas, type Replicas } from './replicas.ts';
import { storedOrNull } from './stored.ts';

/** The largest file that WeChat takes of any kind. */
export const MAX_MEDIA_BYTES = 10 * 1024 * 1024;

const MAX_PAGE = 100;

/** Every reason at once. */
export interface MediaRefused {
  readonly refused: readonly Flaw[];
}

export interface MediaPage {
  readonly media: MediaFile[];
  /** For the next page; absent on the last. */
  readonly cursor?: string;
}

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  /** A campaign may rely on a file, and on how long it is kept, from the answer on. */
  readonly replicas?: Replicas;
  /** How long a file stays after it was last put or touched. */
  readonly retainMs: number;
  readonly now: () => number;
}

const TYPES: Readonly<Record<Exclude<MediaFormat, 'unknown'>, MediaFile['type']>> = {
  jpg: 'image',
  png: 'image',
  gif: 'image',
  bmp: 'image',
  webp: 'image',
  mp3: 'voice',
  amr: 'voice',
  mp4: 'video',
};

/** Whether this can be the id of a file of ours; anything else must not become part of a key. */
const isMediaId = (text: string): boolean => /^m_[0-9a-f]{32}$/.test(text);

export type MediaStore = ReturnType<typeof makeMediaStore>;

export function makeMediaStore(deps: Dependencies) {
  const { redis, record, replicas = makeReplicas({ redis, record }), retainMs, now } = deps;
  const keys = makeKeys(record);
  const index = keys.mediaIndex();

  /**
   * Takes a file in, or returns why not: larger than 10 MB, not whole, or nothing that WeChat knows.
   *
   * Known content keeps its first name and stays for another `retainMs`. Whether WeChat takes it as
   * a cover or a voice is checked later (`mediaRefusals`), when its use is known.
   */
  async function put(
    bytes: Uint8Array,
    { filename }: { readonly filename?: string } = {},
  ): Promise<MediaFile | MediaRefused> {
    const judged = judgeMedia(bytes, filename);
    if ('refused' in judged) return judged;
    const { id } = judged;
    const key = keys.media(id);
    const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return untilSettled(async () => {
      if (await touch(id)) return (await describe(id)) ?? 'moved';
      const done = await replicas.commit(
        [{ key, field: 'facts', is: null }],
        [
          ['HSET', key, 'facts', JSON.stringify(judged), 'bytes', file],
          ['PEXPIRE', key, retainMs],
          ['ZADD', index, 'GT', now() + retainMs, id],
        ],
      );
      return done ? judged : 'moved';
    });
  }

  async function describe(id: string): Promise<MediaFile | null> {
    return isMediaId(id) ? storedOrNull(await redis.hget(keys.media(id), 'facts')) : null;
  }

  async function read(id: string): Promise<Uint8Array | null> {
    return isMediaId(id) ? await redis.hgetBuffer(keys.media(id), 'bytes') : null;
  }

  /**
   * Keeps a file for `retainMs` from now, or from `until` if that is later (a campaign's date).
   * Never shortens. False if there is no such file.
   */
  async function touch(id: string, { until = 0 }: { readonly until?: number } = {}) {
    if (!isMediaId(id)) return false;
    const key = keys.media(id);
    const facts = await redis.hget(key, 'facts');
    if (facts === null) {
      await redis.zrem(index, id);
      return false;
    }
    const keepMs = retainMs + Math.max(0, until - now());
    return replicas.commit(
      [{ key, field: 'facts', is: facts }],
      [extend(key, keepMs), ['ZADD', index, 'GT', now() + keepMs, id]],
    );
  }

  /** Those that stay longest first, so mostly the newest; at most 100 a page. */
  async function list({
    cursor,
    limit = MAX_PAGE,
  }: {
    readonly cursor?: string;
    readonly limit?: number;
  } = {}): Promise<MediaPage> {
    await redis.zremrangebyscore(index, '-inf', `(${now()}`);
    const { ids, next } = await pageOfIds(cursor, Math.min(Math.max(1, limit), MAX_PAGE));
    const media = (await Promise.all(ids.map(describe))).filter((one) => one !== null);
    return next === undefined ? { media } : { media, cursor: next };
  }

  async function keptUntil(id: string): Promise<number | null> {
    const left = isMediaId(id) ? await redis.pttl(keys.media(id)) : -1;
    return left > 0 ? now() + left : null;
  }

  async function remove(id: string): Promise<void> {
    if (!isMediaId(id)) return;
    await write(redis, ['DEL', keys.media(id)], ['ZREM', index, id]);
  }

  /** A cursor is the score and id of the last one shown, so that changes meanwhile shift no page. */
  async function pageOfIds(cursor: string | undefined, limit: number) {
    const after = parseCursor(cursor);
    const ids: string[] = [];
    let last = after;
    for (let skip = 0; ; skip += limit + 1) {
      const from = after?.score ?? '+inf';
      const found = pairs(
        await redis.zrevrangebyscore(index, from, '-inf', 'WITHSCORES', 'LIMIT', skip, limit + 1),
      );
      for (const { id, score } of found) {
        // Among equal scores the order is by id, downwards.
        if (after && score === after.score && id >= after.id) continue;
        if (ids.length === limit) return { ids, next: last && `${last.score}_${last.id}` };
        ids.push(id);
        last = { id, score };
      }
      if (found.length <= limit) return { ids, next: undefined };
    }
  }

  return { put, describe, read, touch, list, keptUntil, remove };
}

/** What a file is, and whether it can be kept; keeps nothing. */
export function judgeMedia(
  bytes: Uint8Array,
  filename: string | undefined,
): MediaFile | MediaRefused {
  const { format, bytes: size, broken, looksLike, ...figures } = inspectMedia(bytes);
  const refused: Flaw[] = [];
  if (size > MAX_MEDIA_BYTES) {
    refused.push({ code: 'media-too-large', bytes: size, limit: MAX_MEDIA_BYTES });
  }
  if (broken) refused.push({ code: 'media-broken', format, broken });
  if (format === 'unknown') refused.push(unknownContent(looksLike));
  if (format === 'unknown' || refused.length > 0) return { refused };

  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const id = `m_${sha256.slice(0, 32)}`;
  return {
    id,
    type: TYPES[format],
    format,
    bytes: size,
    sha256,
    filename: safeFilename(filename ?? id, { format, otherwise: id }),
    ...figures,
  };
}

const FORMATS = ['jpg', 'png', 'gif', 'bmp', 'webp', 'mp3', 'amr', 'mp4'] as const;

const unknownContent = (looksLike: Lookalike | undefined): Flaw =>
  looksLike === 'empty'
    ? { code: 'media-empty' }
    : { code: 'media-unknown', formats: FORMATS, ...(looksLike && { looksLike }) };

interface Position {
  readonly id: string;
  readonly score: string;
}

/** @throws {RangeError} `list` gave out no such cursor. */
function parseCursor(cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  const [, score, id] = /^(\d{1,16})_(m_[0-9a-f]{32})$/.exec(cursor) ?? [];
  if (score === undefined || id === undefined) throw new RangeError('no cursor of this list');
  return { score, id };
}

/** Members and scores come in turn. */
function pairs(flat: readonly string[]): Position[] {
  const found: Position[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    found.push({ id: flat[at] ?? '', score: flat[at + 1] ?? '' });
  }
  return found;
}
