/** The record on a real Redis, with a campaign whose batches lie there. */
import { newBatch } from '../../src/shared/campaign/batch.ts';
import type { Campaign } from '../../src/shared/campaign/campaign.ts';
import { campaignId } from '../../src/shared/campaign/campaign-id.ts';
import type { Redis } from '../../src/shared/platform/redis.ts';
import { DAY, SECOND } from '../../src/shared/platform/time.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import type { Replicas } from '../../src/shared/record/replicas.ts';
import { aCampaign } from './builders.ts';
import { makeClock } from './clock.ts';

interface On {
  readonly redis: Redis;
  readonly prefix: string;
  readonly replicas?: Replicas;
}

export const SUBMIT_TIMEOUT = 10 * SECOND;

export function testStores({ redis, prefix, replicas }: On) {
  const clock = makeClock();
  const { now } = clock;
  const stores = openRecord({
    redis,
    prefix,
    ...(replicas ? { replicas } : {}),
    now,
    retainMs: 30 * DAY,
    submitTimeoutMs: SUBMIT_TIMEOUT,
  });

  async function accepted(
    changes: Partial<Campaign> = {},
    key: { readonly idempotencyKey?: string } = {},
  ): Promise<Campaign> {
    const at = now();
    const campaign = aCampaign({
      id: campaignId(at),
      createdAt: at,
      sendAt: at,
      notAfter: at + DAY,
      ...changes,
    });
    await stores.campaigns.accept({
      campaign,
      message: { type: 'text', content: 'hello' },
      requestDigest: key.idempotencyKey ?? campaign.id,
      contentDigest: campaign.id,
      repeatMeant: false,
      ...key,
    });
    return campaign;
  }

  /** With so many batches of 25, none called yet. */
  async function laidOut(count: number, changes: Partial<Campaign> = {}): Promise<Campaign> {
    const campaign = await accepted(changes);
    const batches = Array.from({ length: count }, (_, i) => newBatch(i + 1, 25));
    await stores.campaigns.layBatches(campaign.id, batches, { recipients: 25 * count });
    return campaign;
  }

  return { ...stores, clock, record: `${prefix}:record`, accepted, laidOut };
}
