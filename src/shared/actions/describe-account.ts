/** One account as an operator wants to see it: what is left, whether it moves, what is wrong. */

import type { WaitReason } from '../campaign/batch.ts';
import { rfc3339 } from '../campaign/campaign.ts';
import { dailyQuotas } from '../campaign/daily-quotas.ts';
import type { LaneState, LaneStop } from '../campaign/lane.ts';
import { pacesOf, type Serving, unservedOf } from '../campaign/serving.ts';
import type { AccountDetails, AccountWarning, LaneDetails } from '../contract/accounts.ts';
import { stopInWords } from '../contract/lane-words.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import { DAY } from '../platform/time.ts';
import type { AccountFacts } from '../record/lane-store.ts';
import type { Stores } from '../record/record.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'lanes' | 'quota' | 'workers'>;
  /** When the shared token ends; null while there is none. */
  readonly tokenExpiry: (account: string) => Promise<number | null>;
  readonly isSandbox: boolean;
  readonly now: () => number;
}

export type DescribeAccount = ReturnType<typeof makeDescribeAccount>;

export function makeDescribeAccount({ stores, tokenExpiry, isSandbox, now }: Dependencies) {
  const { lanes, quota, workers } = stores;

  return async function describeAccount(account: AccountConfig): Promise<AccountDetails> {
    const { name, kind, newsRoute, approval, callsPerMinute } = account;
    const [calls, lane, pending, expiresAt, facts, serving] = await Promise.all([
      quota.today(name),
      lanes.read(name),
      lanes.work(name),
      tokenExpiry(name),
      lanes.facts(name),
      workers.serving(),
    ]);
    const { lastEventAt, lastEventMode = 'unknown' } = facts;
    return {
      name,
      kind,
      newsRoute,
      approval,
      callsPerMinute: Math.min(callsPerMinute, ...pacesOf(serving, name)),
      ...(isSandbox ? { sandbox: true } : {}),
      quota: dailyQuotas(account, calls),
      lane: laneView(lane, pending, now()),
      token: expiresAt === null ? null : { expiresAt: rfc3339(expiresAt) },
      lastEvent:
        lastEventAt === undefined ? null : { at: rfc3339(lastEventAt), mode: lastEventMode },
      warnings: [...warningsOf(account, facts, now()), ...workerWarnings(name, serving)],
    };
  };
}

const WHY_ASLEEP: Readonly<Partial<Record<WaitReason, string>>> = {
  'daily-quota': 'the day’s calls are used up; it goes on in the morning',
  'monthly-quota': 'no mass sends are left; it goes on in the next period',
  'send-quota': 'no mass send is left today, or none this month; it is tried again each morning',
  rate: 'WeChat asked for a pause between calls',
  'wechat-approval': 'an administrator has to agree in WeChat',
  'outcome-unknown': 'a call was not answered; nothing new goes out until it is',
  'wechat-busy': 'WeChat cannot be reached just now',
  'wechat-unreadable': 'WeChat’s answer cannot be read',
};

/** Whether an account's lane moves, without the reasons. */
export const laneStateOf = (lane: LaneState, now: number): LaneDetails['state'] =>
  laneView(lane, 0, now).state;

function laneView(lane: LaneState, pending: number, now: number): LaneDetails {
  const { paused, sendBlocked, sleep, narrowUntil = 0 } = lane;
  const more = {
    pending,
    ...(sendBlocked ? { sendBlocked: blockOf(sendBlocked) } : {}),
    ...(narrowUntil > now ? { oneByOneUntil: rfc3339(narrowUntil) } : {}),
  };
  if (paused) {
    const { at, ...cause } = blockOf(paused);
    return { state: 'paused', ...more, ...cause, pausedAt: at, pausedBy: paused.by };
  }
  if (sleep && sleep.until > now) {
    const { reason, until } = sleep;
    const why = WHY_ASLEEP[reason] ?? reason;
    return { state: 'asleep', ...more, why, reason, until: rfc3339(until) };
  }
  return { state: 'open', ...more };
}

