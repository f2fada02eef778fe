/**
 * What this record belongs to: the real WeChat or a sandbox, and the AppID and WeChat of each
 * account's name. Written at the first start and compared at every later one, so that settings
 * that name the wrong Redis, or an AppID that was corrected, reach no follower by mistake.
 */
import { type Identity, identityKey } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { type Command, commit, untilSettled } from './commit.ts';
import { makeKeys } from './keys.ts';
import { RECORD_VERSION, stored } from './stored.ts';

export interface Installation {
  readonly kind: 'live' | 'sandbox';
  readonly accounts: Readonly<Record<string, Identity>>;
  /** REDIS_SHARDS, where it is to be compared. */
  readonly shards?: number;
}

/** As it is written down. */
export interface Recorded extends Omit<Installation, 'shards'> {
  readonly version: number;
  /** Identity → the shard of its keys (shards.ts). */
  readonly shardOf: Readonly<Record<string, number>>;
}

/** How settings differ from the record. */
export type Difference =
  | { readonly code: 'record-newer'; readonly version: number }
  | { readonly code: 'other-kind'; readonly recorded: Installation['kind'] }
  | {
      readonly code: 'other-identity';
      readonly account: string;
      readonly recorded: Identity;
      readonly configured: Identity;
    }
  | {
      readonly code: 'shards-missing';
      readonly accounts: readonly string[];
      readonly needed: number;
      readonly configured: number;
    };

const ACCOUNT = 'account:';
/** Before an identity. */
export const SHARD = 'shard:';

export function makeInstallation({ redis, record }: { redis: Redis; record: string }) {
  const key = makeKeys(record).installation();

  /** Null where nothing was ever started on this record. */
  async function read(): Promise<Recorded | null> {
    return parse(await redis.hgetall(key));
  }

  /** Writes down what is new, and nothing where anything differs. */
  async function claim(own: Installation): Promise<Difference[]> {
    return untilSettled<Difference[]>(async () => {
      const fields = await redis.hgetall(key);
      const known = parse(fields);
      const differences = known ? differencesOf(known, own) : [];
      if (differences.length > 0) return differences;
      const added = Object.entries({
        v: String(RECORD_VERSION),
        kind: own.kind,
        ...accountFields(own),
      }).filter(([field]) => fields[field] === undefined || isOlder(field, fields));
      if (added.length === 0) return [];
      const checks = added.map(([field]) => ({ key, field, is: fields[field] ?? null }));
      return (await commit(redis, checks, [['HSET', key, ...added.flat()]])) ? [] : 'moved';
    });
  }

  /** Accepts a change: from now on the name means this AppID and WeChat. */
  async function adopt(account: string, identity: Identity): Promise<void> {
    const commands: Command[] = [
      ['HSET', key, ACCOUNT + account, JSON.stringify(identity)],
      ['HINCRBY', key, 'revision', 1],
    ];
    await commit(redis, [], commands);
  }

  /** Another one after each change that an operator adopted. */
  async function revision(): Promise<string | null> {
    return redis.hget(key, 'revision');
  }

  return { read, claim, adopt, revision };
}

/** From now on earlier programs are refused: this one writes what they cannot read. */
const isOlder = (field: string, { v }: Readonly<Record<string, string>>): boolean =>
  field === 'v' && Number(v) < RECORD_VERSION;

function parse(fields: Readonly<Record<string, string>>): Recorded | null {
  if (fields.v === undefined) return null;
  const accounts = accountsOf(Object.keys(fields)).map(
    (name) => [name, stored<Identity>(fields[ACCOUNT + name] ?? '')] as const,
  );
  return {
    version: Number(fields.v),
    kind: fields.kind === 'sandbox' ? ('sandbox' as const) : ('live' as const),
    accounts: Object.fromEntries(accounts),
    shardOf: Object.fromEntries(
      Object.entries(fields)
        .filter(([field]) => field.startsWith(SHARD))
        .map(([field, shard]) => [field.slice(SHARD.length), Number(shard)]),
    ),
  };
}

/** Every account that a role was ever started with. */
export const accountsOf = (fields: readonly string[]): string[] =>
  fields.flatMap((field) => (field.startsWith(ACCOUNT) ? [field.slice(ACCOUNT.length)] : []));

const accountFields = ({ accounts }: Installation): Record<string, string> =>
  Object.fromEntries(
    Object.entries(accounts).map(([name, identity]) => [ACCOUNT + name, JSON.stringify(identity)]),
  );

export function differencesOf(known: Recorded, own: Installation): Difference[] {
  if (known.version > RECORD_VERSION) return [{ code: 'record-newer', version: known.version }];
  if (known.kind !== own.kind) return [{ code: 'other-kind', recorded: known.kind }];
  const needed = 1 + Math.max(0, ...Object.values(known.shardOf));
  if (own.shards !== undefined && own.shards < needed) {
    const configured = own.shards;
    const beyond = Object.keys(known.shardOf).filter(
      (one) => (known.shardOf[one] ?? 0) >= configured,
    );
    const names = Object.keys(known.accounts).filter((name) => {
      const identity = known.accounts[name];
      return identity && beyond.includes(identityKey(identity));
    });
    const accounts = names.length > 0 ? names.sort() : beyond;
    return [{ code: 'shards-missing', accounts, needed, configured }];
  }
  return Object.entries(own.accounts).flatMap(([account, configured]) => {
    const recorded = known.accounts[account];
    return recorded && identityKey(recorded) !== identityKey(configured)
      ? [{ code: 'other-identity' as const, account, recorded, configured }]
      : [];
  });
}
