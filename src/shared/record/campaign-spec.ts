/** A campaign's specification. It never changes, so it is kept: a batch costs no read of it. */
import type { Campaign } from '../campaign/campaign.ts';
import type { Redis } from '../platform/redis.ts';
import type { Keys } from './keys.ts';
import { storedCampaign } from './stored.ts';

const MOST_KEPT = 1_000;

export function makeSpecs({ redis, keys }: { readonly redis: Redis; readonly keys: Keys }) {
  const kept = new Map<string, Campaign>();

  const of = (id: string, text: string): Campaign =>
    kept.get(id) ?? keepIn(kept, id, storedCampaign(text));

  return {
    /** From its text, where that was read together with other fields. */
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
