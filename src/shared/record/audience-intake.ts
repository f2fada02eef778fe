/** Makes lists of OpenIDs out of what comes in: all of a list, or nothing. */
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { BLOCK_IDS, type Block, DistinctIds, type DistinctList } from '../openids/distinct-ids.ts';
import type { IdSink } from '../openids/id-sink.ts';
import { Refusal, until } from '../openids/plain-bytes.ts';
import { type ReadOptions, readIds } from '../openids/read-ids.ts';
import { HOUR } from '../platform/time.ts';
import {
  type AudienceKeys,
  type AudienceList,
  broken,
  memberOf,
  metaOf,
  PUBLISH,
} from './audience-record.ts';

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

export interface Ingested extends AudienceList {
  /** Lines of the first ten that were no OpenIDs. */
  readonly invalidLines?: readonly number[];
}

interface IntakeDeps {
  readonly redis: Redis;
  readonly keys: AudienceKeys;
  readonly describe: (id: string) => Promise<AudienceList | null>;
  readonly retainMs: number;
  readonly now: () => number;
  readonly spillDir: string;
}

/** Blocks read at a time where a whole list is gone through. */
const READ_AHEAD = 4;

export type AudienceIntake = ReturnType<typeof makeAudienceIntake>;

export function makeAudienceIntake(deps: IntakeDeps) {
  const { redis, keys, describe, retainMs, now, spillDir } = deps;

  /**
   * Takes a stream in, gzip or not, without ever holding it whole.
   *
   * @returns the list, or why this cannot be one (in words for the sender).
   * @throws whatever breaks the source, `signal`'s reason, or Redis; nothing is left behind.
   */
  async function ingest(
    source: AsyncIterable<Uint8Array>,
    { onProgress, signal, ...options }: IngestOptions,
  ): Promise<Ingested | { readonly refused: string }> {
    const list = newList(options);
    const draft = draftOf(list.id, (progress) => {
      onProgress?.(progress);
      signal?.throwIfAborted();
    });
    try {
      await leaveOut(draft, options.exclude);
      const guess = await readIds(signal ? until(signal, source) : source, options, draft.sink);
      refuseOther(draft.ids, guess);
      const { invalidLines } = draft.ids;
      const made = await publish(draft, list);
      return invalidLines.length === 0 ? made : { ...made, invalidLines };
    } catch (error) {
      await draft.abandon();
      if (error instanceof Refusal) return { refused: error.message };
      throw error;
    }
  }

  /** @throws {ServiceError} `LIST_BROKEN`: a list to be left out is not there. */
  async function create(
    openIds: Iterable<string> | AsyncIterable<string>,
    options: ListOptions = {},
  ): Promise<AudienceList> {
    const list = newList(options);
    const draft = draftOf(list.id);
    try {
      await leaveOut(draft, options.exclude);
      let taken = 0;
      for await (const openId of openIds) {
        draft.sink.takeString(openId);
        if (++taken % BLOCK_IDS === 0) await draft.sink.ready();
      }
      return await publish(draft, list);
    } catch (error) {
      await draft.abandon();
      throw error instanceof Refusal ? broken(list.id, error.message) : error;
    }
  }

  function newList({ account, name }: ListOptions): AudienceList {
    return {
      id: `a_${randomBytes(16).toString('base64url')}`,
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

  const draftOf = (id: string, onProgress?: IngestOptions['onProgress']): Draft =>
    makeDraft({ redis, key: keys.draft(id), spillDir, onProgress });

  async function publish(draft: Draft, begun: AudienceList, fromPages = -1): Promise<AudienceList> {
    const { list: distinct, blocks } = await draft.finish();
    const list: AudienceList = { ...begun, ...distinct, state: 'ready' };
    const { meta, ids, pages, cursors } = keys.of(list.id);
    const touched = [meta, draft.key, ids, keys.index, pages, cursors];
    const args = [blocks, retainMs, memberOf(list), fromPages, ...metaOf(list)];
    const answer = await redis.eval(PUBLISH, touched.length, ...touched, ...args);
    if (answer === 1) return list;
    if (answer === -1) throw broken(list.id, 'lost blocks while it came in');
    const winner = await describe(list.id);
    if (winner?.state === 'ready') return winner;
    throw broken(list.id, 'was added to or removed while it was being finished');
  }

  async function leaveOut(draft: Draft, lists: readonly string[] = []): Promise<void> {
    for (const id of lists) {
      const list = await describe(id);
      if (list?.state !== 'ready') throw new Refusal(`the list to leave out, ${id}, is not ready`);
      const blocks = Math.ceil(list.recipients / BLOCK_IDS);
      for await (const packed of blocksOf(id, keys.of(id).ids, blocks)) draft.ids.leaveOut(packed);
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

  return { ingest, create, newList, draftOf, publish, leaveOut, blocksOf };
}

/** A file of something else, of which a few lines may look like OpenIDs by chance. */
function refuseOther({ received, invalid, invalidLines }: DistinctIds, guess: string): void {
  if (received === 0) throw new Refusal(`there is no OpenID in it; ${guess}`);
  if (invalid * 2 <= received) return;
  const lines = invalidLines.join(', ');
  throw new Refusal(
    `${invalid} of ${received} are no OpenIDs (the first in lines ${lines}); ${guess}`,
  );
}

/** A list on its way in: not visible to others, and it expires by itself if it is not finished. */
/** Each write is synced to a disk (`appendfsync always`), which takes longer than writing it. */
const BLOCKS_A_WRITE = 8;
/** One is sent while the other is synced. */
const MAX_ON_THE_WAY = 2;
const DRAFT_TTL = HOUR; // from its newest block on

export interface AudienceProgress {
  readonly received: number;
  readonly invalid: number;
  /** Recipients that are in Redis: they follow when all has been received. */
  readonly stored: number;
}

export interface DraftDeps {
  readonly redis: Redis;
  readonly key: string;
  readonly spillDir: string;
  readonly onProgress?: ((progress: AudienceProgress) => void) | undefined;
}

export type Draft = ReturnType<typeof makeDraft>;

export function makeDraft({ redis, key, spillDir, onProgress }: DraftDeps) {
  const ids = new DistinctIds({ spillDir });
  const onTheWay = new Set<Promise<void>>();
  const waiting: Block[] = [];
  let blocks = 0;
  let stored = 0;
  let failure: { readonly error: unknown } | undefined;

  const sink: IdSink = {
    get line() {
      return ids.line;
    },
    set line(line) {
      ids.line = line;
    },
    take: (text, from, to) => ids.take(text, from, to),
    takeString: (id) => ids.takeString(id),
    takeInvalid: () => ids.takeInvalid(),
    ready: async () => {
      tell();
      await nextTurn();
    },
  };

  const tell = () => onProgress?.({ received: ids.received, invalid: ids.invalid, stored });

  async function add(packed: Buffer, count: number): Promise<void> {
    waiting.push({ packed, count });
    if (waiting.length === BLOCKS_A_WRITE) await send();
  }

  async function send(): Promise<void> {
    await whenFewerThan(MAX_ON_THE_WAY);
    const sending = write(waiting.splice(0))
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => onTheWay.delete(sending));
    onTheWay.add(sending);
  }

  /** In one step, so that there is never a block without an end to its life. */
  async function write(some: readonly Block[]): Promise<void> {
    const fields = some.flatMap(({ packed }) => [String(blocks++), packed]);
    const writing = redis
      .multi()
      .hset(key, ...fields)
      .pexpire(key, DRAFT_TTL);
    for (const [error] of (await writing.exec()) ?? []) if (error) throw error;
    for (const { count } of some) stored += count;
    tell();
  }

  async function whenFewerThan(limit: number): Promise<void> {
    while (onTheWay.size >= limit) await Promise.race(onTheWay);
    if (failure) throw failure.error;
  }

  return {
    key,
    ids,
    sink,
    /** Resolves once every block is in Redis. */
    async finish(): Promise<{ list: DistinctList; blocks: number }> {
      const list = await ids.finish(add);
      if (waiting.length > 0) await send();
      await whenFewerThan(1);
      return { list, blocks };
    },
    /** Leaves nothing behind. Redis may be away; then the draft's own lifetime ends it. */
    async abandon(): Promise<void> {
      ids.close();
      await Promise.allSettled(onTheWay);
      await redis.unlink(key).catch(() => {});
    },
  };
}
