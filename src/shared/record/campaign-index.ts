/** Which campaigns there are: listed, open, or not yet handed on to BullMQ. */
import { type Campaign, type CampaignState, type Control, isEnded } from '../campaign/campaign.ts';
import { acceptedAt } from '../campaign/campaign-id.ts';
import type { CampaignView } from '../contract/campaign-view.ts';
import type { Redis } from '../platform/redis.ts';
import { listsOf, usersCommands } from './campaign-commands.ts';
import { commit } from './commit.ts';
import { accountsOf } from './installation.ts';
import type { Keys } from './keys.ts';
import type { ReadCampaign } from './read-campaign.ts';
import { stored, storedCampaign, storedOrNull } from './stored.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly read: ReadCampaign['read'];
  readonly viewNow: ReadCampaign['viewNow'];
  readonly spec: ReadCampaign['spec'];
}

/** The webhook of its end, or of a correction after it. */
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

  /** Of the open ones: those that have begun, the newest first; those that have not, the next first. */
  async function byTime(at: number): Promise<{ begun: string[]; coming: string[] }> {
    const [ids, planned] = await Promise.all([
      open(),
      redis.zrangebyscore(keys.planned(), `(${at}`, '+inf'),
    ]);
    const isOpen = new Set(ids);
    const coming = planned.filter((id) => isOpen.has(id));
    const isComing = new Set(coming);
    const begun = ids.filter((id) => !isComing.has(id)).sort();
    return { begun: begun.reverse(), coming };
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
    await forgetGone(ids);
    return {
      next: ids.length < limit ? 0 : from + limit,
      found: found.filter(Boolean).length,
    };
  }

  /** Removes from the open ones a campaign of which nothing else is left. */
  async function forget(id: string): Promise<boolean> {
    return (await redis.zrem(keys.open(), id)) === 1;
  }

  /** Takes out of the indexes what is no longer kept. */
  async function forgetGone(ids: readonly string[]): Promise<void> {
    const specs = await Promise.all(ids.map(spec));
    const gone = ids.filter((_, at) => !specs[at]);
    if (gone.length === 0) return;
    const accounts = accountsOf(await redis.hkeys(keys.installation()));
    const indexes = [
      keys.campaigns(),
      keys.planned(),
      ...accounts.map(keys.campaignsOf),
      ...ENDED.flatMap((state) => ['', ...accounts].map((one) => keys.endedAs(state, one))),
    ];
    await Promise.all([
      ...indexes.map((index) => redis.zrem(index, ...gone)),
      redis.hdel(keys.names(), ...gone),
    ]);
  }

  async function reclaimOne(id: string): Promise<boolean> {
    const key = keys.campaign(id);
    const [[specText, is, lists], score, entries] = await Promise.all([
      redis.hmget(key, 'spec', 'control', 'lists'),
      redis.zscore(keys.open(), id),
      redis.llen(keys.audit(id)),
    ]);
    if (!specText || !is || score !== null) return false;
    const control = stored<Control>(is);
    // Its first audit entry is written last: without it the caller got no answer.
    if (isEnded(control) || entries === 0) return false;
    const campaign = storedCampaign(specText);
    return commit(
      redis,
      [{ key, field: 'control', is }],
      [
        ['ZADD', keys.open(), 'NX', campaign.notAfter, id],
        ...usersCommands(keys, 'SADD', id, [
          ...listsOf(campaign, control),
          ...(storedOrNull<string[]>(lists) ?? []),
        ]),
      ],
    );
  }

  /** A campaign that has not ended and refers to this list, or null. */
  async function userOf(listId: string): Promise<string | null> {
    const ids = await redis.smembers(keys.audienceUsers(listId));
    if (ids.length === 0) return null;
    const scores = await redis.zmscore(keys.open(), ...ids);
    return ids.find((_, at) => scores[at] !== null) ?? null;
  }

  /** Campaigns of one account that have not ended. */
  const openOf = (account: string): Promise<string[]> =>
    redis.zinter(2, [keys.open(), keys.campaignsOf(account)]);

  /** Accounts that have a campaign which has not ended. */
  async function openAccounts(): Promise<ReadonlySet<string>> {
    const specs = await Promise.all((await open()).map(spec));
    return new Set(specs.flatMap((campaign) => (campaign ? [campaign.account] : [])));
  }

  /** The cursor's own campaign may be gone; its id still contains its time. */
  async function placeAfter(index: string, cursor: string): Promise<number> {
    const rank = await redis.zrevrank(index, cursor);
    if (rank !== null) return rank + 1;
    // Those of one millisecond are in the order of their ids.
    const at = acceptedAt(cursor);
    const [later, beside] = await Promise.all([
      redis.zcount(index, `(${at}`, '+inf'),
      redis.zrangebyscore(index, at, at),
    ]);
    return later + beside.filter((id) => id > cursor).length;
  }

  /**
   * Newest first. `cursor` is the id after which to go on. Where few of the campaigns are meant, a
   * page is short, or empty, and has a `next`: one call looks at a limited number.
   */
  async function list({ limit, mostLooks = MOST_LOOKS, ...where }: Asked): Promise<Listed> {
    const found: CampaignView[] = [];
    let looks = 0;
    let next: string | null = null;
    for await (const { ids, last } of candidates(where)) {
      looks += 1;
      next = last ?? null;
      const specs = await Promise.all(ids.map(spec));
      const meant = specs.flatMap((campaign) =>
        campaign && isMeant(campaign, where) ? campaign.id : [],
      );
      for (const view of await viewsOf(meant)) if (isSo(view, where)) found.push(view);
      // One more than asked for tells whether there is another page.
      if (found.length > limit || looks >= mostLooks) break;
    }
    const page = found.slice(0, limit);
    if (found.length > limit) next = page.at(-1)?.id ?? null;
    return { campaigns: page, next, looks };
  }

  /** From the index that names the fewest. */
  async function* candidates(where: Where): AsyncGenerator<Look> {
    if (where.search !== undefined) yield* named(where.search, where);
    else if (where.from !== undefined || where.until !== undefined) {
      yield* newestFirst(await planned(where), where);
    } else if (isOpenState(where.state)) yield* newestFirst(await open(), where);
    else yield* indexedIds(where);
  }

  async function* named(search: string, where: Where): AsyncGenerator<Look> {
    const word = search.toLowerCase();
    const index = indexOf(where);
    for (let from = await placeIn(index, where); ; from += NAMES_AT_ONCE) {
      const ids = await redis.zrevrange(index, from, from + NAMES_AT_ONCE - 1);
      const names = ids.length > 0 ? await redis.hmget(keys.names(), ...ids) : [];
      const isLast = ids.length < NAMES_AT_ONCE;
      yield {
        ids: ids.filter((_, at) => names[at]?.includes(word)),
        last: isLast ? undefined : ids.at(-1),
      };
      if (isLast) return;
    }
  }

  function indexOf({ account, state }: Where): string {
    if (state && !isOpenState(state)) return keys.endedAs(state, account);
    return account ? keys.campaignsOf(account) : keys.campaigns();
  }

  const placeIn = async (index: string, { cursor }: Where): Promise<number> =>
    cursor ? placeAfter(index, cursor) : 0;

  const planned = ({ from = 0, until = Number.MAX_SAFE_INTEGER }: Where): Promise<string[]> =>
    redis.zrangebyscore(keys.planned(), from, `(${until}`);

  async function viewsOf(ids: readonly string[]): Promise<CampaignView[]> {
    const found = await Promise.all(ids.map(read));
    return Promise.all(found.filter((one) => one !== null).map(viewNow));
  }

  /** What is no longer kept leaves the index. */
  async function* indexedIds(where: Where): AsyncGenerator<Look> {
    const index = indexOf(where);
    let from = await placeIn(index, where);
    for (;;) {
      const ids = await redis.zrevrange(index, from, from + AT_ONCE - 1);
      const isLast = ids.length < AT_ONCE;
      yield { ids, last: isLast ? undefined : ids.at(-1) };
      if (isLast) return;
      const specs = await Promise.all(ids.map(spec));
      const gone = ids.filter((_, at) => !specs[at]);
      if (gone.length > 0) await redis.zrem(index, ...gone);
      from += AT_ONCE - gone.length;
    }
  }

  /** An id begins with its time, so they sort by age. */
  async function* newestFirst(found: string[], { cursor }: Where): AsyncGenerator<Look> {
    const ids = found.sort().reverse();
    const rest = cursor === undefined ? ids : ids.filter((id) => id < cursor);
    for (let at = 0; at < rest.length; at += AT_ONCE) {
      const some = rest.slice(at, at + AT_ONCE);
      yield { ids: some, last: at + AT_ONCE < rest.length ? some.at(-1) : undefined };
    }
  }

  return {
    rootIsThere,
    webhookIsThere,
    outbox,
    open,
    byTime,
    forget,
    reclaim,
    userOf,
    openOf,
    openAccounts,
    list,
  };
}

