/**
 * A campaign as it would go, from the same request that would enqueue it. Nothing is sent, and the
 * list of OpenIDs that was made to count them is deleted at once. Our own ledger of calls decides;
 * what WeChat says of its quotas is advice.
 */

import { batchCount } from '../campaign/cut.ts';
import type { DailyQuota } from '../campaign/daily-quotas.ts';
import { type LaneStop, type StopFacts, stopOf } from '../campaign/lane.ts';
import { type CampaignPlan, planOf } from '../campaign/plan.ts';
import { adviceWords, type PlanAdvice } from '../contract/plan-words.ts';
import type { PlannedCampaign } from '../contract/plans.ts';
import type { Refused } from '../contract/problem.ts';
import { saidNo } from '../delivery/said-no.ts';
import { uploadRouteOf } from '../delivery/upload-route.ts';
import type { WechatFor } from '../delivery/wechat-accounts.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import type { Language } from '../platform/sentences.ts';
import type { CampaignRecord } from '../record/read-campaign.ts';
import type { Stores } from '../record/record.ts';
import type { Era } from '../wechat/client.ts';
import { apiQuota } from '../wechat/quota.ts';
import { makeFreezeAudience } from './freeze-audience.ts';
import { makePrepareCampaign } from './prepare-campaign.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'audiences' | 'campaigns' | 'media' | 'quota' | 'lanes'>;
  readonly accounts: () => readonly AccountConfig[];
  readonly era: Era;
  readonly allowPrivateTargets: boolean;
  readonly wechatFor: WechatFor;
  readonly now: () => number;
}

/** Campaigns of an account that a plan looks at: more than it can send in a week. */
const MOST_AHEAD = 1_000;

/** One call at least, where how many followers there are is not known yet. */
function notLaidOut({ campaign, control }: CampaignRecord): number {
  if (control.phase !== 'accepted' && control.phase !== 'preparing') return 0;
  return batchCount(control.recipients ?? campaign.counts?.recipients ?? 1);
}

const withoutTime = ({ at: _, ...stop }: LaneStop): StopFacts => stop;

export type PlanCampaign = ReturnType<typeof makePlanCampaign>;

export function makePlanCampaign(deps: Dependencies) {
  const { stores, accounts, era, allowPrivateTargets, wechatFor, now } = deps;
  const { audiences, campaigns, media, quota, lanes } = stores;
  const freeze = makeFreezeAudience({ audiences, now });

  /** @param askWechat costs a call for each path that the campaign needs. */
  return async function planCampaign(
    body: unknown,
    language: Language,
    { askWechat = false }: { askWechat?: boolean } = {},
  ): Promise<PlannedCampaign | Refused> {
    const prepared = await makePrepareCampaign({
      ...{ accounts, era, audiences, allowPrivateTargets, now },
      ...{ media, lanes, fetchPicture: null },
    }).prepare(body);
    if ('refused' in prepared) return prepared;
    const { request, account, message, fetched, newsBy, sendAt, notAfter } = prepared;
    const frozen = await freeze(request, account.name, now());
    if ('refused' in frozen) return frozen;
    await frozen.discard();

    const [calls, toEveryone, ahead, lane] = await Promise.all([
      quota.today(account.name),
      quota.toEveryone(account.name),
      workAhead(account.name, sendAt),
      lanes.read(account.name),
    ]);
    const isSend = frozen.counts !== null || frozen.audience.type === 'followers';
    const stop = stopOf(lane, isSend ? 'send' : 'sendall');
    const plan = planOf({
      account,
      audience: frozen.audience,
      recipients: frozen.counts?.recipients ?? null,
      message,
      route: uploadRouteOf(newsBy, era, frozen.audience),
      calls,
      toEveryone,
      ahead,
      laneFreeAt: lane.sleep?.until ?? 0,
      ...(stop ? { laneStopped: withoutTime(stop) } : {}),
      sendAt,
      notAfter,
      now: now(),
    });
    const asked = askWechat ? await askWhatIsLeft(plan) : { advice: [] };
    const advice: PlanAdvice[] = [...plan.advice, ...asked.advice];
    return {
      ...plan,
      ...asked,
      ...(fetched.length > 0 ? { fetches: [...fetched] } : {}),
      advice: advice.map((one) => ({ ...one, message: adviceWords(one, language) })),
    };
  };

  /** Batches that the lane has to call, and those of campaigns that come first and have none yet. */
  async function workAhead(account: string, sendAt: number): Promise<number> {
    const [laidOut, ids] = await Promise.all([lanes.work(account), campaigns.openOf(account)]);
    const open = await Promise.all(ids.slice(0, MOST_AHEAD).map(campaigns.spec));
    const first = open.filter((one) => one && one.sendAt <= sendAt);
    const records = await Promise.all(first.map((one) => campaigns.read(one?.id ?? '')));
    return records.reduce((sum, record) => sum + (record ? notLaidOut(record) : 0), laidOut);
  }

  async function askWhatIsLeft({ account, quota: needed, calls }: CampaignPlan) {
    const client = wechatFor(account);
    const wechat: Record<string, DailyQuota | null> = {};
    const advice: PlanAdvice[] = [];
    for (const path of Object.keys(needed)) {
      const answer = await apiQuota(client, `/cgi-bin/${path}`);
      wechat[path] = null;
      if (answer.kind !== 'ok') {
        advice.push({ code: 'wechat-silent', path, problem: saidNo(answer).refused });
        continue;
      }
      const { dailyLimit: perDay, used: usedToday, remaining: left } = answer.value;
      wechat[path] = { perDay, usedToday, left };
      if (left < (calls[path] ?? 0)) advice.push({ code: 'wechat-left', path, left, perDay });
    }
    return { wechat, advice };
  }
}
