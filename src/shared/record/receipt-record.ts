/**
 * The part of the record that the callback service opens, which alone is open to the internet:
 * receipts and what is noted of an account's events. It must not load what reads other people's files.
 */
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { makeBatchStore } from './batch-store.ts';
import { makeSpecs } from './campaign-spec.ts';
import { makeKeys, recordOf } from './keys.ts';
import { makeLaneStore } from './lane-store.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly retainMs: number;
  readonly submitTimeoutMs: number;
  readonly now: () => number;
  readonly identityOf: IdentityOf;
  readonly prefix: string;
}

export function openReceiptRecord({ redis, prefix, ...deps }: Dependencies) {
  const record = recordOf(prefix);
  const campaigns = makeSpecs({ redis, keys: makeKeys(record) });
  return {
    batches: makeBatchStore({ redis, record, campaigns, ...deps }),
    lanes: makeLaneStore({ redis, record, identityOf: deps.identityOf }),
  };
}
