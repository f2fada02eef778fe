/** Everything this product remembers, opened on one Redis connection. */
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { type AttentionStore, makeAttentionStore } from './attention.ts';
import { type AudienceNames, makeAudienceNames } from './audience-names.ts';
import { type AudienceStore, makeAudienceStore } from './audience-store.ts';
import { type BatchStore, makeBatchStore } from './batch-store.ts';
import { type CampaignStore, makeCampaignStore } from './campaign-store.ts';
import { makeKeys, PREFIX, recordOf } from './keys.ts';
import { type LaneStore, makeLaneStore } from './lane-store.ts';
import { type MaterialStore, makeMaterialStore } from './material-store.ts';
import { type MediaStore, makeMediaStore } from './media-store.ts';
import { makeQuotaLedger, type QuotaLedger } from './quota-ledger.ts';
import { makeRecount, type Recount } from './recount.ts';
import { makeServingStore, type ServingStore } from './serving-store.ts';

export interface Stores {
  readonly identityOf: IdentityOf;
  readonly campaigns: CampaignStore;
  readonly batches: BatchStore;
  readonly lanes: LaneStore;
  readonly attention: AttentionStore;
  readonly recount: Recount;
  readonly workers: ServingStore;
  readonly quota: QuotaLedger;
  readonly media: MediaStore;
  readonly materials: MaterialStore;
  readonly audiences: AudienceStore;
  readonly audienceNames: AudienceNames;
}

interface Dependencies {
  readonly redis: Redis;
  readonly retainMs: number;
  readonly submitTimeoutMs: number;
  readonly now: () => number;
  /** Without it every account's name stands for itself. */
  readonly identityOf?: IdentityOf;
  /** BullMQ's prefix; the record lives beside it under the same hash tag. */
  readonly prefix?: string;
}

export function openRecord(deps: Dependencies): Stores {
  const { redis, retainMs, submitTimeoutMs, now, prefix = PREFIX } = deps;
  const { identityOf = (account) => account } = deps;
  const record = recordOf(prefix);
  const workers = makeServingStore({ redis, keys: makeKeys(record), now });
  const { serving } = workers;
  const lanes = makeLaneStore({ redis, record, identityOf });
  const attention = makeAttentionStore({ redis, record, now });
  const campaigns = makeCampaignStore({
    ...{ redis, record, retainMs, serving, now },
    lane: lanes.read,
  });
  return {
    identityOf,
    campaigns,
    workers,
    batches: makeBatchStore({
      redis,
      record,
      campaigns,
      identityOf,
      submitTimeoutMs,
      retainMs,
      now,
    }),
    lanes,
    attention,
    recount: makeRecount({ redis, record, campaigns, identityOf, attention }),
    quota: makeQuotaLedger({ redis, record, identityOf, now }),
    media: makeMediaStore({ redis, record, retainMs, now }),
    materials: makeMaterialStore({ redis, record, identityOf, now }),
    audienceNames: makeAudienceNames({ redis, record, identityOf, now }),
    audiences: makeAudienceStore({ redis, record, retainMs, now }),
  };
}
