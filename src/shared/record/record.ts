/** The whole record of one shard, opened on one Redis connection. All shards: all-shards.ts. */
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { makeAttentionStore } from './attention.ts';
import { makeAudienceNames } from './audience-names.ts';
import { makeAudienceStore } from './audience-store.ts';
import { makeAuditLog } from './audit-log.ts';
import { makeBatchStore } from './batch-store.ts';
import { makeCampaignStore } from './campaign-store.ts';
import { makeComposedStore } from './composed-store.ts';
import { makeRecordCounts } from './counts.ts';
import { makeKeys, PREFIX, prefixOfShard, recordOf } from './keys.ts';
import { makeLaneStore } from './lane-store.ts';
import { makeMaterialStore } from './material-store.ts';
import { makeMediaStore } from './media-store.ts';
import { makeQuotaLedger } from './quota-ledger.ts';
import { makeRecount } from './recount.ts';
import { makeReplicas, type Replicas, type ReplicasOf } from './replicas.ts';
import { makeServingStore } from './serving-store.ts';
import { makeStatisticsStore } from './statistics-store.ts';
import { makeTokenStore } from './token-store.ts';

/** What the jobs of one shard work with. */
export type ShardStores = ReturnType<typeof openRecord>;

type But<Name extends keyof ShardStores, Method extends keyof ShardStores[Name]> = {
  readonly [One in Name]: Omit<ShardStores[One], Method>;
};

/** What everybody may ask: of one shard, or of all (all-shards.ts). Upkeep is each shard's own. */
export type Stores = Omit<
  ShardStores,
  'campaigns' | 'batches' | 'lanes' | 'attention' | 'workers' | 'recount'
> &
  But<'campaigns', 'outbox' | 'reclaim' | 'forget'> &
  But<'batches', 'startAttempt' | 'overdue'> &
  But<'lanes', 'beat'> &
  But<'attention', 'mend' | 'campaignsNamed'> &
  But<'workers', 'announce' | 'leave'>;

interface Dependencies {
  readonly redis: Redis;
  readonly retainMs: number;
  readonly submitTimeoutMs: number;
  readonly now: () => number;
  /** By default each account's name is its identity. */
  readonly identityOf?: IdentityOf;
  /** Of REDIS_WAIT_REPLICAS; without it none is waited for. */
  readonly replicas?: Replicas;
  /** The same for what lies in other shards: files, and lists of OpenIDs. */
  readonly replicasOf?: ReplicasOf;
  /** BullMQ's prefix in shard 0; the record's keys have the same hash tag. */
  readonly prefix?: string;
  readonly shard?: number;
}

export function openRecord(deps: Dependencies) {
  const { redis, now, prefix = PREFIX, identityOf = (account: string): string => account } = deps;
  const { shard = 0 } = deps;
  const record = recordOf(prefixOfShard(prefix, shard));
  const { replicas = makeReplicas({ redis, record }) } = deps;
  const replicasOf: ReplicasOf = (of) =>
    of === shard
      ? replicas
      : (deps.replicasOf?.(of) ??
        makeReplicas({ redis, record: recordOf(prefixOfShard(prefix, of)) }));
  const base = { ...deps, prefix, shard, record, replicas, replicasOf, identityOf };
  /** What belongs to no account is in shard 0. */
  const common = { ...base, record: recordOf(prefix) };
  const workers = makeServingStore({ redis, keys: makeKeys(record), now });
  const lanes = makeLaneStore(base);
  const attention = makeAttentionStore(base);
  const campaigns = makeCampaignStore({ ...base, serving: workers.serving, lane: lanes.read });
  return {
    identityOf,
    campaigns,
    workers,
    batches: makeBatchStore({ ...base, campaigns }),
    lanes,
    attention,
    counts: makeRecordCounts(base),
    auditLog: makeAuditLog(base),
    recount: makeRecount({ ...base, campaigns, attention }),
    quota: makeQuotaLedger(base),
    media: makeMediaStore({ ...common, replicas: replicasOf(0) }),
    materials: makeMaterialStore(base),
    statistics: makeStatisticsStore(base),
    tokens: (account: string) => makeTokenStore({ redis, record, identity: identityOf(account) }),
    audienceNames: makeAudienceNames(base),
    audiences: makeAudienceStore(base),
    composed: makeComposedStore(common),
  };
}
