/** Tells whoever watches a campaign that it has changed: one Redis connection for all of them. */
import type { Redis } from '../../shared/platform/redis.ts';
import { makeKeys } from '../../shared/record/keys.ts';

export interface CampaignFeed {
  /** @returns what ends the watching. */
  watch(campaignId: string, changed: () => void): () => void;
  stop(): Promise<void>;
}

interface Dependencies {
  /** Its own: a subscribed connection can do nothing else. */
  readonly redis: Redis;
  /** One a shard. */
  readonly records: readonly string[];
}

export function openCampaignFeed({ redis, records }: Dependencies): CampaignFeed {
  const channels = records.map((record) => makeKeys(record).feed());
  const watchers = new Map<string, Set<() => void>>();

  redis.on('message', (_channel: string, id: string) => {
    for (const changed of watchers.get(id) ?? []) changed();
  });
  // What was said while Redis was away was heard by nobody.
  redis.on('ready', () => {
    for (const some of watchers.values()) for (const changed of some) changed();
  });
  // ioredis subscribes again by itself after an outage; this one waits for the first connection.
  redis.subscribe(...channels).catch(() => undefined);

  return {
    watch(campaignId, changed) {
      const some = watchers.get(campaignId) ?? new Set();
      watchers.set(campaignId, some.add(changed));
      return () => {
        some.delete(changed);
        if (some.size === 0 && watchers.get(campaignId) === some) watchers.delete(campaignId);
      };
    },
    async stop() {
      watchers.clear();
      redis.disconnect();
    },
  };
}