function blockOf(stop: LaneStop) {
  const { by: _, at, ...cause } = stop;
  return { why: stopInWords(stop), ...cause, at: rfc3339(at) };
}

const NOT_OPENED: AccountWarning = {
  code: 'sealed-pushes-refused',
  message:
    'WeChat’s sealed pushes are signed with our token, and the EncodingAESKey set here does not open them: compare it with WeChat’s console, letter by letter.',
};

/** By the reason of the refusal. */
const REFUSED_PUSHES: Readonly<Record<string, AccountWarning>> = {
  'plain-refused': {
    code: 'plain-pushes-refused',
    message:
      'An EncodingAESKey is set here, but WeChat pushes in plain mode, and those pushes are refused: switch the console to safe mode (安全模式), or take the key out of the settings.',
  },
  'key-missing': NOT_OPENED,
  undecipherable: NOT_OPENED,
  'wrong-account': {
    code: 'foreign-pushes-refused',
    message:
      'Pushes signed with our token are for another account, and are refused: compare AppID and original id (gh_…) with WeChat’s console.',
  },
  stale: {
    code: 'stale-pushes-refused',
    message:
      'Signed pushes are more than five minutes off this machine’s clock, and are refused: let it follow a time server (NTP).',
  },
  'wrong-signature': {
    code: 'unknown-pushes-refused',
    message:
      'Pushes that are signed with another token are refused, and none was taken since: if they are WeChat’s, the callback token here is not the console’s.',
  },
};
function workerWarnings(name: string, serving: readonly Serving[]): AccountWarning[] {
  const missing = unservedOf(serving, { queues: ['send'], accounts: [name] }).map(({ code }) => ({
    code,
    message:
      'No running worker sends for this account: start one, or look at WORKER_QUEUES and WORKER_ACCOUNTS.',
  }));
  const paces = pacesOf(serving, name);
  if (paces.length < 2) return missing;
  const message = `The workers have different calls a minute for this account (${paces.join(', ')}): the lowest counts. Give all of them the same setting.`;
  return [...missing, { code: 'paces-differ', message }];
}

/** Longer ago than that it may have been put right. */
const RECENT = 7 * DAY;

function warningsOf(
  account: AccountConfig,
  { lastEventAt, refusedPushes, uploadNewsClosed }: AccountFacts,
  now: number,
): AccountWarning[] {
  const warnings: AccountWarning[] = [];
  if (!account.callbackToken) {
    warnings.push({
      code: 'no-callback-token',
      message:
        'No callback token is set, so no event can be taken: receipts are asked for one by one and have no counts. Set it here and in WeChat’s console, or hand events over by POST /v1/receipts.',
    });
  } else if (lastEventAt === undefined) {
    warnings.push({
      code: 'never-an-event',
      message:
        'No event has ever come from WeChat: check the server address in WeChat’s console (服务器配置), that it is switched on, and that WeChat can reach it.',
    });
  }
  if (uploadNewsClosed && account.newsRoute !== 'draft') {
    const { errcode, at } = uploadNewsClosed;
    warnings.push({
      code: 'uploadnews-closed',
      message: `WeChat refused media/uploadnews (${errcode}) on ${rfc3339(at).slice(0, 10)}: articles ${
        account.newsRoute === 'auto' ? 'go by draft since then' : 'cannot go out'
      }. Set WECHAT_NEWS_ROUTE=draft to say so here, or =uploadnews once WeChat allows it again.`,
    });
  }
  for (const [reason, at] of Object.entries(refusedPushes)) {
    const warning = REFUSED_PUSHES[reason];
    if (warning && at > now - RECENT && at >= (lastEventAt ?? 0)) warnings.push(warning);
  }
  if (account.callbackToken && !account.encodingAesKey) {
    warnings.push({
      code: 'plain-mode',
      message:
        'No EncodingAESKey is set: in plain mode anybody who saw one address could write an event, so each costs a call of message/mass/get. Safe mode (安全模式) is better.',
    });
  }
  return warnings;
}
