/** Makes lists of OpenIDs out of what comes in: all of a list, or nothing. */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { BLOCK_IDS } from '../openids/distinct-ids.ts';
import { type ReadOptions, readIds } from '../openids/read-ids.ts';
import { Refusal } from '../openids/refusal.ts';
import { until } from '../openids/until.ts';
import { type AudienceProgress, type Draft, makeDraft } from './audience-draft.ts';
import { type AudienceKeys, broken, memberOf } from './audience-keys.ts';
import { type AudienceList, metaOf } from './audience-list.ts';
import { PUBLISH } from './audience-scripts.ts';

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
  ): Promise<AudienceList | { readonly refused: string }> {
    const list = newList(options);
    const draft = draftOf(list.id, (progress) => {
      onProgress?.(progress);
      signal?.throwIfAborted();
    });
    try {
      await leaveOut(draft, options.exclude);
      await readIds(signal ? until(signal, source) : source, options, draft.sink);
      return await publish(draft, list);
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
