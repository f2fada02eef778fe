/**
 * What a campaign would cost and when it would end, told before anything is sent.
 *
 * Pure. It counts the calls as the workers make them, spends them at the lane's pace, and goes on
 * at eight in the morning, Beijing time, where a day's calls do not suffice.
 */

import { DAY, MINUTE } from '../platform/time.ts';
import type { ApprovalPolicy } from './approval.ts';
import { type Audience, usesSendAll } from './audience.ts';
import { rfc3339 } from './campaign.ts';
import { batchCount } from './cut.ts';
import {
  ADD_DRAFT,
  type DailyQuota,
  dailyQuotas,
  type QuotaAccount,
  SEND,
  SEND_ALL,
  sendsPerDay,
  UPLOAD_NEWS,
} from './daily-quotas.ts';
import type { StopFacts } from './lane.ts';
import { copiesDraft, type Message, needsNews, type UploadRoute, uploadsOf } from './message.ts';
import { planAdvice } from './plan-advice.ts';
import {
  beijingDayStart,
  everyoneFrom,
  isSameMonth,
  morningAfter,
  type SentToEveryone,
} from './quota-window.ts';

export interface PlanInput {
  readonly account: QuotaAccount & {
    readonly name: string;
    readonly callsPerMinute: number;
    readonly approval: ApprovalPolicy;
  };
  readonly audience: Audience;
  /** Null where nobody has counted: group, tag, everyone, and followers before they are read. */
  readonly recipients: number | null;
  readonly message: Message;
  readonly route: UploadRoute;
  /** Calls made today, by path. */
  readonly calls: Readonly<Record<string, number>>;
  /** Batches of other campaigns that the lane still has to call, laid out or not. */
  readonly ahead: number;
  /** The lane makes no call before this. */
  readonly laneFreeAt: number;
  /** Accepted from us; what the console sends is known to WeChat alone. */
  readonly toEveryone: SentToEveryone;
  /** Why no call is made at all until an operator acts. */
  readonly laneStopped?: StopFacts;
  readonly sendAt: number;
  readonly notAfter: number;
  readonly now: number;
}

export type CampaignPlan = ReturnType<typeof planOf>;

/** The shape of the contract's `PlannedCampaign`: `calls` are needed at most, by API path. */
export function planOf(input: PlanInput) {
  const { account, audience, recipients, notAfter, now } = input;
  const wholesale = usesSendAll(audience);
  const batches = wholesale ? 1 : recipients === null ? null : batchCount(recipients);
  const calls = callsOf(input, batches);
  const all = dailyQuotas(account, input.calls);
  const quota = Object.fromEntries(
    Object.entries(all).filter(([path]) => calls[path] !== undefined),
  );
  const late = uploadsThatWait(calls, quota);
  // A draft is made just before its batch goes, so a day sends no more than it makes drafts.
  const draftsPerDay = calls[ADD_DRAFT] ? (all[ADD_DRAFT]?.perDay ?? 0) : Number.POSITIVE_INFINITY;
  const perDay = Math.min(sendsPerDay(account), draftsPerDay);
  const wanted = Math.max(input.sendAt, now, input.laneFreeAt);
  const limited = audience.type === 'everyone' && account.kind === 'service';
  const earliest = limited ? Math.max(wanted, everyoneFrom(knownAt(input, wanted), now)) : wanted;
  const begins = late.length > 0 && isToday(earliest, now) ? morningAfter(now) : earliest;
  const usedToday = (input.calls[SEND] ?? 0) + (input.calls[SEND_ALL] ?? 0);
  const leftToday = Math.max(
    0,
    Math.min(sendsPerDay(account) - usedToday, draftsPerDay - (input.calls[ADD_DRAFT] ?? 0)),
  );
  const pass = (count: number) =>
    walk({
      count: count + input.ahead,
      from: begins,
      used: isToday(begins, now) ? perDay - leftToday : 0,
      perDay,
      spacing: MINUTE / account.callsPerMinute,
    });
  const ends = batches === null ? null : pass(batches);
  return {
    account: account.name,
    recipients,
    batches,
    calls,
    quota,
    rate: { perMinute: account.callsPerMinute },
    begins: rfc3339(begins),
    ends: ends === null ? null : rfc3339(ends),
    notAfter: rfc3339(notAfter),
    fitsNotAfter: ends === null ? null : ends < notAfter,
    advice: planAdvice({
      input,
      batches,
      wholesale,
      sendsLeft: Math.max(0, sendsPerDay(account) - usedToday),
      perDay: sendsPerDay(account),
      late,
      ends,
    }),
  };
}

function callsOf(input: PlanInput, batches: number | null) {
  const { message, route, audience } = input;
  const calls: Record<string, number> = {};
  const need = (path: string, count = 1): void => {
    calls[path] = (calls[path] ?? 0) + count;
  };
  for (const { kind } of uploadsOf(message, route)) {
    if (kind === 'article-picture') need('media/uploadimg');
    else if (kind === 'permanent') need('material/add_material');
    else need('media/upload');
    if (kind === 'mpvideo') need('media/uploadvideo');
  }
  if (needsNews(message)) {
    if (route.newsBy === 'uploadnews') need(UPLOAD_NEWS);
    else need(ADD_DRAFT, batches ?? 1);
  } else if (copiesDraft(message, batches)) {
    need(ADD_DRAFT, batches ?? 1);
  }
  if (usesSendAll(audience)) need(SEND_ALL);
  else if (batches !== null) need(SEND, batches);
  return calls;
}

/** Paths before the send whose calls of today do not suffice. */
const uploadsThatWait = (
  calls: Readonly<Record<string, number>>,
  quota: Readonly<Record<string, DailyQuota>>,
): string[] =>
  Object.entries(quota)
    .filter(([path]) => path !== SEND && path !== SEND_ALL && path !== ADD_DRAFT)
    .filter(([path, { left }]) => left < (calls[path] ?? 0))
    .map(([path]) => path);

/** What was sent in another month than the campaign's does not count. */
const knownAt = ({ toEveryone, now }: PlanInput, at: number): SentToEveryone =>
  isSameMonth(at, now) ? toEveryone : { today: 0, thisMonth: 0 };

const isToday = (at: number, now: number): boolean => beijingDayStart(at) === beijingDayStart(now);

interface Walk {
  readonly count: number;
  readonly from: number;
  /** Calls of the first day that are gone already. */
  readonly used: number;
  readonly perDay: number;
  readonly spacing: number;
}

/** Call by call through the days: when the last one is made. */
function walk({ count, from, used, perDay, spacing }: Walk): number {
  let at = from;
  let spent = used;
  for (let rest = count; ; ) {
    const midnight = beijingDayStart(at) + DAY;
    const take = Math.min(rest, perDay - spent, Math.ceil((midnight - at) / spacing));
    if (take === rest) return at + Math.max(0, take - 1) * spacing;
    rest -= take;
    // Only a day's quota makes it wait for the morning; at the lane's pace it goes on at midnight.
    at = spent + take === perDay ? morningAfter(at) : at + take * spacing;
    spent = 0;
  }
}
