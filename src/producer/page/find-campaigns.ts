/** The campaigns that a filter means, in an order. */
import { CAMPAIGN_STATES, type CampaignState } from '../../shared/campaign/campaign.ts';
import { MESSAGE_TYPES } from '../../shared/campaign/message.ts';
import { OUTCOMES } from '../../shared/campaign/outcome.ts';
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import { CAMPAIGN_ID } from '../../shared/contract/campaigns.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { between, isDay } from './times.ts';

export const SORTS = ['newest', 'oldest', 'begins', 'sent', 'failed'] as const;
export type Sort = (typeof SORTS)[number];

/** As the address has it; an empty value means any. */
export interface Filter {
  readonly account?: string;
  /** A state, or an outcome of a completed one. */
  readonly state?: string;
  readonly type?: string;
  /** `2026-12-01`: begins on that day. */
  readonly day?: string;
  readonly by?: string;
  readonly word?: string;
  readonly sort?: string;
  /** Whether the operator may see this account. */
  readonly isAllowed?: (account: string) => boolean;
}

export interface Found {
  readonly campaigns: readonly CampaignView[];
  /** How many there are; at least, where `isAll` is false. */
  readonly total: number;
  readonly isAll: boolean;
}

/** Looked at for one answer, from the newest on. */
export const SEARCHED = 2_000;
const AT_ONCE = 100;

type List = CampaignStore['list'];

/** The newest that are meant, of as many as one answer looks at; `isEnough` may end it before. */
async function listSome(
  list: List,
  where: Omit<Parameters<List>[0], 'limit' | 'cursor'>,
  { isMeant = () => true, isEnough = () => false }: Choice = {},
): Promise<{ campaigns: CampaignView[]; isAll: boolean }> {
  const campaigns: CampaignView[] = [];
  let cursor: string | null = null;
  let looked = 0;
  do {
    const page: Awaited<ReturnType<List>> = await list({
      ...where,
      limit: AT_ONCE,
      ...(cursor === null ? {} : { cursor }),
    });
    looked += page.looks * AT_ONCE;
    campaigns.push(...page.campaigns.filter(isMeant));
    cursor = page.next;
  } while (cursor !== null && looked < SEARCHED && !isEnough(campaigns.length));
  return { campaigns, isAll: cursor === null };
}

interface Choice {
  readonly isMeant?: (view: CampaignView) => boolean;
  readonly isEnough?: (found: number) => boolean;
}

/** @param to how many of the newest will do, where no other order is wanted. */
export async function findCampaigns(
  { list }: Pick<CampaignStore, 'list'>,
  filter: Filter,
  to = SEARCHED,
): Promise<Found> {
  const state = CAMPAIGN_STATES.find((one) => one === stateOf(filter));
  const { account, day = '', by, word, type, isAllowed = () => true } = filter;
  const where = {
    ...(account ? { account } : {}),
    ...(isDay(day) ? between(day, day) : {}),
    ...(word && !CAMPAIGN_ID.test(word) ? { search: word } : {}),
    ...(by ? { createdBy: by } : {}),
    messageType: MESSAGE_TYPES.find((one) => one === type),
    isAllowed,
    state,
  };
  const isNewest = (filter.sort || 'newest') === 'newest';
  const { campaigns, isAll } = await listSome(list, where, {
    isMeant: (view) => fits(view, filter),
    isEnough: (found) => isNewest && found > to,
  });
  return { campaigns: inOrder(campaigns, filter.sort), total: campaigns.length, isAll };
}

const isOutcome = (text: string | undefined): boolean => OUTCOMES.some((one) => one === text);

const stateOf = ({ state = '' }: Filter): CampaignState | string =>
  isOutcome(state) ? 'completed' : state;

/** What no index tells. */
const fits = ({ outcome, id, name }: CampaignView, { state = '', word = '' }: Filter): boolean =>
  (!isOutcome(state) || outcome === state) &&
  (id === word || name.toLowerCase().includes(word.toLowerCase()));

function inOrder(views: readonly CampaignView[], sort: string | undefined): CampaignView[] {
  const by = ORDERS[sort ?? ''];
  return by ? views.toSorted(by) : [...views];
}

const ORDERS: Readonly<Record<string, (a: CampaignView, b: CampaignView) => number>> = {
  oldest: (a, b) => (a.id < b.id ? -1 : 1),
  begins: (a, b) => Date.parse(a.sendAt) - Date.parse(b.sendAt),
  sent: (a, b) => (b.receipt.sent ?? -1) - (a.receipt.sent ?? -1),
  failed: (a, b) => (b.receipt.failed ?? -1) - (a.receipt.failed ?? -1),
};
