/**
 * The record of all shards, as one: what is asked of an account, a campaign or a list goes to its
 * shard, and what is asked of all is merged. A worker's jobs know their own shard alone (record.ts).
 */

import type { Logger } from 'pino';
import type { AccountConfig } from '../platform/accounts.ts';
import type { Config } from '../platform/config.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { type AllQueues, openQueues, type Queues } from '../queue/queues.ts';
import type { TokenStore } from '../wechat/tokens.ts';
import type { Acceptance } from './accept-campaign.ts';
import type { OverdueReceipts } from './attention.ts';
import type { ListOptions } from './audience-intake.ts';
import { memberOf } from './audience-list.ts';
import { makeReadLog } from './audit-log.ts';
import type { RecordCounts } from './counts.ts';
import { prefixOfShard, recordOf } from './keys.ts';
import type { ShardStores, Stores } from './record.ts';
import { openRecord } from './record.ts';
import { makeReplicas, type Replicas, type ReplicasOf } from './replicas.ts';
import { openShards, queuesOf, type Shards } from './shards.ts';

export interface OneShard {
  /** Of its keys, BullMQ's and the record's. */
  readonly prefix: string;
  readonly record: string;
  readonly stores: ShardStores;
  /** Opened when they are first asked for. */
  readonly queues: Queues;
}

export interface AllShards {
  readonly shards: Shards<OneShard>;
  readonly stores: Stores;
  readonly queues: AllQueues;
  close(): Promise<void>;
}

interface Dependencies {
  readonly redis: Redis;
  readonly config: Pick<Config, 'pace' | 'redis' | 'retainMs'>;
  readonly prefix: string;
  readonly identityOf: IdentityOf;
  readonly accounts: () => readonly AccountConfig[];
  readonly log: Logger;
  readonly now: () => number;
}

export function openAllShards(deps: Dependencies): AllShards {
  const { redis, config, identityOf, accounts, log, now } = deps;
  const { retainMs, pace, redis: settings } = config;
  const { submitTimeoutMs } = pace;
  const closing: (() => Promise<void> | void)[] = [];

  const waited = new Map<number, Replicas>();
  const replicasOf: ReplicasOf = (shard) => {
    const known = waited.get(shard);
    if (known) return known;
    const record = recordOf(prefixOfShard(deps.prefix, shard));
    const replicas = makeReplicas({ redis, record, count: settings.waitReplicas });
    closing.push(replicas.close);
    waited.set(shard, replicas);
    return replicas;
  };

  function open(shard: number): OneShard {
    const prefix = prefixOfShard(deps.prefix, shard);
    const record = recordOf(prefix);
    const replicas = replicasOf(shard);
    const common = { redis, replicas, replicasOf, retainMs, submitTimeoutMs, identityOf, now };
    let queues: Queues | undefined;
    return {
      ...{ prefix, record },
      stores: openRecord({ ...common, prefix: deps.prefix, shard }),
      get queues() {
        if (!queues) {
          queues = openQueues({ connection: redis, log, prefix });
          closing.push(queues.close);
        }
        return queues;
      },
    };
  }

  const { prefix } = deps;
  const count = settings.shards;
  const replicas = replicasOf(0);
  const shards = openShards({ redis, prefix, count, identityOf, accounts, replicas, open });
  return {
    shards,
    stores: mergeShards(redis, shards),
    queues: queuesOf(shards),
    async close() {
      await Promise.all(closing.splice(0).map((one) => one()));
    },
  };
}

type Chosen = ShardStores | Promise<ShardStores>;

