/**
 * In which shard the keys of an account are, and each shard opened once.
 *
 * An account's shard is its `shard` setting, else a hash of its name. With its first campaign, or
 * pause, it is written down, and stays: only then may there be more shards later. It is written down
 * for its AppID at one WeChat, so that it is the same under another name. Ids of campaigns and lists
 * say their shard themselves.
 */
import { createHash } from 'node:crypto';
import { shardIn } from '../campaign/campaign-id.ts';
import { type AccountConfig, MOST_SHARDS } from '../platform/accounts.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import type { AllQueues, Queues } from '../queue/queues.ts';
import { SHARD } from './installation.ts';
import { makeKeys, recordOf } from './keys.ts';
import { makeReplicas, type Replicas } from './replicas.ts';

interface Dependencies<T> {
  readonly redis: Redis;
  /** Of shard 0. */
  readonly prefix: string;
  /** REDIS_SHARDS; one that is written down and beyond it is opened, too. */
  readonly count?: number | undefined;
  readonly identityOf: IdentityOf;
  readonly accounts: () => readonly Pick<AccountConfig, 'name' | 'shard'>[];
  readonly replicas?: Replicas;
  readonly open: (shard: number) => T;
}

export interface Shards<T> {
  /** Opened when it is first asked for. */
  at(shard: number): T;
  /** Of every shard that there is, from 0 on. */
  all(): readonly T[];
  ofCampaign(id: string): T;
  ofAccount(account: string): Promise<T>;
  /** Null where nothing of it can be anywhere. */
  ofIdentity(identity: string): Promise<T | null>;
  /** The same, and it is written down now. */
  settled(account: string): Promise<T>;
  /** Each with those of these accounts that are in it; without any, too. */
  divided(accounts: readonly string[]): Promise<readonly (readonly [T, readonly string[]])[]>;
}

/** The same everywhere, for ever. */
export const shardByName = (account: string, count: number): number =>
  createHash('sha256').update(account).digest().readUInt32BE(0) % count;

export function openShards<T>(deps: Dependencies<T>): Shards<T> {
  const { redis, prefix, count = 1, identityOf, accounts, open } = deps;
  const record = recordOf(prefix);
  const keys = makeKeys(record);
  const { replicas = makeReplicas({ redis, record }) } = deps;
  const opened = new Map<number, T>();
  /** Identity → what is written down. */
  const known = new Map<string, number>();
  /** Of those that there are: an id alone may name any. */
  let highest = count - 1;

  function at(shard: number): T {
    const there = opened.get(shard) ?? open(shard);
    opened.set(shard, there);
    return there;
  }

  function all(): readonly T[] {
    return Array.from({ length: highest + 1 }, (_, shard) => at(shard));
  }

  async function writtenFor(identity: string): Promise<number | null> {
    const cached = known.get(identity);
    if (cached !== undefined) return cached;
    const text = await redis.hget(keys.installation(), SHARD + identity);
    if (text === null) return null;
    const shard = Number(text);
    known.set(identity, shard);
    highest = Math.max(highest, shard);
    return shard;
  }

  async function choice(account: string): Promise<number> {
    if (count === 1) return 0;
    // It may have begun when there was one shard, and nothing was written down.
    const begun = [keys.campaignsOf(account), keys.lane(identityOf(account))];
    if ((await redis.exists(...begun)) > 0) return 0;
    const { shard } = accounts().find(({ name }) => name === account) ?? {};
    return shard ?? shardByName(account, count);
  }

  const shardOf = async (account: string): Promise<number> =>
    (await writtenFor(identityOf(account))) ?? choice(account);

  async function settledShard(account: string): Promise<number> {
    const identity = identityOf(account);
    const written = await writtenFor(identity);
    if (written !== null) return written;
    const place = { key: keys.installation(), field: SHARD + identity };
    const chosen = await choice(account);
    await replicas.commit([{ ...place, is: null }], [['HSET', place.key, place.field, chosen]]);
    // Another process may have been first, with another number of shards.
    return (await writtenFor(identity)) ?? settledShard(account);
  }

  const ofAccount = async (account: string): Promise<T> => at(await shardOf(account));

  return {
    at,
    all,
    ofAccount,
    ofCampaign(id) {
      const shard = shardIn(id);
      return at(shard < MOST_SHARDS ? shard : 0);
    },
    async ofIdentity(identity) {
      const written = await writtenFor(identity);
      return written === null ? null : at(written);
    },
    settled: async (account) => at(await settledShard(account)),
    async divided(names) {
      const places = await Promise.all(names.map(shardOf));
      return all().map((one, shard) => [one, names.filter((_, n) => places[n] === shard)] as const);
    },
  };
}

/** The queues of all shards, each opened with its shard. */
export const queuesOf = (shards: Shards<{ readonly queues: Queues }>): AllQueues => ({
  of: (campaignId) => shards.ofCampaign(campaignId).queues,
  ofAccount: async (account) => (await shards.ofAccount(account)).queues,
  all: () => shards.all().map(({ queues }) => queues),
});
