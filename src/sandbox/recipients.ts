/** Whom a mass send asks for, and who of them gets it. */
import type { Account } from './account.ts';
import { type Refusal, refusal } from './answer.ts';
import { isOpenId } from './followers.ts';
import type { Audience, Rules } from './options.ts';
import { type Counts, NOBODY, NOTHING, type Receivers } from './send.ts';

export interface Recipients {
  readonly label: string;
  readonly who:
    | { readonly kind: 'list'; readonly openIds: readonly string[] }
    | { readonly kind: 'range'; readonly from: number; readonly to: number };
  readonly everyone?: boolean;
}

const MOST = 10_000;

/** `touser` of message/mass/send. */
export function readOpenIds(
  touser: unknown,
  account: Account,
  { switches }: Rules,
): Recipients | Refusal {
  if (!Array.isArray(touser)) return refusal(40031);
  if (touser.length === 0 || touser.length > MOST) return refusal(40032);
  const openIds = touser as readonly unknown[];
  if (!openIds.every((openId) => typeof openId === 'string')) return refusal(40031);
  const counted = switches.duplicateOpenIds === 'once' ? distinct(openIds) : openIds;
  if (counted.length < switches.leastOpenIds) return refusal(40130);
  if (!counted.every(isOpenId)) return refusal(40003);
  if (account.strangers !== 'followers') {
    // One who unfollowed is no stranger: recorded lists with such count them and filter them.
    const strangers = counted.filter((openId) => account.followers.placeOf(openId) === -1);
    if (strangers.length > 0 && account.strangers === 'refuse') {
      return refusal(switches.strangerErrcode);
    }
    if (counted.length - strangers.length < switches.leastOpenIds) return refusal(40130);
  }
  return { label: 'openids', who: { kind: 'list', openIds: counted } };
}

/** The same array where nothing is listed twice. */
function distinct(openIds: readonly string[]): readonly string[] {
  const seen = new Set(openIds);
  return seen.size === openIds.length ? openIds : [...seen];
}

/** `filter` of message/mass/sendall. */
export function readFilter(
  filter: unknown,
  account: Account,
  { switches }: Rules,
): Recipients | Refusal {
  const { protocol } = switches;
  if (typeof filter !== 'object' || filter === null) return refusal(40152);
  const { is_to_all, tag_id, group_id } = filter as Readonly<Record<string, unknown>>;
  if (is_to_all !== undefined && typeof is_to_all !== 'boolean') return refusal(40008);
  if (is_to_all === true) {
    if (switches.everyoneNeedsTagId && tag_id === undefined) return refusal(40152);
    return {
      label: 'everyone',
      who: { kind: 'range', from: 0, to: account.followers.positions },
      everyone: true,
    };
  }
  // Today's filter says what it is not; only the seed's left it out.
  if (is_to_all === undefined && protocol === 'today') return refusal(40152);
  const tags = protocol === '2014' ? [] : account.tags;
  return (
    audienceNamed(tag_id, tags, 'tag') ??
    audienceNamed(group_id, account.groups, 'group') ??
    refusal(switches.unknownAudienceErrcode)
  );
}

function audienceNamed(
  id: unknown,
  audiences: readonly Audience[],
  kind: 'tag' | 'group',
): Recipients | undefined {
  const audience = audienceWithId(id, audiences);
  if (!audience) return undefined;
  const { members } = audience;
  return {
    label: `${kind} ${audience.id}`,
    who: Array.isArray(members)
      ? { kind: 'list', openIds: members as readonly string[] }
      : { kind: 'range', ...(members as { from: number; to: number }) },
  };
}

/** WeChat's own samples write ids of tags and groups as numbers and as text. */
export function audienceWithId(id: unknown, audiences: readonly Audience[]): Audience | undefined {
  if (typeof id !== 'number' && (typeof id !== 'string' || !/^\d+$/.test(id))) return undefined;
  return audiences.find((other) => other.id === Number(id));
}

/** What an event's status says of everybody. */
export type Fate = 'delivered' | 'refused' | 'failed-for-all';

/**
 * Delivers: counts, and who received it. A refused send reaches nobody and counts nobody; one that
 * fails for all gets through the filter and no further.
 */
export function deliver(
  { who, everyone }: Recipients,
  account: Account,
  fate: Fate,
): { counts: Counts; receivers: Receivers } {
  if (fate === 'refused') {
    return { counts: NOTHING, receivers: NOBODY };
  }
  const { total, filtered, failing, receivers } =
    who.kind === 'list'
      ? toList(who.openIds, account)
      : toRange(who.from, everyone ? account.followers.positions : who.to, account);
  const filter = total - filtered;
  if (fate === 'failed-for-all') {
    return { counts: { total, filter, sent: 0, error: filter }, receivers: NOBODY };
  }
  return { counts: { total, filter, sent: filter - failing, error: failing }, receivers };
}

interface Reach {
  readonly total: number;
  readonly filtered: number;
  readonly failing: number;
  readonly receivers: Receivers;
}

/** Four a month is for service accounts; a subscription account is held to its one send a day. */
const monthlyLimitHolds = (account: Account): boolean =>
  account.kind === 'service' && !account.monthly.unlimited;

function toList(openIds: readonly string[], account: Account): Reach {
  const nobodyIsSpecial =
    account.refusing.size === 0 &&
    account.failing.size === 0 &&
    account.strangers !== 'filtered' &&
    account.followers.count === account.followers.positions &&
    !monthlyLimitHolds(account);
  const total = openIds.length;
  if (nobodyIsSpecial)
    return { total, filtered: 0, failing: 0, receivers: { kind: 'list', openIds } };

  const month = monthlyLimitHolds(account) ? account.monthly.page() : undefined;
  const eligible = openIds.filter(
    (openId) =>
      !account.refusing.has(openId) && !isAway(openId, account) && (month?.take(openId) ?? true),
  );
  const reached =
    account.failing.size === 0
      ? eligible
      : eligible.filter((openId) => !account.failing.has(openId));
  return {
    total,
    filtered: total - eligible.length,
    failing: eligible.length - reached.length,
    receivers: { kind: 'list', openIds: reached.length === total ? openIds : reached },
  };
}

/** Unfollowed, or a stranger where those are filtered. */
function isAway(openId: string, { followers, strangers }: Account): boolean {
  if (followers.positionOf(openId) !== -1) return false;
  return strangers === 'filtered' || followers.placeOf(openId) !== -1;
}

function toRange(from: number, to: number, account: Account): Reach {
  const positionsOf = (openIds: ReadonlySet<string>): Set<number> => {
    const positions = [...openIds].map((openId) => account.followers.positionOf(openId));
    return new Set(positions.filter((position) => position >= from && position < to));
  };
  const gone = account.followers.goneWithin(from, to);
  const except = new Set([...gone, ...positionsOf(account.refusing)]);
  if (monthlyLimitHolds(account)) {
    const month = account.monthly.page();
    for (let position = from; position < to; position += 1) {
      if (!except.has(position) && !month.takeAt(position)) except.add(position);
    }
  }
  const filtered = except.size - gone.length;
  for (const position of positionsOf(account.failing)) except.add(position);
  return {
    total: to - from - gone.length,
    filtered,
    failing: except.size - filtered - gone.length,
    receivers: { kind: 'range', from, to, except, at: account.followers.at },
  };
}
