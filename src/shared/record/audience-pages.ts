/** Lists of OpenIDs that come in pages, as WeChat's follower list does. */
import type { Redis } from 'ioredis';
import { MAX_CHARS, MAX_PACKED_BYTES, packId } from '../openids/packed-id.ts';
import { Refusal } from '../openids/plain-bytes.ts';
import type { AudienceIntake, ListOptions } from './audience-intake.ts';
import {
  APPEND,
  type AudienceKeys,
  type AudienceList,
  broken,
  listIn,
  memberOf,
  metaOf,
} from './audience-record.ts';

interface PagesDeps {
  readonly redis: Redis;
  readonly keys: AudienceKeys;
  readonly intake: AudienceIntake;
  readonly describe: (id: string) => Promise<AudienceList | null>;
  readonly retainMs: number;
}

export function makeAudiencePages({ redis, keys, intake, describe, retainMs }: PagesDeps) {
  /**
   * Starts a list that comes in pages, perhaps over days and several processes. Duplicates among
   * its pages, and what is left out, are only told at the end.
   */
  async function begin(options: ListOptions = {}): Promise<string> {
    const list = intake.newList(options);
    const { meta } = keys.of(list.id);
    for (const other of options.exclude ?? []) await readyList(other);
    const exclude = JSON.stringify(options.exclude ?? []);
    const fields = [...metaOf(list), 'pages', '0', 'exclude', exclude];
    const begun = redis
      .multi()
      .hset(meta, ...fields)
      .pexpire(meta, retainMs);
    for (const [error] of (await begun.zadd(keys.index, 0, memberOf(list)).exec()) ?? []) {
      if (error) throw error;
    }
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
    const { meta, pages, cursors } = keys.of(id);
    const { packed, invalid } = packPage(openIds);
    const counts = [openIds.length, invalid];
    const args = [cursor, retainMs, ...counts, packed];
    const answer = await redis.eval(APPEND, 3, meta, pages, cursors, ...args);
    if (!Array.isArray(answer)) throw broken(id, 'is not being received');
    return { cursor: String(answer[0]), recipients: Number(answer[1]) };
  }

  /** Where to go on; null before the first page. @throws {ServiceError} `LIST_BROKEN` */
  async function cursor(id: string): Promise<string | null> {
    const [state, cursor] = await redis.hmget(keys.of(id).meta, 'state', 'cursor');
    if (state == null) throw broken(id, 'is not there');
    return cursor ?? null;
  }

  /** May be repeated. @throws {ServiceError} `LIST_BROKEN`: no such list, or a page came meanwhile. */
  async function finish(id: string): Promise<AudienceList> {
    const { meta, pages } = keys.of(id);
    const fields = await redis.hgetall(meta);
    const list = listIn(id, fields);
    if (!list) throw broken(id, 'is not there');
    if (list.state === 'ready') return list;

    const draft = intake.draftOf(id);
    const pageCount = Number(fields.pages);
    try {
      await intake.leaveOut(draft, JSON.parse(fields.exclude ?? '[]') as string[]);
      for await (const packed of intake.blocksOf(id, pages, pageCount)) {
        draft.ids.takePacked(packed);
        await draft.sink.ready();
      }
      for (let i = 0; i < list.invalid; i++) draft.ids.takeInvalid();
      return await intake.publish(draft, list, pageCount);
    } catch (error) {
      await draft.abandon();
      throw error instanceof Refusal ? broken(id, error.message) : error;
    }
  }

  async function readyList(id: string): Promise<AudienceList> {
    const list = await describe(id);
    if (list?.state === 'ready') return list;
    throw broken(id, list ? 'is still being received' : 'is not there');
  }

  return { begin, append, cursor, finish };
}

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
