/**
 * Lists of OpenIDs in Redis, outside any job's data.
 *
 *   <prefix>:audience:<id>          what the list is (hash)
 *   <prefix>:audience:<id>:ids      block number → 7,446 packed ids (hash): one key, one lifetime
 *   <prefix>:audience:<id>:pages    the pages of a list that is being received, and
 *   <prefix>:audience:<id>:cursors  which they are
 *   <prefix>:audience-draft:<id>:…  blocks that nobody sees yet
 *   <prefix>:audiences              every list, newest last
 *
 * An id's place in its list is that of its first occurrence, and never changes once it is ready.
 */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import type { Redis } from 'ioredis';
import { BLOCK_IDS } from '../audience/distinct-ids.ts';
import { MAX_CHARS, MAX_PACKED_BYTES, packId, unpackIds } from '../audience/packed-id.ts';
import { type ReadOptions, readIds } from '../audience/read-ids.ts';
import { Refusal } from '../audience/refusal.ts';
import { until } from '../audience/until.ts';
import { ServiceError } from '../errors.ts';
import { type AudienceProgress, type Draft, makeDraft } from './audience-draft.ts';
import { type AudienceList, listIn, metaOf } from './audience-list.ts';
import { APPEND, KEEP_FOR, PUBLISH } from './audience-scripts.ts';

export interface ListOptions {
  readonly account?: string;
  readonly name?: string;
  /** Lists whose OpenIDs are left out. */
  readonly exclude?: readonly string[];
}

export interface IngestOptions extends ListOptions, ReadOptions {
  /** Told often. */
  readonly onProgress?: (progress: AudienceProgress) => void;
  readonly signal?: AbortSignal;
}

export interface Page {
  readonly lists: readonly AudienceList[];
  /** For the next page; absent on the last one. */
  readonly cursor?: string;
}

export interface AudienceStore {
  /**
   * Takes a stream in, gzip or not, without ever holding it whole.
   *
   * @returns the list, or why this cannot be one (in words for the sender).
   * @throws whatever breaks the source, `signal`'s reason, or Redis; nothing is left behind.
   */
  ingest(
    source: AsyncIterable<Uint8Array>,
    options: IngestOptions,
  ): Promise<AudienceList | { readonly refused: string }>;
  /** @throws {ServiceError} `LIST_BROKEN`: a list to be left out is not there. */
  create(
    openIds: Iterable<string> | AsyncIterable<string>,
    options?: ListOptions,
  ): Promise<AudienceList>;

  /**
   * Starts a list that comes in pages, perhaps over days and several processes. Duplicates among
   * its pages, and what is left out, are only told at the end.
   */
  begin(options?: ListOptions): Promise<string>;
  /**
   * Appends a page, once however often it is handed in.
   *
   * @param cursor names the page: where the next one starts, empty for the last one.
   * @returns the cursor of the newest page, and the recipients so far, duplicates among them.
   * @throws {ServiceError} `LIST_BROKEN`: this list is not being received.
   */
  append(
    id: string,
    openIds: readonly string[],
    cursor: string,
  ): Promise<{ readonly cursor: string; readonly recipients: number }>;
  /** Where to go on; null before the first page. @throws {ServiceError} `LIST_BROKEN` */
  cursor(id: string): Promise<string | null>;
  /** May be repeated. @throws {ServiceError} `LIST_BROKEN`: no such list, or a page came meanwhile. */
  finish(id: string): Promise<AudienceList>;

