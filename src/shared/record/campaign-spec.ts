/**
 * A campaign's specification. Once it has begun it never changes, so it is kept: a batch costs no
 * read of it. Before that its times may change.
 */
import type { Campaign, Control } from '../campaign/campaign.ts';
import type { Redis } from '../platform/redis.ts';
import type { Keys } from './keys.ts';
import { stored, storedCampaign } from './stored.ts';

const MOST_KEPT = 1_000;

export function makeSpecs({ redis, keys }: { readonly redis: Redis; readonly keys: Keys }) {
  const kept = new Map<string, Campaign>();

  const of = (id: string, text: string, { phase }: Control): Campaign =>
    kept.get(id) ??
    (phase === 'accepted' ? storedCampaign(text) : keepIn(kept, id, storedCampaign(text)));

  return {
    /** From its text, where that was read together with other fields. */
    of,

    /** It has begun: from now on it never changes. */
    begun(campaign: Campaign): void {
      if (!kept.has(campaign.id)) keepIn(kept, campaign.id, campaign);
    },

    async spec(id: string): Promise<Campaign | null> {
      const known = kept.get(id);
      if (known) return known;
      const [text, control] = await redis.hmget(keys.campaign(id), 'spec', 'control');
      return text && control ? of(id, text, stored<Control>(control)) : null;
    },
  };
}

/** Keeps the newest of them. */
export function keepIn<T>(kept: Map<string, T>, id: string, value: T): T {
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value ?? '');
  kept.set(id, value);
  return value;
}
