/** Makes lists of OpenIDs from a stream, from OpenIDs at hand, or from pages: all of it, or nothing. */
import { randomBytes } from 'node:crypto';
import { BLOCK_IDS, type DistinctIds } from '../openids/distinct-ids.ts';
import { type ListFlaw, type Looks, Refusal } from '../openids/list-flaw.ts';
import { packIds } from '../openids/packed-id.ts';
import { until } from '../openids/plain-bytes.ts';
import { type ReadOptions, readIds } from '../openids/read-ids.ts';
import type { Redis } from '../platform/redis.ts';
import { type AudienceProgress, type Draft, makeDraft } from './audience-draft.ts';
import { type AudienceList, broken, memberOf, newListId, shardOfList } from './audience-list.ts';
import { commit, extend, untilSettled, write } from './commit.ts';
import type { Keys } from './keys.ts';
import type { ReplicasOf } from './replicas.ts';
import { stored } from './stored.ts';

export interface ListOptions {
  readonly account?: string;
  readonly name?: string;
  /** Lists whose OpenIDs are left out. */
  readonly exclude?: readonly string[];
}

export interface IngestOptions extends ListOptions, ReadOptions {
  /** Called often. */
  readonly onProgress?: (progress: AudienceProgress) => void;
  readonly signal?: AbortSignal;
}

export interface Ingested extends AudienceList {
  /** Lines of the first ten that were no OpenIDs. */
  readonly invalidLines?: readonly number[];
}

interface IntakeDeps {
  readonly redis: Redis;
  readonly keysOf: (listId: string) => Keys;
  readonly replicasOf: ReplicasOf;
  /** Where new lists go. */
  readonly shard: number;
  readonly describe: (id: string) => Promise<AudienceList | null>;
  readonly retainMs: number;
  readonly now: () => number;
  readonly spillDir: string;
}

/** How a list is filled. */
interface Filling {
  readonly exclude?: readonly string[] | undefined;
  readonly fill: (draft: Draft) => Promise<void>;
  readonly onProgress?: (progress: AudienceProgress) => void;
  /** How many pages it is made from. */
  readonly pages?: string;
}

/** Blocks read at a time where a whole list is gone through. */
const READ_AHEAD = 4;

