/** Which campaigns there are: listed, open, or not yet handed on to BullMQ. */
import type { Redis } from 'ioredis';
import { type Campaign, type CampaignView, type Control, isEnded } from '../campaign/campaign.ts';
import { acceptedAt } from '../campaign/campaign-id.ts';
import { commit } from './commit.ts';
import type { Keys } from './keys.ts';
import type { ReadCampaign } from './read-campaign.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly read: ReadCampaign['read'];
  readonly viewNow: ReadCampaign['viewNow'];
  readonly spec: ReadCampaign['spec'];
}

/** Its end is still to be told, or what changed after it. */
export type WebhookKind = 'webhook' | 'corrected';

export function makeCampaignIndex({ redis, keys, read, viewNow, spec }: Dependencies) {
  /** The outbox holds what was accepted and may not have reached BullMQ yet. */
  async function rootIsThere(id: string): Promise<void> {
    await redis.zrem(keys.outbox(), `root:${id}`);
  }

  async function webhookIsThere(id: string, kind: WebhookKind): Promise<void> {
    await redis.zrem(keys.outbox(), `${kind}:${id}`);
  }

  /** Entries that have lain there for longer than it takes to hand them on. */
  async function outbox(before: number): Promise<{ kind: string; id: string }[]> {
    const entries = await redis.zrangebyscore(keys.outbox(), 0, before);
    return entries.map((entry) => {
      const colon = entry.indexOf(':');
      return { kind: entry.slice(0, colon), id: entry.slice(colon + 1) };
    });
  }

  /** Campaigns that have not ended; `dueBy`: only those whose notAfter has passed by then. */
  async function open({ dueBy }: { dueBy?: number } = {}): Promise<string[]> {
    return redis.zrangebyscore(keys.open(), 0, dueBy ?? '+inf');
  }

  /**
   * Puts campaigns back among the open ones that have not ended and are missing there. Looks at
   * `limit` of those that are kept, from the newest but `from` on.
   *
   * @returns where to go on, 0 after the last; and how many were put back.
   */
  async function reclaim(from: number, limit: number): Promise<{ next: number; found: number }> {
    const ids = await redis.zrevrange(keys.campaigns(), from, from + limit - 1);
    const found = await Promise.all(ids.map(reclaimOne));
    return {
      next: ids.length < limit ? 0 : from + limit,
      found: found.filter(Boolean).length,
    };
  }

  /** Nothing is left of it but its place among the open ones. */
  async function forget(id: string): Promise<boolean> {
    return (await redis.zrem(keys.open(), id)) === 1;
  }

  async function reclaimOne(id: string): Promise<boolean> {
    const key = keys.campaign(id);
    const [[specText, is], score, entries] = await Promise.all([
      redis.hmget(key, 'spec', 'control'),
      redis.zscore(keys.open(), id),
      redis.llen(keys.audit(id)),
    ]);
    if (!specText || !is || score !== null || isEnded(JSON.parse(is) as Control)) return false;
    // Its first audit entry is written last: without it nobody was told that it is accepted.
    if (entries === 0) return false;
    const { notAfter } = JSON.parse(specText) as Campaign;
    return commit(
      redis,
      [{ key, field: 'control', is }],
      [['ZADD', keys.open(), 'NX', notAfter, id]],
    );
  }

  /** Accounts that have a campaign which has not ended. */
  async function openAccounts(): Promise<ReadonlySet<string>> {
    const specs = await Promise.all((await open()).map(spec));
    return new Set(specs.flatMap((campaign) => (campaign ? [campaign.account] : [])));
  }

  /** The cursor's own campaign may have gone since; its id still says when it was. */
  async function placeAfter(index: string, cursor: string): Promise<number> {
    const rank = await redis.zrevrank(index, cursor);
    if (rank !== null) return rank + 1;
    // Those of its own millisecond stand in the order of their ids.
    const at = acceptedAt(cursor);
    const [later, beside] = await Promise.all([
      redis.zcount(index, `(${at}`, '+inf'),
      redis.zrangebyscore(index, at, at),
    ]);
    return later + beside.filter((id) => id > cursor).length;
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
      campaigns: await Promise.all(found.filter((one) => one !== null).map(viewNow)),
      next: ids.length === limit ? (ids.at(-1) ?? null) : null,
    };
  }

  return { rootIsThere, webhookIsThere, outbox, open, forget, reclaim, openAccounts, list };
}
