/** Campaigns that an operator is still writing: each operator's own, for as long as they are kept. */
import { randomBytes } from 'node:crypto';
import type { Redis } from '../platform/redis.ts';
import { makeKeys } from './keys.ts';

/** The body of `POST /v1/campaigns`, as far as it is written. */
export interface ComposedBody {
  readonly account: string;
  readonly name: string;
  readonly message?: Readonly<Record<string, unknown>>;
  readonly audience?: Readonly<Record<string, unknown>>;
  readonly exclude?: readonly string[];
  readonly sendAt?: string;
  readonly notAfter?: string;
}

export interface Composed {
  /** Its Idempotency-Key, too: however often the last button is pressed, it is one campaign. */
  readonly id: string;
  readonly changedAt: number;
  readonly body: ComposedBody;
  /** What has become of it. */
  readonly campaignId?: string;
}

/** Of one caller: all of them are read for a list. */
const MOST_KEPT = 50;
const MOST_BYTES = 4 * 1024 * 1024;
/** Fifty of these fit, so that only what is longer has the others looked at. */
const LONG = MOST_BYTES / MOST_KEPT;
const ID = /^[A-Za-z0-9_-]{16}$/;

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly retainMs: number;
  readonly now: () => number;
}

export type ComposedStore = ReturnType<typeof makeComposedStore>;

export function makeComposedStore({ redis, record, retainMs, now }: Dependencies) {
  const keys = makeKeys(record);

  async function save(by: string, composed: Omit<Composed, 'changedAt'>): Promise<void> {
    const key = keys.composing(by);
    const text = JSON.stringify({ ...composed, changedAt: now() });
    if (text.length > LONG)
      await forgetOldest(by, { id: composed.id, bytes: Buffer.byteLength(text) });
    await redis.hset(key, composed.id, text);
    await redis.pexpire(key, retainMs);
  }

  /** Those that were changed longest ago give way to this one. */
  async function forgetOldest(by: string, room: { readonly id: string; readonly bytes: number }) {
    let left = MOST_BYTES - room.bytes;
    for (const one of await list(by)) {
      if (one.id === room.id) continue;
      left -= Buffer.byteLength(JSON.stringify(one));
      if (left < 0) await remove(by, one.id);
    }
  }

  async function begin(by: string, body: ComposedBody): Promise<string> {
    const old = (await list(by)).slice(MOST_KEPT - 1);
    await Promise.all(old.map(({ id }) => remove(by, id)));
    const id = randomBytes(12).toString('base64url');
    await save(by, { id, body });
    return id;
  }

  async function read(by: string, id: string): Promise<Composed | null> {
    const text = ID.test(id) ? await redis.hget(keys.composing(by), id) : null;
    return text === null ? null : (JSON.parse(text) as Composed);
  }

  /** The one that was changed last comes first. */
  async function list(by: string): Promise<Composed[]> {
    const texts = await redis.hvals(keys.composing(by));
    return texts
      .map((text) => JSON.parse(text) as Composed)
      .sort((one, other) => other.changedAt - one.changedAt);
  }

  async function remove(by: string, id: string): Promise<void> {
    await redis.hdel(keys.composing(by), id);
  }

  return { begin, save, read, list, remove };
}