export function makeAudienceIntake(deps: IntakeDeps) {
  const { redis, keysOf, replicasOf, shard, describe, retainMs, now, spillDir } = deps;

  /**
   * Takes a stream in, gzip or not, without ever holding it whole.
   *
   * @returns the list, or why this cannot be one (a sentence for the sender).
   * @throws an error of the source or of Redis, or `signal`'s reason; nothing is left behind.
   */
  async function ingest(
    source: AsyncIterable<Uint8Array>,
    { onProgress, signal, ...options }: IngestOptions,
  ): Promise<Ingested | { readonly refused: ListFlaw }> {
    let invalidLines: readonly number[] = [];
    try {
      const list = await make(newList(options), {
        exclude: options.exclude,
        async fill({ ids }) {
          const looks = await readIds(signal ? until(signal, source) : source, options, ids);
          refuseOther(ids, looks);
          invalidLines = ids.invalidLines;
        },
        onProgress(progress) {
          onProgress?.(progress);
          signal?.throwIfAborted();
        },
      });
      return invalidLines.length === 0 ? list : { ...list, invalidLines };
    } catch (error) {
      if (error instanceof Refusal) return { refused: error.flaw };
      throw error;
    }
  }

  /** @throws {ServiceError} `LIST_BROKEN`: a list to be left out is not there. */
  function create(
    openIds: Iterable<string> | AsyncIterable<string>,
    options: ListOptions = {},
  ): Promise<AudienceList> {
    return makeOrBreak(newList(options), {
      exclude: options.exclude,
      async fill({ ids }) {
        let taken = 0;
        for await (const openId of openIds) {
          ids.takeString(openId);
          if (++taken % BLOCK_IDS === 0) await ids.ready();
        }
      },
    });
  }

  /**
   * Starts a list that comes in pages, as WeChat's follower list does, perhaps over days and several
   * processes. Duplicates among its pages, and what is left out, are only known at the end.
   */
  async function begin(options: ListOptions = {}): Promise<string> {
    const list = newList(options);
    const keys = keysOf(list.id);
    const meta = keys.audience(list.id);
    const exclude = options.exclude ?? [];
    for (const other of exclude) {
      const found = await describe(other);
      if (found?.state === 'ready') continue;
      throw broken(other, found ? 'is still being received' : 'is not there');
    }
    const more = { pages: 0, exclude: JSON.stringify(exclude) };
    await write(
      redis,
      ['HSET', meta, ...fieldsOf({ ...list, ...more })],
      ['PEXPIRE', meta, retainMs],
      ['ZADD', keys.audiences(), 0, memberOf(list)],
    );
    return list.id;
  }

  /**
   * Appends a page, once however often it is handed in.
   *
   * @param cursor names the page: where the next one starts, empty for the last one.
   * @returns the cursor of the newest page, and the recipients so far, duplicates among them.
   * @throws {ServiceError} `LIST_BROKEN`: this list is not being received.
   */
  async function append(
    id: string,
    openIds: readonly string[],
    cursor: string,
  ): Promise<{ readonly cursor: string; readonly recipients: number }> {
    const keys = keysOf(id);
    const meta = keys.audience(id);
    const [pages, cursors] = [keys.audiencePages(id), keys.audienceCursors(id)];
    const { packed, count } = packIds(openIds);
    return untilSettled(async () => {
      const [[state, page = null, newest, recipients], isKnown] = await Promise.all([
        redis.hmget(meta, 'state', 'pages', 'cursor', 'recipients'),
        redis.sismember(cursors, cursor),
      ]);
      if (state !== 'receiving') throw broken(id, 'is not being received');
      const done = await commit(
        redis,
        [
          { key: meta, field: 'state', is: state },
          { key: meta, field: 'pages', is: page },
        ],
        [
          // The page counts from the second command on, and for nothing before it: after a power loss
          // Redis may come back with the first of them only (recount.ts).
          ...(isKnown === 1
            ? []
            : ([
                ['HSET', pages, Number(page), packed],
                ['HSET', meta, 'cursor', cursor, 'pages', Number(page) + 1],
                ['HINCRBY', meta, 'received', openIds.length],
                ['HINCRBY', meta, 'invalid', openIds.length - count],
                ['HINCRBY', meta, 'recipients', count],
                ['SADD', cursors, cursor],
              ] as const)),
          ...[meta, pages, cursors].map((key) => extend(key, retainMs)),
        ],
      );
      if (!done) return 'moved';
      return isKnown === 1
        ? { cursor: newest ?? '', recipients: Number(recipients) }
        : { cursor, recipients: Number(recipients) + count };
    });
  }

  /** Where to go on; null before the first page. @throws {ServiceError} `LIST_BROKEN` */
  async function cursor(id: string): Promise<string | null> {
    const [state, cursor] = await redis.hmget(keysOf(id).audience(id), 'state', 'cursor');
    if (state == null) throw broken(id, 'is not there');
    return cursor ?? null;
  }

  /** May be repeated. @throws {ServiceError} `LIST_BROKEN`: no such list, or a page came meanwhile. */
  async function finish(id: string): Promise<AudienceList> {
    const [list, [pages, exclude]] = await Promise.all([
      describe(id),
      redis.hmget(keysOf(id).audience(id), 'pages', 'exclude'),
    ]);
    if (!list) throw broken(id, 'is not there');
    if (list.state === 'ready') return readyForGood(list);
    const pageCount = pages ?? '0';
    return makeOrBreak(list, {
      exclude: stored<string[]>(exclude ?? '[]'),
      pages: pageCount,
      async fill({ ids }) {
        for await (const packed of runsIn(keysOf(id).audiencePages(id), Number(pageCount), id)) {
          ids.takePacked(packed);
          await ids.ready();
        }
        for (let i = 0; i < list.invalid; i++) ids.takeInvalid();
      },
    });
  }

  /** Whoever finished it may have been told that the replicas lack it. */
  async function readyForGood(list: AudienceList): Promise<AudienceList> {
    const place = { key: keysOf(list.id).audience(list.id), field: 'state' };
    const isThere = await replicasOf(shardOfList(list.id)).confirm([{ ...place, is: 'ready' }]);
    if (!isThere) throw broken(list.id, 'was removed while it was being finished');
    return list;
  }

  const newList = ({ account, name }: ListOptions): AudienceList => ({
    id: newListId(shard),
    ...(account !== undefined && { account }),
    ...(name !== undefined && { name }),
    state: 'receiving',
    received: 0,
    duplicates: 0,
    invalid: 0,
    suppressed: 0,
    recipients: 0,
    createdAt: now(),
  });

  async function makeOrBreak(list: AudienceList, filling: Filling): Promise<AudienceList> {
    return make(list, filling).catch((error: unknown) => {
      throw error instanceof Refusal ? broken(list.id, error.message) : error;
    });
  }

  /** @throws {Refusal} a list to be left out is not ready; or what `fill` throws. */
  async function make(
    list: AudienceList,
    { exclude = [], fill, onProgress, pages }: Filling,
  ): Promise<AudienceList> {
    // A key of its own: two processes may be finishing the same list.
    const key = keysOf(list.id).audienceDraft(list.id, randomBytes(6).toString('base64url'));
    const draft = makeDraft({ redis, key, spillDir, onProgress });
    try {
      for (const other of exclude) await leaveOut(draft, list, other);
      await fill(draft);
      return await publish(draft, list, pages);
    } catch (error) {
      await draft.abandon();
      throw error;
    }
  }

  /** What is of another account is not said to be there: what it leaves out would tell who is on it. */
  async function leaveOut({ ids }: Draft, { account }: AudienceList, id: string): Promise<void> {
    const other = await describe(id);
    const isOfAnother =
      other?.account !== undefined && (account ?? other.account) !== other.account;
    if (other?.state !== 'ready' || isOfAnother) {
      throw new Refusal({ code: 'exclude-not-ready', audience: id });
    }
    const blocks = Math.ceil(other.recipients / BLOCK_IDS);
    for await (const packed of runsIn(keysOf(id).audienceIds(id), blocks, id)) ids.leaveOut(packed);
  }

  /** The fields 0 to `count` - 1 of a hash of packed ids. */
  async function* runsIn(key: string, count: number, listId: string): AsyncGenerator<Buffer> {
    for (let no = 0; no < count; no += READ_AHEAD) {
      const length = Math.min(READ_AHEAD, count - no);
      const wanted = Array.from({ length }, (_, i) => String(no + i));
      for (const packed of await redis.hmgetBuffer(key, ...wanted)) {
        if (!packed) throw broken(listId, 'has lost a block');
        yield packed;
      }
    }
  }

  async function publish(
    draft: Draft,
    begun: AudienceList,
    pages: string | undefined,
  ): Promise<AudienceList> {
    const { list: distinct, blocks } = await draft.finish();
    const list: AudienceList = { ...begun, ...distinct, state: 'ready' };
    const { id } = list;
    const keys = keysOf(id);
    const [meta, ids] = [keys.audience(id), keys.audienceIds(id)];
    if ((await redis.hlen(draft.key)) !== blocks) throw broken(id, 'lost blocks while it came in');
    const done = await replicasOf(shardOfList(id)).commit(
      [
        // A replica has what came before the last block, too, where it has become the master meanwhile.
        ...(blocks > 0
          ? [{ key: draft.key, field: String(blocks - 1), isThere: true } as const]
          : []),
        ...(pages === undefined
          ? []
          : [
              { key: meta, field: 'state', is: 'receiving' },
              { key: meta, field: 'pages', is: pages },
            ]),
      ],
      [
        ...(blocks > 0 ? [['RENAME', draft.key, ids] as const, extend(ids, retainMs, meta)] : []),
        ['HSET', meta, ...fieldsOf(list)],
        extend(meta, retainMs),
        ['ZADD', keys.audiences(), 0, memberOf(list)],
        ['UNLINK', keys.audiencePages(id), keys.audienceCursors(id)],
      ],
    );
    if (done) return list;
    await draft.abandon();
    const winner = await describe(id);
    if (winner?.state === 'ready') return readyForGood(winner);
    throw broken(id, 'was added to or removed while it was being finished');
  }

  return { ingest, create, begin, append, cursor, finish };
}

/** Field, value, field, value … for HSET. */
const fieldsOf = ({ id: _, ...list }: AudienceList): string[] =>
  Object.entries(list).flatMap(([field, value]) => [field, String(value)]);

/** A file of something else, of which a few lines may look like OpenIDs by chance. */
function refuseOther({ received, invalid, invalidLines: lines }: DistinctIds, looks: Looks): void {
  if (received === 0) throw new Refusal({ code: 'no-openid', looks });
  if (invalid * 2 <= received) return;
  throw new Refusal({ code: 'mostly-invalid', invalid, received, lines, looks });
}