interface Look {
  readonly ids: readonly string[];
  /** The last that was looked at, where there are more. */
  readonly last: string | undefined;
}

export interface Asked extends Where {
  readonly limit: number;
  readonly mostLooks?: number;
}

export interface Listed {
  readonly campaigns: CampaignView[];
  readonly next: string | null;
  /** How many times a hundred campaigns, or a thousand names, were looked at. */
  readonly looks: number;
}

export interface Where {
  readonly account?: string;
  /** Whether the caller may see this account. */
  readonly isAllowed?: (account: string) => boolean;
  readonly state?: CampaignState | undefined;
  /** `sendAt` from this time on, ms. */
  readonly from?: number | undefined;
  /** `sendAt` before this time, ms. */
  readonly until?: number | undefined;
  /** A part of the name, in any case. */
  readonly search?: string | undefined;
  readonly createdBy?: string | undefined;
  readonly messageType?: Campaign['messageType'] | undefined;
  readonly cursor?: string;
}

function isMeant(campaign: Campaign, where: Where): boolean {
  const { account, isAllowed, search, createdBy, messageType } = where;
  return (
    (account === undefined || campaign.account === account) &&
    (isAllowed === undefined || isAllowed(campaign.account)) &&
    (search === undefined || campaign.name.toLowerCase().includes(search.toLowerCase())) &&
    (createdBy === undefined || campaign.createdBy === createdBy) &&
    (messageType === undefined || campaign.messageType === messageType)
  );
}

function isSo(view: CampaignView, { state, from = 0, until }: Where): boolean {
  const sendAt = Date.parse(view.sendAt);
  return (
    (state === undefined || view.state === state) &&
    sendAt >= from &&
    (until === undefined || sendAt < until)
  );
}

const AT_ONCE = 100;
const NAMES_AT_ONCE = 1_000;
/** Of one call, whatever it is asked for: 2,000 campaigns, or 20,000 names. */
const MOST_LOOKS = 20;
const ENDED: readonly CampaignState[] = ['completed', 'failed', 'cancelled'];

const isOpenState = (state: CampaignState | undefined): boolean =>
  state !== undefined && !ENDED.includes(state);
