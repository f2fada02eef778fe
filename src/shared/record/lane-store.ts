/** What an account's lane is doing: how much work it has, and why it does not send. */
import type { LaneState, LaneStop } from '../campaign/lane.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { HOUR, MINUTE } from '../platform/time.ts';
import { laneNeeds, laneNeedsNothing } from './attention.ts';
import { type Command, commit, untilSettled } from './commit.ts';
import { makeKeys } from './keys.ts';
import { makeReplicas, type Replicas } from './replicas.ts';
import { stored, storedOrNull } from './stored.ts';

export interface AccountFacts {
  readonly lastEventAt?: number;
  readonly lastEventMode?: string;
  /** Reason → when a push was last refused for it. All of them but `wrong-signature` had our token. */
  readonly refusedPushes: Readonly<Record<string, number>>;
  /** WeChat does not let this account call media/uploadnews: with `auto`, drafts are used instead. */
  readonly uploadNewsClosed?: { readonly errcode: number; readonly at: number };
}

const STANDS_STILL: readonly (keyof LaneState)[] = [
  'restored',
  'paused',
  'sendBlocked',
  'sleep',
  'refusedHosts',
];

const stateOf = (fields: Readonly<Record<string, string>>): LaneState =>
  Object.fromEntries(Object.entries(fields).map(([field, text]) => [field, stored(text)]));

const REFUSED = 'refused:';

/** After a day WeChat has forgotten its keys; an operator must look well before that. */
export const HEARTBEAT_TOO_OLD = HOUR;

/** A host whose clock is not Redis': its worker does nothing. */
export interface WrongClock {
  readonly host: string;
  readonly aheadMs: number;
}

export type LaneStore = ReturnType<typeof makeLaneStore>;

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly replicas?: Replicas;
  readonly identityOf: IdentityOf;
}

export function makeLaneStore(deps: Dependencies) {
  const { redis, record, identityOf, replicas = makeReplicas({ redis, record }) } = deps;
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
    return stateOf(await redis.hgetall(keys.lane(identityOf(account))));
  }

  async function set<Field extends keyof LaneState>(
    account: string,
    field: Field,
    value: NonNullable<LaneState[Field]>,
  ): Promise<void> {
    await commit(redis, [], setting(account, field, value));
  }

  /**
   * An operator's pause, which replicas must have; so it is written again where there is one already,
   * as that is.
   *
   * @returns whether there was none.
   */
  function pause(account: string, stop: LaneStop): Promise<boolean> {
    const paused = { key: keys.lane(identityOf(account)), field: 'paused' };
    return untilSettled<boolean>(async () => {
      const is = await redis.hget(paused.key, paused.field);
      const next = storedOrNull<LaneStop>(is) ?? stop;
      const done = await replicas.commit([{ ...paused, is }], setting(account, 'paused', next));
      return done ? is === null : 'moved';
    });
  }

  function setting<Field extends keyof LaneState>(
    account: string,
    field: Field,
    value: NonNullable<LaneState[Field]>,
  ): Command[] {
    const command: Command = ['HSET', keys.lane(identityOf(account)), field, JSON.stringify(value)];
    return told(account, [command, ...laneNeeds(keys, account, { [field]: value })]);
  }

  /** An operator's: whatever it stood still for. */
  async function release(account: string): Promise<void> {
    const command: Command = ['HDEL', keys.lane(identityOf(account)), ...STANDS_STILL];
    await replicas.commit([], told(account, [command, ...laneNeedsNothing(keys, account)]));
  }

  /** Of the stop since Redis was restored alone. @returns what else it stands still for. */
  function releaseRestored(account: string): Promise<LaneState> {
    const key = keys.lane(identityOf(account));
    return untilSettled<LaneState>(async () => {
      const fields = await redis.hgetall(key);
      const { restored: _, ...rest } = stateOf(fields);
      const checks = STANDS_STILL.map((field) => ({ key, field, is: fields[field] ?? null }));
      const needs = [...laneNeedsNothing(keys, account), ...laneNeeds(keys, account, rest)];
      const commands = told(account, [['HDEL', key, 'restored'], ...needs]);
      return (await replicas.commit(checks, commands)) ? rest : 'moved';
    });
  }

  /** Ends the limit of one call at a time, unless it was prolonged meanwhile. */
  async function widen(account: string, narrowUntil: number): Promise<void> {
    const lane = { key: keys.lane(identityOf(account)), field: 'narrowUntil' };
    const check = { ...lane, is: JSON.stringify(narrowUntil) };
    await commit(redis, [check], told(account, [['HDEL', lane.key, lane.field]]));
  }

  const told = (account: string, commands: readonly Command[]): Command[] => [
    ...commands,
    ['PUBLISH', keys.laneFeed(), account],
  ];

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
      ...(uploadNewsClosed ? { uploadNewsClosed: stored(uploadNewsClosed) } : {}),
    };
  }

  /** Repeated every few seconds while the clock is wrong; null: it is right again. */
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
      const { aheadMs, at } = stored<{ aheadMs: number; at: number }>(text);
      return at > now - MINUTE ? [{ host, aheadMs }] : [];
    });
  }

  /** When any worker last wrote its heartbeat, or null. */
  async function heartbeat(): Promise<number | null> {
    const last = await redis.get(keys.heartbeat());
    return last === null ? null : Number(last);
  }

  /**
   * Writes a worker's heartbeat. An old one is not overwritten before it was examined: it may be the
   * only sign that this Redis was restored from a backup.
   *
   * @returns that old heartbeat if nothing was written; otherwise null.
   */
  async function beat(at: number, { isExamined = false } = {}): Promise<number | null> {
    const key = keys.heartbeat();
    const checks = isExamined ? [] : [{ key, atLeast: at - HEARTBEAT_TOO_OLD }];
    return (await commit(redis, checks, [['SET', key, at]])) ? null : heartbeat();
  }

  return {
    busy,
    work,
    read,
    set,
    pause,
    release,
    releaseRestored,
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
