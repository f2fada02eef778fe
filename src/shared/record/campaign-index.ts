/** Which campaigns there are: listed, open, or not yet handed on to BullMQ. */
import type { Redis } from 'ioredis';
import { type CampaignView, viewOf } from '../campaign/campaign.ts';
import { acceptedAt } from '../campaign/campaign-id.ts';
import type { Keys } from './keys.ts';
import type { ReadCampaign } from './read-campaign.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly read: ReadCampaign['read'];
  readonly spec: ReadCampaign['spec'];
}

export function makeCampaignIndex({ redis, keys, read, spec }: Dependencies) {
  /** The outbox holds what was accepted and may not have reached BullMQ yet. */
  async function rootIsThere(id: string): Promise<void> {
    await redis.zrem(keys.outbox(), `root:${id}`);
  }

  async function webhookIsThere(id: string): Promise<void> {
    await redis.zrem(keys.outbox(), `webhook:${id}`);
  }

  /** Entries that have lain there for longer than it takes to hand them on. */
  async function outbox(before: number, limit: number): Promise<{ kind: string; id: string }[]> {
    const entries = await redis.zrangebyscore(keys.outbox(), 0, before, 'LIMIT', 0, limit);
    return entries.map((entry) => {
      const colon = entry.indexOf(':');
      return { kind: entry.slice(0, colon), id: entry.slice(colon + 1) };
    });
  }

  /** Campaigns that have not ended; `dueBy`: only those whose notAfter has passed by then. */
  async function open({ dueBy }: { dueBy?: number } = {}): Promise<string[]> {
    return redis.zrangebyscore(keys.open(), 0, dueBy ?? '+inf');
  }

  /** Accounts that have a campaign which has not ended. */
  async function openAccounts(): Promise<ReadonlySet<string>> {
    const specs = await Promise.all((await open()).map(spec));
    return new Set(specs.flatMap((campaign) => (campaign ? [campaign.account] : [])));
  }

  /** The cursor's own campaign may have gone since; its id still says when it was. */
  async function placeAfter(index: string, cursor: string): Promise<number> {
    const rank = await redis.zrevrank(index, cursor);
    return rank === null ? redis.zcount(index, acceptedAt(cursor), '+inf') : rank + 1;
  }

  /** Newest first. `cursor` is the id after which to go on. */
  async function list({
    account,
    cursor,
    limit,
  }: {
    account?: string;
    cursor?: string;
    limit: number;
  }): Promise<{ campaigns: CampaignView[]; next: string | null }> {
    const index = account ? keys.campaignsOf(account) : keys.campaigns();
    const from = cursor ? await placeAfter(index, cursor) : 0;
    const ids = await redis.zrevrange(index, from, from + limit - 1);
    const found = await Promise.all(ids.map(read));
    const gone = ids.filter((_, at) => !found[at]);
    if (gone.length > 0) await redis.zrem(index, ...gone);
    return {
      campaigns: found.flatMap((one) =>
        one ? [viewOf(one.campaign, one.control, one.tally)] : [],
      ),
      next: ids.length === limit ? (ids.at(-1) ?? null) : null,
    };
  }

  return { rootIsThere, webhookIsThere, outbox, open, openAccounts, list };
}