function mergeShards(redis: Redis, shards: Shards<OneShard>): Stores {
  const zero = shards.at(0).stores;
  const all = (): readonly ShardStores[] => shards.all().map(({ stores }) => stores);
  const each = <T>(ask: (stores: ShardStores) => Promise<T>): Promise<T[]> =>
    Promise.all(all().map(ask));

  const ofCampaign = (id: string): ShardStores => shards.ofCampaign(id).stores;
  const ofRef = ({ campaignId }: { readonly campaignId: string }) => ofCampaign(campaignId);
  const ofAccount = async (account: string) => (await shards.ofAccount(account)).stores;
  const settled = async (account: string) => (await shards.settled(account)).stores;
  const ofList = async ({ account }: ListOptions = {}): Promise<ShardStores> =>
    account === undefined ? zero : ofAccount(account);

  const campaigns: Stores['campaigns'] = {
    ...to('campaigns', settled, ['newId']),
    ...to('campaigns', ofAccount, ['openOf']),
    accept: (acceptance: Acceptance, ...more) =>
      ofCampaign(acceptance.campaign.id).campaigns.accept(acceptance, ...more),
    async claimed(asked) {
      return (await shards.ofIdentity(asked.identity))?.stores.campaigns.claimed(asked) ?? null;
    },
    ...to('campaigns', ofCampaign, [
      ...(['spec', 'read', 'view', 'message', 'control', 'layBatches', 'end', 'audit'] as const),
      ...(['note', 'waits', 'webhookFailed', 'webhookDelivered', 'webhookFailure'] as const),
      ...(['mendTally', 'rootIsThere', 'webhookIsThere', 'items', 'itemNames'] as const),
      ...(['changeItem', 'askWechatAgain', 'draftSource', 'keepDraftSource'] as const),
    ]),
    async list(asked) {
      const pages = await each((stores) => stores.campaigns.list(asked));
      // A page that has a next one may be short: what is older than it is not known yet.
      const known = pages
        .flatMap(({ next }) => next ?? [])
        .sort()
        .at(-1);
      const found = pages
        .flatMap((page) => page.campaigns)
        .filter(({ id }) => known === undefined || id >= known)
        .sort((a, b) => (a.id < b.id ? 1 : -1));
      const campaigns = found.slice(0, asked.limit);
      const isMore = found.length > campaigns.length;
      return {
        campaigns,
        next: (isMore ? campaigns.at(-1)?.id : known) ?? null,
        looks: pages.reduce((sum, { looks }) => sum + looks, 0),
      };
    },
    async open(asked) {
      return (await each((stores) => stores.campaigns.open(asked))).flat();
    },
    async byTime(at) {
      const found = await each((stores) => stores.campaigns.byTime(at));
      const begun = found
        .flatMap((one) => one.begun)
        .sort()
        .reverse();
      const coming = await Promise.all(
        found
          .flatMap((one) => one.coming)
          .map(async (id) => ({
            id,
            sendAt: (await ofCampaign(id).campaigns.spec(id))?.sendAt ?? 0,
          })),
      );
      coming.sort((one, other) => one.sendAt - other.sendAt);
      return { begun, coming: coming.map(({ id }) => id) };
    },
    async userOf(listId) {
      const users = await each((stores) => stores.campaigns.userOf(listId));
      return users.find((user) => user !== null) ?? null;
    },
    async openAccounts() {
      const accounts = await each((stores) => stores.campaigns.openAccounts());
      return new Set(accounts.flatMap((some) => [...some]));
    },
  };

  const batches: Stores['batches'] = {
    ...to('batches', ofRef, ['read', 'apply', 'accepted', 'settleByAsking']),
    ...to('batches', ofCampaign, ['page', 'all']),
    decide: (campaign, choose) => ofCampaign(campaign.id).batches.decide(campaign, choose),
    ...to('batches', ofAccount, [
      ...(['unanswered', 'asking', 'take', 'parked', 'unowned', 'askedAt', 'noteAsked'] as const),
    ]),
  };

  const lanes: Stores['lanes'] = {
    ...to('lanes', settled, ['pause', 'set']),
    ...to('lanes', ofAccount, [
      ...(['work', 'read', 'release', 'releaseRestored', 'widen', 'facts'] as const),
      ...(['noteEvent', 'noteRefusedPush', 'noteUploadNewsClosed'] as const),
    ]),
    async busy() {
      return [...new Set((await each((stores) => stores.lanes.busy())).flat())];
    },
    noteClock: zero.lanes.noteClock,
    wrongClocks: zero.lanes.wrongClocks,
    /** The oldest: a shard that none serves is told as a worker that is silent. */
    async heartbeat() {
      const beats = await each((stores) => stores.lanes.heartbeat());
      return beats.reduce((one, other) =>
        one === null || other === null ? null : Math.min(one, other),
      );
    },
  };

  const attention: Stores['attention'] = {
    async entries() {
      return (await each((stores) => stores.attention.entries())).flat();
    },
    async overdueReceipts(before) {
      const found = await each((stores) => stores.attention.overdueReceipts(before));
      const merged = new Map<string, OverdueReceipts>();
      for (const [account, { since, batches }] of found.flatMap((some) => [...some])) {
        const known = merged.get(account);
        merged.set(account, {
          since: Math.min(since, known?.since ?? since),
          batches: batches + (known?.batches ?? 0),
        });
      }
      return merged;
    },
    ...to('attention', ofAccount, ['isOverdue']),
    async drop(entry, holds) {
      const { campaignId: id, account } = entry;
      const stores = id === undefined ? await ofAccount(account) : ofCampaign(id);
      await stores.attention.drop(entry, holds);
    },
  };

  async function counts(accounts: readonly string[]): Promise<RecordCounts> {
    const divided = await shards.divided(accounts);
    const found = await Promise.all(divided.map(([{ stores }, own]) => stores.counts(own)));
    return found.reduce((one, other) => ({
      batches: {
        pending: one.batches.pending + other.batches.pending,
        submitting: one.batches.submitting + other.batches.submitting,
        submitted: one.batches.submitted + other.batches.submitted,
        held: one.batches.held + other.batches.held,
        refused: one.batches.refused + other.batches.refused,
      },
      oldestReceiptMs: Math.max(one.oldestReceiptMs, other.oldestReceiptMs),
      unanswered: one.unanswered + other.unanswered,
      outbox: one.outbox + other.outbox,
    }));
  }

  const audiences: Stores['audiences'] = {
    ...zero.audiences,
    ingest: async (source, options) => (await ofList(options)).audiences.ingest(source, options),
    create: async (openIds, options) => (await ofList(options)).audiences.create(openIds, options),
    begin: async (options) => (await ofList(options)).audiences.begin(options),
    /** Sorted by what a cursor is: age, and then id. */
    async list(asked) {
      const pages = await each((stores) => stores.audiences.list(asked));
      // A page that has a next one may be short: what is older than it is not known yet.
      const known = pages
        .flatMap(({ cursor }) => cursor ?? [])
        .sort()
        .at(-1);
      const found = pages
        .flatMap(({ lists }) => lists)
        .filter((list) => known === undefined || memberOf(list) >= known)
        .sort((a, b) => (memberOf(a) < memberOf(b) ? 1 : -1));
      const lists = found.slice(0, asked.limit);
      const last = lists.at(-1);
      const cursor = last && found.length > lists.length ? memberOf(last) : known;
      return { lists, ...(cursor !== undefined && { cursor }) };
    },
  };

  return {
    ...{ identityOf: zero.identityOf, media: zero.media, composed: zero.composed },
    ...{ campaigns, batches, lanes, attention, counts, audiences },
    workers: {
      async serving(account) {
        if (account !== undefined) return (await ofAccount(account)).workers.serving();
        return (await each((stores) => stores.workers.serving())).flat();
      },
    },
    auditLog: {
      ...to('auditLog', ofAccount, ['note']),
      read: (...asked) =>
        makeReadLog({ redis, records: shards.all().map(({ record }) => record) })(...asked),
    },
    quota: to('quota', ofAccount, [
      ...(['count', 'countRefused', 'today', 'onDay', 'minuteHasRoom'] as const),
      ...(['noteEveryone', 'toEveryone'] as const),
    ]),
    materials: {
      ...to('materials', ofAccount, ['find', 'save', 'forget', 'claim']),
      async atWechat(sha256, accounts) {
        const found = await each((stores) => stores.materials.atWechat(sha256, accounts));
        return found
          .flat()
          .sort((a, b) => (`${a.account}:${a.kind}` < `${b.account}:${b.kind}` ? -1 : 1));
      },
    },
    statistics: to('statistics', ofAccount, ['read', 'keep']),
    audienceNames: to('audienceNames', ofAccount, ['note', 'read']),
    tokens: (account): TokenStore => {
      const store = async () => (await ofAccount(account)).tokens(account);
      return {
        read: async () => (await store()).read(),
        write: async (token) => (await store()).write(token),
        lock: async (ms) => (await store()).lock(ms),
        dropIf: async (token) => (await store()).dropIf(token),
      };
    },
  };
}

/** Methods of one store, each asked of the shard that its first argument names. */
function to<Name extends keyof ShardStores, Method extends keyof ShardStores[Name], First>(
  name: Name,
  choose: (first: First) => Chosen,
  methods: readonly Method[],
): Pick<ShardStores[Name], Method> {
  const asked = methods.map((method) => [
    method,
    async (first: First, ...more: unknown[]) => {
      const store = (await choose(first))[name];
      return (store[method] as (...args: unknown[]) => unknown)(first, ...more);
    },
  ]);
  return Object.fromEntries(asked) as Pick<ShardStores[Name], Method>;
}
