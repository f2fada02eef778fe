/** One account as an operator wants to see it: what is left, whether it moves, what is wrong. */

import { rfc3339 } from '../campaign/campaign.ts';
import { dailyQuotas } from '../campaign/daily-quotas.ts';
import { type LaneState, type LaneStop, pauseOf } from '../campaign/lane.ts';
import { pacesOf, type Serving, unservedOf } from '../campaign/serving.ts';
import { STATE_WORDS } from '../campaign/state-words.ts';
import { type AccountWarning, accountWarningWords, stopWords } from '../contract/account-words.ts';
import type { AccountDetails, LaneDetails } from '../contract/accounts.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import type { Language } from '../platform/sentences.ts';
import { DAY } from '../platform/time.ts';
import type { AccountFacts } from '../record/lane-store.ts';
import type { Stores } from '../record/record.ts';
import { EVENT_WITHIN } from './list-attention.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'attention' | 'lanes' | 'quota' | 'tokens' | 'workers'>;
  readonly isSandbox: boolean;
  readonly now: () => number;
}

export type DescribeAccount = ReturnType<typeof makeDescribeAccount>;

export function makeDescribeAccount({ stores, isSandbox, now }: Dependencies) {
  const { attention, lanes, quota, tokens, workers } = stores;

  return async function describeAccount(
    account: AccountConfig,
    language: Language,
  ): Promise<AccountDetails> {
    const { name, kind, newsRoute, picturePosts, approval, callsPerMinute } = account;
    const [calls, lane, pending, token, facts, serving] = await Promise.all([
      quota.today(name),
      lanes.read(name),
      lanes.work(name),
      tokens(name).read(),
      lanes.facts(name),
      workers.serving(name),
    ]);
    const { lastEventAt, lastEventMode = 'unknown' } = facts;
    const isOverdue = await attention.isOverdue(name, now() - EVENT_WITHIN);
    return {
      name,
      kind,
      newsRoute,
      picturePosts,
      approval,
      callsPerMinute: Math.min(callsPerMinute, ...pacesOf(serving, name)),
      ...(isSandbox ? { sandbox: true } : {}),
      quota: dailyQuotas(account, calls),
      lane: laneView(lane, pending, now(), language),
      token: token && { expiresAt: rfc3339(token.expiresAt) },
      lastEvent:
        lastEventAt === undefined ? null : { at: rfc3339(lastEventAt), mode: lastEventMode },
      warnings: warningsOf(account, { ...facts, isOverdue }, serving, now()).map((warning) => ({
        ...warning,
        message: accountWarningWords(warning, language),
      })),
    };
  };
}

/** Whether an account's lane moves, without the reasons. */
export const laneStateOf = (lane: LaneState, now: number): LaneDetails['state'] =>
  laneView(lane, 0, now, 'en').state;

function laneView(lane: LaneState, pending: number, now: number, language: Language): LaneDetails {
  const { sendBlocked, sleep, narrowUntil = 0 } = lane;
  const paused = pauseOf(lane);
  const stopped = ({ by, at, ...cause }: LaneStop) => ({
    why: stopWords({ ...cause, by }, language),
    ...cause,
    at: rfc3339(at),
  });
  const more = {
    pending,
    ...(sendBlocked ? { sendBlocked: stopped(sendBlocked) } : {}),
    ...(narrowUntil > now ? { oneByOneUntil: rfc3339(narrowUntil) } : {}),
  };
  if (paused) {
    const { at: pausedAt, ...cause } = stopped(paused);
    return { state: 'paused', ...more, ...cause, pausedAt, pausedBy: paused.by };
  }
  if (sleep && sleep.until > now) {
    const { reason, until } = sleep;
    const why = STATE_WORDS[language].waits[reason];
    return { state: 'asleep', ...more, why, reason, until: rfc3339(until) };
  }
  return { state: 'open', ...more };
}

/** By the reason of the refusal. */
const REFUSED_PUSHES: Readonly<
  Record<string, Exclude<AccountWarning['code'], 'paces-differ' | 'uploadnews-closed'>>
> = {
  'plain-refused': 'plain-pushes-refused',
  'key-missing': 'sealed-pushes-refused',
  undecipherable: 'sealed-pushes-refused',
  'wrong-account': 'foreign-pushes-refused',
  stale: 'stale-pushes-refused',
  'wrong-signature': 'unknown-pushes-refused',
};

/** Longer ago than that it may have been put right. */
const RECENT = 7 * DAY;

function warningsOf(
  { name, callbackToken, encodingAesKey, newsRoute }: AccountConfig,
  {
    lastEventAt,
    isOverdue,
    refusedPushes,
    uploadNewsClosed: closed,
  }: AccountFacts & { readonly isOverdue: boolean },
  serving: readonly Serving[],
  now: number,
): AccountWarning[] {
  const warnings: AccountWarning[] = [];
  if (!callbackToken) warnings.push({ code: 'no-callback-token' });
  else if (isOverdue) {
    warnings.push({ code: lastEventAt === undefined ? 'never-an-event' : 'events-overdue' });
  }
  if (closed && newsRoute !== 'draft') {
    const { errcode, at } = closed;
    const byDraft = newsRoute === 'auto';
    warnings.push({ code: 'uploadnews-closed', errcode, at: rfc3339(at), byDraft });
  }
  for (const [reason, at] of Object.entries(refusedPushes)) {
    const code = REFUSED_PUSHES[reason];
    if (code && at > now - RECENT && at >= (lastEventAt ?? 0)) warnings.push({ code });
  }
  if (callbackToken && !encodingAesKey) warnings.push({ code: 'plain-mode' });
  const missing = unservedOf(serving, { queues: ['send'], accounts: [name] });
  warnings.push(...missing.map(({ code }) => ({ code })));
  const paces = pacesOf(serving, name);
  return paces.length < 2 ? warnings : [...warnings, { code: 'paces-differ', paces }];
}
