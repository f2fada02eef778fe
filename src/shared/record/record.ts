/** The whole record, opened on one Redis connection. */
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
import { makeKeys, PREFIX, recordOf } from './keys.ts';
import { makeLaneStore } from './lane-store.ts';
import { makeMaterialStore } from './material-store.ts';
import { makeMediaStore } from './media-store.ts';
import { makeQuotaLedger } from './quota-ledger.ts';
import { makeRecount } from './recount.ts';
import { makeReplicas, type Replicas } from './replicas.ts';
import { makeServingStore } from './serving-store.ts';
import { makeStatisticsStore } from './statistics-store.ts';

export type Stores = ReturnType<typeof openRecord>;

interface Dependencies {
  readonly redis: Redis;
  readonly retainMs: number;
  readonly submitTimeoutMs: number;
  readonly now: () => number;
  /** By default each account's name is its identity. */
  readonly identityOf?: IdentityOf;
  /** Of REDIS_WAIT_REPLICAS; without it none is waited for. */
  readonly replicas?: Replicas;
  /** BullMQ's prefix; the record's keys have the same hash tag. */
  readonly prefix?: string;
}

export function openRecord(deps: Dependencies) {
  const { redis, now, prefix = PREFIX, identityOf = (account: string): string => account } = deps;
  const record = recordOf(prefix);
  const { replicas = makeReplicas({ redis, record }) } = deps;
  const base = { ...deps, record, replicas, identityOf };
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
    media: makeMediaStore(base),
    materials: makeMaterialStore(base),
    statistics: makeStatisticsStore(base),
    audienceNames: makeAudienceNames(base),
    audiences: makeAudienceStore(base),
    composed: makeComposedStore(base),
  };
}
