/**
 * Lists of OpenIDs, outside any job's data. How they come in is in `audience-intake.ts`.
 *
 * An id's position in its list is that of its first occurrence, and never changes once it is ready.
 */
import { tmpdir } from 'node:os';
import { BLOCK_IDS } from '../openids/distinct-ids.ts';
import { idsToJson, jsonBytes, unpackIds } from '../openids/packed-id.ts';
import type { Redis } from '../platform/redis.ts';
import { makeAudienceIntake } from './audience-intake.ts';
import { type AudienceList, broken, idOf, listIn, memberOf, shardOfList } from './audience-list.ts';
import { extend, write } from './commit.ts';
import { type Keys, makeKeys, prefixOfShard, recordOf } from './keys.ts';
import { makeReplicas, type ReplicasOf } from './replicas.ts';

/** A run of packed ids: `count` of them after the first `skip`. */
interface Block {
  readonly packed: Buffer;
  readonly skip: number;
  readonly count: number;
}

export interface Page {
  readonly lists: readonly AudienceList[];
  /** For the next page; absent on the last one. */
  readonly cursor?: string;
}

interface Dependencies {
  readonly redis: Redis;
  /** Of all shards; a list of any is read and changed here, and new ones go to `shard`. */
  readonly prefix: string;
  readonly shard?: number;
  /** A campaign may rely on a list, and on how long it is kept, from the answer on. */
  readonly replicasOf?: ReplicasOf;
  readonly retainMs: number;
  readonly now: () => number;
  /** Where a file of 54 bytes an OpenID may be while a list comes in; the system's by default. */
  readonly spillDir?: string;
}

export type AudienceStore = ReturnType<typeof makeAudienceStore>;

export function makeAudienceStore(deps: Dependencies) {
  const { redis, prefix, shard = 0, retainMs, now, spillDir = tmpdir() } = deps;
  const keysIn = (shard: number): Keys => makeKeys(recordOf(prefixOfShard(prefix, shard)));
  const keysOf = (id: string): Keys => keysIn(shardOfList(id));
  const replicasOf: ReplicasOf =
    deps.replicasOf ??
    ((of) => makeReplicas({ redis, record: recordOf(prefixOfShard(prefix, of)) }));

  async function describe(id: string): Promise<AudienceList | null> {
    const meta = await redis.hgetall(keysOf(id).audience(id));
    return meta.state === undefined ? null : listIn(id, meta);
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
    const first = Math.floor(from / BLOCK_IDS);
    const last = Math.ceil(to / BLOCK_IDS);
    const keys = keysOf(id);
    const wanted = Array.from({ length: Math.max(0, last - first) }, (_, i) => String(first + i));
    const [[state, recipients], blocks] = await Promise.all([
      redis.hmget(keys.audience(id), 'state', 'recipients'),
      wanted.length > 0 ? redis.hmgetBuffer(keys.audienceIds(id), ...wanted) : [],
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
    const index = keysIn(shard).audiences();
    // One more than asked for shows whether there is another page.
    const members = await redis.zrevrangebylex(index, max, '-', 'LIMIT', 0, limit + 1);
    const page = members.slice(0, limit);
    const found = await Promise.all(page.map((member) => describe(idOf(member))));
    const gone = page.filter((_, i) => !found[i]);
    if (gone.length > 0) await redis.zrem(index, ...gone);
    const last = page.at(-1);
    return {
      lists: found.filter((list) => list !== null),
      ...(members.length > limit && last !== undefined && { cursor: last }),
    };
  }

  /** Null where it is gone, or kept for good. */
  async function keptUntil(id: string): Promise<number | null> {
    const left = await redis.pttl(keysOf(id).audience(id));
    return left > 0 ? now() + left : null;
  }

  function allKeysOf(id: string): string[] {
    const keys = keysOf(id);
    return [
      keys.audience(id),
      keys.audienceIds(id),
      keys.audiencePages(id),
      keys.audienceCursors(id),
    ];
  }

  /** @returns whether there was such a list. */
  async function remove(id: string): Promise<boolean> {
    const list = await describe(id);
    if (!list) return false;
    await write(
      redis,
      ['UNLINK', ...allKeysOf(id)],
      ['ZREM', keysOf(id).audiences(), memberOf(list)],
    );
    return true;
  }

  /** Keeps a list for `ms` from now at least; never shortens its life. */
  async function touch(id: string, ms: number): Promise<boolean> {
    const key = keysOf(id).audience(id);
    const is = await redis.hget(key, 'createdAt');
    if (is === null) return false;
    const check = { key, field: 'createdAt', is };
    return replicasOf(shardOfList(id)).commit(
      [check],
      allKeysOf(id).map((one) => extend(one, ms)),
    );
  }

  return {
    ...makeAudienceIntake({
      ...{ redis, keysOf, replicasOf, shard, describe, retainMs, now, spillDir },
    }),
    describe,
    slice,
    sliceAsJson,
    list,
    keptUntil,
    remove,
    touch,
  };
}
