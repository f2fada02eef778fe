/** What a campaign was accepted as. It never changes: kept, so that a batch costs no read of it. */

import type { Campaign } from '../campaign/campaign.ts';
import { ServiceError } from '../platform/errors.ts';
import type { Redis } from '../platform/redis.ts';
import type { Keys } from './keys.ts';

const MOST_KEPT = 1_000;

export function makeSpecs({ redis, keys }: { readonly redis: Redis; readonly keys: Keys }) {
  const kept = new Map<string, Campaign>();

  const of = (id: string, text: string): Campaign =>
    kept.get(id) ?? keepIn(kept, id, parseCampaign(text));

  return {
    /** From its text, as it was read together with other things. */
    of,

    async spec(id: string): Promise<Campaign | null> {
      const known = kept.get(id);
      if (known) return known;
      const text = await redis.hget(keys.campaign(id), 'spec');
      return text === null ? null : of(id, text);
    },
  };
}

/** Keeps the newest of them. */
export function keepIn<T>(kept: Map<string, T>, id: string, value: T): T {
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value ?? '');
  kept.set(id, value);
  return value;
}

/** @throws {ServiceError} `RECORD_NEWER`: a newer program accepted it. */
export function parseCampaign(text: string): Campaign {
  const campaign = JSON.parse(text) as Campaign;
  if (campaign.v <= 1) return campaign;
  const details = { campaignId: campaign.id, version: campaign.v };
  throw new ServiceError('RECORD_NEWER', 'a newer program accepted this campaign', { details });
}
