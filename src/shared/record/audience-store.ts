/**
 * Lists of OpenIDs, outside any job's data. Where they are in Redis: `audience-record.ts`.
 *
 * An id's place in its list is that of its first occurrence, and never changes once it is ready.
 */
import { tmpdir } from 'node:os';
import type { Redis } from 'ioredis';
import { BLOCK_IDS } from '../openids/distinct-ids.ts';
import { idsToJson, jsonBytes, unpackIds } from '../openids/packed-id.ts';
import { makeAudienceIntake } from './audience-intake.ts';
import { makeAudiencePages } from './audience-pages.ts';
import {
  type AudienceList,
  broken,
  idOf,
  KEEP_FOR,
  listIn,
  makeAudienceKeys,
  memberOf,
} from './audience-record.ts';

/** A run of packed ids: `count` of them after the first `skip`. */
interface Block {
  readonly packed: Buffer;
  readonly skip: number;
  readonly count: number;
}

interface Page {
  readonly lists: readonly AudienceList[];
  /** For the next page; absent on the last one. */
  readonly cursor?: string;
}

export interface AudienceStoreDeps {
  readonly redis: Redis;
  /** `{qunfa}`: with the braces, so that a list's keys are on one node. */
  readonly prefix: string;
  readonly retainMs: number;
  readonly now: () => number;
  /** Where a file of 54 bytes an OpenID may be while a list comes in; the system's by default. */
  readonly spillDir?: string;
}

export type AudienceStore = ReturnType<typeof makeAudienceStore>;

export function makeAudienceStore({
  redis,
  prefix,
  retainMs,
  now,
  spillDir = tmpdir(),
}: AudienceStoreDeps) {
  const keys = makeAudienceKeys(prefix);
  const intake = makeAudienceIntake({ redis, keys, describe, retainMs, now, spillDir });
  const pages = makeAudiencePages({ redis, keys, intake, describe, retainMs });

  async function describe(id: string): Promise<AudienceList | null> {
    return listIn(id, await redis.hgetall(keys.of(id).meta));
  }

  /**
   * The OpenIDs at the positions [from, to).
   *
   * @throws {ServiceError} `LIST_BROKEN`: the list is not ready, shorter than that, or gone.
   */
  async function slice(id: string, from: number, to: number): Promise<string[]> {
    const openIds: string[] = [];
    for (const { packed, skip, count } of await blocksOf(id, from, to)) {
      for (const openId of unpackIds(packed, skip, count)) openIds.push(openId);
    }
    if (openIds.length !== to - from) throw broken(id, 'has a block cut short');
    return openIds;
  }

  /** The same as the text of a JSON array, made without a string for each of them. */
  async function sliceAsJson(id: string, from: number, to: number): Promise<Buffer> {
    const json = Buffer.allocUnsafe(jsonBytes(to - from) + 2);
    let end = json.write('[');
    let found = 0;
    for (const { packed, skip, count } of await blocksOf(id, from, to)) {
      const written = idsToJson(packed, skip, count, json, end);
      end = written.end;
      found += written.ids;
    }
    if (found !== to - from) throw broken(id, 'has a block cut short');
    // In place of the last comma.
    end = found === 0 ? end : end - 1;
    return json.subarray(0, end + json.write(']', end));
  }

  async function blocksOf(id: string, from: number, to: number): Promise<Block[]> {
    if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to)) {
      throw new RangeError(`no slice from ${from} to ${to}`);
    }
    const { meta, ids } = keys.of(id);
    const first = Math.floor(from / BLOCK_IDS);
    const last = Math.ceil(to / BLOCK_IDS);
    const wanted = Array.from({ length: Math.max(0, last - first) }, (_, i) => String(first + i));
    const [[state, recipients], blocks] = await Promise.all([
      redis.hmget(meta, 'state', 'recipients'),
      wanted.length > 0 ? redis.hmgetBuffer(ids, ...wanted) : [],
    ]);
    if (state !== 'ready') throw broken(id, state ? 'is still being received' : 'is not there');
    if (to > Number(recipients)) throw broken(id, `has ${recipients} recipients, not ${to}`);
    return blocks.map((packed, i) => {
      if (!packed) throw broken(id, `has lost its block ${first + i}`);
      const start = (first + i) * BLOCK_IDS;
      const skip = Math.max(0, from - start);
      return { packed, skip, count: Math.min(BLOCK_IDS, to - start) - skip };
    });
  }

  /** Newest first. */
  async function list({ cursor, limit }: { cursor?: string; limit: number }): Promise<Page> {
    const max = cursor === undefined ? '+' : `(${cursor}`;
    // One more than asked for tells whether there is another page.
    const members = await redis.zrevrangebylex(keys.index, max, '-', 'LIMIT', 0, limit + 1);
    const page = members.slice(0, limit);
    const found = await Promise.all(page.map((member) => describe(idOf(member))));
    const gone = page.filter((_, i) => !found[i]);
    if (gone.length > 0) await redis.zrem(keys.index, ...gone);
    const last = page.at(-1);
    return {
      lists: found.filter((list) => list !== null),
      ...(members.length > limit && last !== undefined && { cursor: last }),
    };
  }

  /** @returns whether there was such a list. */
  async function remove(id: string): Promise<boolean> {
    const { meta, ids, pages, cursors } = keys.of(id);
    const list = await describe(id);
    if (!list) return false;
    await redis.multi().unlink(meta, ids, pages, cursors).zrem(keys.index, memberOf(list)).exec();
    return true;
  }

  /** Keeps a list for that long at least, never shorter than it would be kept anyway. */
  async function touch(id: string, ms: number): Promise<boolean> {
    const all = Object.values(keys.of(id));
    return (await redis.eval(KEEP_FOR, all.length, ...all, Math.ceil(ms))) === 1;
  }

  return {
    ingest: intake.ingest,
    create: intake.create,
    ...pages,
    describe,
    slice,
    sliceAsJson,
    list,
    remove,
    touch,
  };
}