  describe(id: string): Promise<AudienceList | null>;
  /**
   * The OpenIDs at the positions [from, to).
   *
   * @throws {ServiceError} `LIST_BROKEN`: the list is not ready, shorter than that, or gone.
   */
  slice(id: string, from: number, to: number): Promise<string[]>;
  /** Newest first. */
  list(page: { readonly cursor?: string; readonly limit: number }): Promise<Page>;
  /** @returns whether there was such a list. */
  remove(id: string): Promise<boolean>;
  /** Keeps a list until then at least, never shorter than it would be kept anyway. */
  expireAt(id: string, at: number): Promise<boolean>;
  touch(id: string, retainMs: number): Promise<boolean>;
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

/** Blocks read at a time where a whole list is gone through. */
const READ_AHEAD = 4;

export function makeAudienceStore({
  redis,
  prefix,
  retainMs,
  now,
  spillDir = tmpdir(),
}: AudienceStoreDeps): AudienceStore {
  const index = `${prefix}:audiences`;
  const keysOf = (id: string) => {
    const meta = `${prefix}:audience:${id}`;
    return { meta, ids: `${meta}:ids`, pages: `${meta}:pages`, cursors: `${meta}:cursors` };
  };

  return {
    async ingest(source, { onProgress, signal, ...options }) {
      const id = newId();
      const draft = draftOf(id, (progress) => {
        onProgress?.(progress);
        signal?.throwIfAborted();
      });
      try {
        await leaveOut(draft, options.exclude);
        await readIds(signal ? until(signal, source) : source, options, draft.sink);
        return await publish(draft, newList(id, options));
      } catch (error) {
        await draft.abandon();
        if (error instanceof Refusal) return { refused: error.message };
        throw error;
      }
    },

    async create(openIds, options = {}) {
      const id = newId();
      const draft = draftOf(id);
      try {
        await leaveOut(draft, options.exclude);
        let taken = 0;
        for await (const openId of openIds) {
          draft.sink.takeString(openId);
          if (++taken % BLOCK_IDS === 0) await draft.sink.ready();
        }
        return await publish(draft, newList(id, options));
      } catch (error) {
        await draft.abandon();
        throw error instanceof Refusal ? broken(id, error.message) : error;
      }
    },

    async begin(options = {}) {
      const list = newList(newId(), options);
      const { meta } = keysOf(list.id);
      for (const other of options.exclude ?? []) await readyList(other);
      const exclude = JSON.stringify(options.exclude ?? []);
      const fields = [...metaOf(list), 'pages', '0', 'exclude', exclude];
      const begun = redis
        .multi()
        .hset(meta, ...fields)
        .pexpire(meta, retainMs);
      for (const [error] of (await begun.zadd(index, 0, memberOf(list)).exec()) ?? []) {
        if (error) throw error;
      }
      return list.id;
    },

    async append(id, openIds, cursor) {
      const { meta, pages, cursors } = keysOf(id);
      const { packed, invalid } = packPage(openIds);
      const counts = [openIds.length, invalid];
      const args = [cursor, retainMs, ...counts, packed];
      const answer = await redis.eval(APPEND, 3, meta, pages, cursors, ...args);
      if (!Array.isArray(answer)) throw broken(id, 'is not being received');
      return { cursor: String(answer[0]), recipients: Number(answer[1]) };
    },

    async cursor(id) {
      const [state, cursor] = await redis.hmget(keysOf(id).meta, 'state', 'cursor');
      if (state == null) throw broken(id, 'is not there');
      return cursor ?? null;
    },

    async finish(id) {
      const { meta, pages } = keysOf(id);
      const fields = await redis.hgetall(meta);
      const list = listIn(id, fields);
      if (!list) throw broken(id, 'is not there');
      if (list.state === 'ready') return list;

      const draft = draftOf(id);
      const pageCount = Number(fields.pages);
      try {
        await leaveOut(draft, JSON.parse(fields.exclude ?? '[]') as string[]);
        for await (const packed of blocksOf(id, pages, pageCount)) {
          draft.ids.takePacked(packed);
          await draft.sink.ready();
        }
        for (let i = 0; i < list.invalid; i++) draft.ids.takeInvalid();
        return await publish(draft, list, pageCount);
      } catch (error) {
        await draft.abandon();
        throw error instanceof Refusal ? broken(id, error.message) : error;
      }
    },

    describe,

    async slice(id, from, to) {
      if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to)) {
        throw new RangeError(`no slice from ${from} to ${to}`);
      }
      const { meta, ids } = keysOf(id);
      const first = Math.floor(from / BLOCK_IDS);
      const last = Math.ceil(to / BLOCK_IDS);
      const wanted = Array.from({ length: Math.max(0, last - first) }, (_, i) => String(first + i));
      const [[state, recipients], blocks] = await Promise.all([
        redis.hmget(meta, 'state', 'recipients'),
        wanted.length > 0 ? redis.hmgetBuffer(ids, ...wanted) : [],
      ]);
      if (state !== 'ready') throw broken(id, state ? 'is still being received' : 'is not there');
      if (to > Number(recipients)) throw broken(id, `has ${recipients} recipients, not ${to}`);

      const openIds: string[] = [];
      for (const [i, block] of blocks.entries()) {
        if (!block) throw broken(id, `has lost its block ${first + i}`);
        const start = (first + i) * BLOCK_IDS;
        const skip = Math.max(0, from - start);
        const count = Math.min(BLOCK_IDS, to - start) - skip;
        for (const openId of unpackIds(block, skip, count)) openIds.push(openId);
      }
      if (openIds.length !== to - from) throw broken(id, 'has a block cut short');
      return openIds;
    },

