/** What needs an operator: from the index, each entry held against the record before it is shown. */
import { ATTENTION_KINDS, type AttentionKind } from '../campaign/attention.ts';
import { rfc3339 } from '../campaign/campaign.ts';
import { pauseOf } from '../campaign/lane.ts';
import type { Attention } from '../contract/attention.ts';
import { MINUTE } from '../platform/time.ts';
import type { AttentionEntry, OverdueReceipts } from '../record/attention.ts';
import type { Stores } from '../record/record.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'attention' | 'campaigns' | 'lanes'>;
  /** After it WeChat is asked for a receipt. */
  readonly receiptDeadlineMs: number;
  readonly now: () => number;
}

interface Asked {
  readonly limit: number;
  /** The place of the item after which to go on. */
  readonly cursor?: string | undefined;
  readonly account?: string | undefined;
  readonly kind?: AttentionKind | undefined;
  /** Whether the caller may see this account. */
  readonly isAllowed?: (account: string) => boolean;
}

export interface AttentionList {
  readonly count: number;
  readonly counts: Readonly<Partial<Record<AttentionKind, number>>>;
  readonly items: readonly Attention[];
  readonly next: string | null;
}

/** An event comes within seconds, as a rule. */
export const EVENT_WITHIN = 10 * MINUTE;
/** Of a host whose address WeChat refused; it is tried again every five minutes. */
const REFUSED_LATELY = 15 * MINUTE;

export type ListAttention = ReturnType<typeof makeListAttention>;

export function makeListAttention({ stores, receiptDeadlineMs, now }: Dependencies) {
  const { attention, campaigns, lanes } = stores;

  return async function listAttention(asked: Asked): Promise<AttentionList> {
    const { limit, cursor, account, kind, isAllowed = () => true } = asked;
    const overdue = await attention.overdueReceipts(now() - EVENT_WITHIN);
    const silent = [...overdue].map(([name, { since }]): AttentionEntry => {
      return { kind: 'no-callback', account: name, since };
    });
    const wanted = inOrder([...(await attention.entries()), ...silent]).filter(
      (entry) =>
        isAllowed(entry.account) &&
        (account === undefined || entry.account === account) &&
        (kind === undefined || entry.kind === kind),
    );
    const counts = countsOf(wanted);
    const from = cursor === undefined ? 0 : wanted.findIndex((entry) => isAfter(entry, cursor));
    const items: Attention[] = [];
    let at = from < 0 ? wanted.length : from;
    for (; at < wanted.length && items.length < limit; at += 1) {
      const entry = wanted[at] as AttentionEntry;
      const item = await describe(entry, overdue);
      if (item) items.push(item);
      else {
        counts[entry.kind] = (counts[entry.kind] ?? 1) - 1;
        await attention.drop(entry, async () => (await describe(entry, overdue)) !== null);
      }
    }
    const last = wanted[at - 1];
    return {
      count: Object.values(counts).reduce((sum, count) => sum + count, 0),
      counts: Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      items,
      next: at < wanted.length && last ? placeOf(last) : null,
    };
  };

  /** Null where it does not hold just now. */
  async function describe(
    entry: AttentionEntry,
    overdue: ReadonlyMap<string, OverdueReceipts>,
  ): Promise<Attention | null> {
    if (entry.kind === 'no-callback') return silence(entry, overdue.get(entry.account));
    return entry.campaignId ? ofCampaign(entry, entry.campaignId) : ofAccount(entry);
  }

  async function ofCampaign(entry: AttentionEntry, id: string): Promise<Attention | null> {
    const { kind, account, since } = entry;
    const campaign = await campaigns.view(id);
    // Its retention period has passed.
    if (!campaign) return null;
    const { notAfter, batches, waiting } = campaign;
    const common = { kind, account, campaign, since: rfc3339(since) };
    switch (kind) {
      case 'outcome-unknown':
        return { ...common, batches: batches.held, next: NOTHING, todo: 'resolve' };
      case 'approval-needed':
        return { ...common, next: { code: 'cancels', at: notAfter }, todo: 'approve-or-reject' };
      case 'wechat-approval': {
        if (waiting?.reason !== 'wechat-approval') return null;
        const { until } = waiting;
        const next = until === null ? NOTHING : ({ code: 'tries-again', at: until } as const);
        return { ...common, next, todo: 'agree-in-wechat' };
      }
      case 'campaign-paused':
        return { ...common, next: { code: 'cancels', at: notAfter }, todo: 'resume-or-cancel' };
      case 'batches-refused':
        return {
          ...common,
          batches: batches.refused,
          next: NOTHING,
          todo: 'retry-or-acknowledge',
        };
      case 'campaign-failed':
        return { ...common, next: NOTHING, todo: 'acknowledge' };
      case 'webhook-failing': {
        const failure = await campaigns.webhookFailure(id);
        if (!failure) return null;
        const { nextAt, ...webhook } = failure;
        return nextAt == null
          ? { ...common, webhook, next: NOTHING, todo: 'replay-webhook' }
          : {
              ...common,
              webhook,
              next: { code: 'tries-again', at: rfc3339(nextAt) },
              todo: 'fix-webhook',
            };
      }
      default:
        return null;
    }
  }

  async function ofAccount({ kind, account, since }: AttentionEntry): Promise<Attention | null> {
    const common = { kind, account, since: rfc3339(since) };
    const lane = await lanes.read(account);
    const { sendBlocked, refusedHosts = {} } = lane;
    const paused = pauseOf(lane);
    if (kind === 'address-refused') {
      const hosts = Object.entries(refusedHosts)
        .filter(([, at]) => at > now() - REFUSED_LATELY)
        .map(([host]) => host);
      const next = { code: 'tries-again' } as const;
      return hosts.length > 0 && !paused ? { ...common, hosts, next, todo: 'add-address' } : null;
    }
    const stop = paused ?? sendBlocked;
    return stop && kind === 'account-stopped'
      ? { ...common, stop, next: NOTHING, todo: 'resume-account' }
      : null;
  }

  async function silence(
    { kind, account, since }: AttentionEntry,
    overdue: OverdueReceipts | undefined,
  ): Promise<Attention> {
    const { lastEventAt } = await lanes.facts(account);
    const asksAt = since + receiptDeadlineMs;
    return {
      ...{ kind, account, since: rfc3339(since) },
      batches: overdue?.batches ?? 0,
      lastEventAt: lastEventAt === undefined ? null : rfc3339(lastEventAt),
      next: { code: 'asks-wechat', ...(asksAt > now() ? { at: rfc3339(asksAt) } : {}) },
      todo: 'check-callback',
    };
  }
}

const NOTHING = { code: 'nothing' } as const;

const rankOf = ({ kind }: AttentionEntry): number => ATTENTION_KINDS.indexOf(kind);

/** Sorts as its place in the list does. */
const placeOf = (entry: AttentionEntry): string =>
  [
    String.fromCharCode(97 + rankOf(entry)),
    String(entry.since).padStart(15, '0'),
    entry.account,
    entry.campaignId ?? '',
  ].join('.');

const inOrder = (entries: readonly AttentionEntry[]): AttentionEntry[] =>
  entries
    .map((entry) => ({ entry, place: placeOf(entry) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ entry }) => entry);

const isAfter = (entry: AttentionEntry, cursor: string): boolean => placeOf(entry) > cursor;

function countsOf(entries: readonly AttentionEntry[]): Partial<Record<AttentionKind, number>> {
  const counts: Partial<Record<AttentionKind, number>> = {};
  for (const { kind } of entries) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
