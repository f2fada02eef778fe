/** What an account's lane is doing: how much work it has, and why it stands still. */
import type { Redis } from 'ioredis';
import type { LaneState } from '../campaign/lane.ts';
import type { IdentityOf } from '../platform/identity.ts';
import { HOUR, MINUTE } from '../platform/time.ts';
import { commit } from './commit.ts';
import { makeKeys } from './keys.ts';

export interface AccountFacts {
  readonly lastEventAt?: number;
  readonly lastEventMode?: string;
  /** Reason → when a push was last refused for it. All of them but `wrong-signature` had our token. */
  readonly refusedPushes: Readonly<Record<string, number>>;
  /** WeChat does not let this account call media/uploadnews: drafts instead, where it says `auto`. */
  readonly uploadNewsClosed?: { readonly errcode: number; readonly at: number };
}

const REFUSED = 'refused:';

/** After a day WeChat has forgotten its keys; well before that an operator has to look. */
export const HEARTBEAT_TOO_OLD = HOUR;

const BEAT = `
local last = redis.call('GET', KEYS[1])
if last and tonumber(last) < tonumber(ARGV[2]) then return last end
redis.call('SET', KEYS[1], ARGV[1])
return false`;

/** A host whose clock is not Redis': its worker does nothing. */
export interface WrongClock {
  readonly host: string;
  readonly aheadMs: number;
}

export type LaneStore = ReturnType<typeof makeLaneStore>;

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly identityOf: IdentityOf;
}

export function makeLaneStore({ redis, record, identityOf }: Dependencies) {
  const keys = makeKeys(record);

  /** Accounts that have batches to call WeChat for. */
  async function busy(): Promise<string[]> {
    const lanes = await redis.hgetall(keys.lanes());
    return Object.entries(lanes).flatMap(([account, count]) =>
      Number(count) > 0 ? [account] : [],
    );
  }

  /** Batches that WeChat must still be called for. */
  async function work(account: string): Promise<number> {
    return Math.max(0, Number((await redis.hget(keys.lanes(), account)) ?? 0));
  }

  async function read(account: string): Promise<LaneState> {
    const fields = await redis.hgetall(keys.lane(identityOf(account)));
    return Object.fromEntries(
      Object.entries(fields).map(([field, text]) => [field, JSON.parse(text)]),
    ) as LaneState;
  }

  async function set<Field extends keyof LaneState>(
    account: string,
    field: Field,
    value: NonNullable<LaneState[Field]>,
  ): Promise<void> {
    await redis.hset(keys.lane(identityOf(account)), field, JSON.stringify(value));
    await redis.publish(keys.laneFeed(), account);
  }

  async function clear(account: string, ...fields: (keyof LaneState)[]): Promise<void> {
    await redis.hdel(keys.lane(identityOf(account)), ...fields);
    await redis.publish(keys.laneFeed(), account);
  }

  /** Ends its going one by one, unless it has been told meanwhile to go on so for longer. */
  async function widen(account: string, narrowUntil: number): Promise<void> {
    const lane = { key: keys.lane(identityOf(account)), field: 'narrowUntil' };
    await commit(
      redis,
      [{ ...lane, is: JSON.stringify(narrowUntil) }],
      [
        ['HDEL', lane.key, lane.field],
        ['PUBLISH', keys.laneFeed(), account],
      ],
    );
  }

  async function noteEvent(account: string, at: number, mode: string): Promise<void> {
    await redis.hset(keys.account(identityOf(account)), 'lastEventAt', at, 'lastEventMode', mode);
  }

  async function noteRefusedPush(account: string, reason: string, at: number): Promise<void> {
    await redis.hset(keys.account(identityOf(account)), `${REFUSED}${reason}`, at);
  }

  async function noteUploadNewsClosed(account: string, errcode: number, at: number): Promise<void> {
    const closed = JSON.stringify({ errcode, at });
    await redis.hset(keys.account(identityOf(account)), 'uploadNewsClosed', closed);
  }

  async function facts(account: string): Promise<AccountFacts> {
    const fields = await redis.hgetall(keys.account(identityOf(account)));
    const { lastEventAt, lastEventMode, uploadNewsClosed } = fields;
    const refused = Object.entries(fields).filter(([field]) => field.startsWith(REFUSED));
    return {
      ...(lastEventAt ? { lastEventAt: Number(lastEventAt) } : {}),
      ...(lastEventMode ? { lastEventMode } : {}),
      refusedPushes: Object.fromEntries(
        refused.map(([field, at]) => [field.slice(REFUSED.length), Number(at)]),
      ),
      ...(uploadNewsClosed ? { uploadNewsClosed: JSON.parse(uploadNewsClosed) } : {}),
    };
  }

  /** Said again every few seconds while it is so; null: it is right again. */
  async function noteClock(
    host: string,
    wrong: { readonly aheadMs: number; readonly at: number } | null,
  ): Promise<void> {
    if (wrong) await redis.hset(keys.clocks(), host, JSON.stringify(wrong));
    else await redis.hdel(keys.clocks(), host);
  }

  async function wrongClocks(now: number): Promise<WrongClock[]> {
    const hosts = Object.entries(await redis.hgetall(keys.clocks()));
    return hosts.flatMap(([host, text]) => {
      const { aheadMs, at } = JSON.parse(text) as { aheadMs: number; at: number };
      return at > now - MINUTE ? [{ host, aheadMs }] : [];
    });
  }

  /** When any worker last said that it lives, or null. */
  async function heartbeat(): Promise<number | null> {
    const last = await redis.get(keys.heartbeat());
    return last === null ? null : Number(last);
  }

  /**
   * A worker says that it lives. An old heartbeat is not overwritten before it was examined: it may
   * be the only sign that this Redis was restored from a backup.
   *
   * @returns that old heartbeat, and then nothing was written; null where all is well.
   */
  async function beat(at: number, { isExamined = false } = {}): Promise<number | null> {
    const tooOld = isExamined ? Number.NEGATIVE_INFINITY : at - HEARTBEAT_TOO_OLD;
    const old = await redis.eval(BEAT, 1, keys.heartbeat(), at, Math.max(0, tooOld));
    return old === null ? null : Number(old);
  }

  return {
    busy,
    work,
    read,
    set,
    clear,
    widen,
    noteEvent,
    noteRefusedPush,
    noteUploadNewsClosed,
    facts,
    noteClock,
    wrongClocks,
    heartbeat,
    beat,
  };
}
