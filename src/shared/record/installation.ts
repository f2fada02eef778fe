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
    };

const ACCOUNT = 'account:';

export function makeInstallation({ redis, record }: { redis: Redis; record: string }) {
  const key = makeKeys(record).installation();

  /** Null where nothing was ever started on this record. */
  async function read(): Promise<(Installation & { readonly version: number }) | null> {
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

function parse(fields: Readonly<Record<string, string>>) {
  if (fields.v === undefined) return null;
  const accounts = accountsOf(Object.keys(fields)).map(
    (name) => [name, stored<Identity>(fields[ACCOUNT + name] ?? '')] as const,
  );
  return {
    version: Number(fields.v),
    kind: fields.kind === 'sandbox' ? ('sandbox' as const) : ('live' as const),
    accounts: Object.fromEntries(accounts),
  };
}

/** Every account that a role was ever started with. */
export const accountsOf = (fields: readonly string[]): string[] =>
  fields.flatMap((field) => (field.startsWith(ACCOUNT) ? [field.slice(ACCOUNT.length)] : []));

const accountFields = ({ accounts }: Installation): Record<string, string> =>
  Object.fromEntries(
    Object.entries(accounts).map(([name, identity]) => [ACCOUNT + name, JSON.stringify(identity)]),
  );

export function differencesOf(
  known: Installation & { readonly version: number },
  own: Installation,
): Difference[] {
  if (known.version > RECORD_VERSION) return [{ code: 'record-newer', version: known.version }];
  if (known.kind !== own.kind) return [{ code: 'other-kind', recorded: known.kind }];
  return Object.entries(own.accounts).flatMap(([account, configured]) => {
    const recorded = known.accounts[account];
    return recorded && identityKey(recorded) !== identityKey(configured)
      ? [{ code: 'other-identity' as const, account, recorded, configured }]
      : [];
  });
}