    async list({ cursor, limit }) {
      const max = cursor === undefined ? '+' : `(${cursor}`;
      // One more than asked for tells whether there is another page.
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
    },

    async remove(id) {
      const { meta, ids, pages, cursors } = keysOf(id);
      const list = await describe(id);
      if (!list) return false;
      await redis.multi().unlink(meta, ids, pages, cursors).zrem(index, memberOf(list)).exec();
      return true;
    },

    expireAt: (id, at) => keepFor(id, at - now()),
    touch: keepFor,
  };

  function newList(id: string, { account, name }: ListOptions): AudienceList {
    return {
      id,
      ...(account !== undefined && { account }),
      ...(name !== undefined && { name }),
      state: 'receiving',
      received: 0,
      duplicates: 0,
      invalid: 0,
      suppressed: 0,
      recipients: 0,
      createdAt: now(),
    };
  }

  /** A key of its own each time: two processes may be finishing the same list. */
  function draftOf(id: string, onProgress?: IngestOptions['onProgress']): Draft {
    const key = `${prefix}:audience-draft:${id}:${randomBytes(6).toString('base64url')}`;
    return makeDraft({ redis, key, spillDir, onProgress });
  }

  async function publish(draft: Draft, begun: AudienceList, fromPages = -1): Promise<AudienceList> {
    const { counts, blocks } = await draft.finish();
    const list: AudienceList = { ...begun, ...counts, state: 'ready' };
    const { meta, ids, pages, cursors } = keysOf(list.id);
    const keys = [meta, draft.key, ids, index, pages, cursors];
    const args = [blocks, retainMs, memberOf(list), fromPages, ...metaOf(list)];
    const answer = await redis.eval(PUBLISH, keys.length, ...keys, ...args);
    if (answer === 1) return list;
    if (answer === -1) throw broken(list.id, 'lost blocks while it came in');
    const winner = await describe(list.id);
    if (winner?.state === 'ready') return winner;
    throw broken(list.id, 'was added to or removed while it was being finished');
  }

  async function describe(id: string): Promise<AudienceList | null> {
    return listIn(id, await redis.hgetall(keysOf(id).meta));
  }

  async function readyList(id: string): Promise<AudienceList> {
    const list = await describe(id);
    if (list?.state === 'ready') return list;
    throw broken(id, list ? 'is still being received' : 'is not there');
  }

  async function leaveOut(draft: Draft, lists: readonly string[] = []): Promise<void> {
    for (const id of lists) {
      const list = await describe(id);
      if (list?.state !== 'ready') throw new Refusal(`the list to leave out, ${id}, is not ready`);
      const blocks = Math.ceil(list.recipients / BLOCK_IDS);
      for await (const packed of blocksOf(id, keysOf(id).ids, blocks)) draft.ids.leaveOut(packed);
    }
  }

  async function* blocksOf(id: string, key: string, count: number): AsyncGenerator<Buffer> {
    for (let no = 0; no < count; no += READ_AHEAD) {
      const length = Math.min(READ_AHEAD, count - no);
      const wanted = Array.from({ length }, (_, i) => String(no + i));
      for (const packed of await redis.hmgetBuffer(key, ...wanted)) {
        if (!packed) throw broken(id, 'has lost a block');
        yield packed;
      }
    }
  }

  async function keepFor(id: string, ms: number): Promise<boolean> {
    const keys = Object.values(keysOf(id));
    return (await redis.eval(KEEP_FOR, keys.length, ...keys, Math.ceil(ms))) === 1;
  }
}

const newId = (): string => `a_${randomBytes(16).toString('base64url')}`;

/** Sorts by age as text. */
const memberOf = ({ createdAt, id }: AudienceList): string =>
  `${String(createdAt).padStart(15, '0')}:${id}`;
const idOf = (member: string): string => member.slice(member.indexOf(':') + 1);

function packPage(openIds: readonly string[]): { packed: Buffer; invalid: number } {
  const packed = Buffer.allocUnsafe((openIds.length + 1) * MAX_PACKED_BYTES);
  const text = Buffer.alloc(MAX_CHARS * 3);
  let fill = 0;
  let invalid = 0;
  for (const openId of openIds) {
    const chars = openId.length > MAX_CHARS ? 0 : text.write(openId);
    const size = packId(text, 0, chars, packed, fill);
    fill += size;
    if (size === 0) invalid++;
  }
  return { packed: packed.subarray(0, fill), invalid };
}

const broken = (id: string, what: string): ServiceError =>
  new ServiceError('LIST_BROKEN', `list ${id} ${what}`, { details: { listId: id } });
