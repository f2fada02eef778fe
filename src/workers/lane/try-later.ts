/** When a file, articles or a list of followers is asked for again that WeChat did not take or give. */
import type { Job } from 'bullmq';
import type { WaitReason } from '../../shared/campaign/batch.ts';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import { nextMorning, nextSendWindow } from '../../shared/campaign/quota-window.ts';
import { HOUR, MINUTE, SECOND } from '../../shared/platform/time.ts';
import type { Answer } from '../../shared/wechat/client.ts';
import { refusesAddress } from '../../shared/wechat/remedies.ts';
import { countTry, until, type Wait } from '../job.ts';
import type { Tools } from '../tools.ts';
import type { LaneReactions } from './lane-reactions.ts';
import { freshTokenRefused, type LaneReaction, silence, stopsLane } from './read-submission.ts';

type Dependencies = Pick<Tools, 'stores' | 'accountOf' | 'now'> & {
  readonly laneReactions: Pick<LaneReactions, 'react'>;
};

export type TryLater = ReturnType<typeof makeTryLater>;

export function makeTryLater({ stores, accountOf, laneReactions, now }: Dependencies) {
  /** The campaign says why it waits. */
  async function waitFor(campaign: Campaign, { at, reason }: Pick<Later, 'at' | 'reason'>) {
    await stores.campaigns.waits(campaign.id, { reason, until: at });
    return until(at);
  }

  /** @returns how the job waits; null where WeChat refused this for good. */
  async function tryLater(
    job: Pick<Job, 'progress' | 'updateProgress'>,
    campaign: Campaign,
    answer: Answer<unknown>,
    { isScarce = false }: Pick<Situation, 'isScarce'> = {},
  ): Promise<Wait | null> {
    const accountKind = accountOf(campaign.account).kind;
    const tries = await countTry(job);
    const later = laterOf(answer, { now: now(), accountKind, tries, isScarce });
    if (!later) return null;
    if (later.lane) await laneReactions.react(campaign, later.lane);
    return waitFor(campaign, later);
  }

  return { tryLater, waitFor };
}

interface Situation {
  readonly now: number;
  readonly accountKind: 'service' | 'subscription';
  /** Calls that failed so far: what is not answered is asked less and less often. */
  readonly tries: number;
  /** The call has a handful a day, and an unanswered one may have used one of them up. */
  readonly isScarce?: boolean;
}

interface Later {
  readonly at: number;
  readonly reason: WaitReason;
  readonly lane?: LaneReaction;
}

/** Pure. @returns null when it is no use: WeChat refused this file, or these articles, for good. */
export function laterOf(
  answer: Answer<unknown>,
  { now, accountKind, tries, isScarce = false }: Situation,
): Later | null {
  const reason = silence(answer);
  if (isScarce && answer.kind === 'unknown') return { at: now + slowly(tries), reason };
  const growing = Math.min(2 * SECOND * 2 ** Math.min(tries, 10), 10 * MINUTE);
  if (answer.kind !== 'refused') return { at: now + growing, reason };
  const { remedy, errcode, path } = answer;
  switch (remedy.kind) {
    case 'wait':
      return { at: now + remedy.ms, reason: remedy.scope === 'batch' ? 'wechat-busy' : 'rate' };
    case 'ask-again':
      return { at: now + Math.max(growing, 30 * SECOND), reason: 'wechat-busy' };
    case 'new-token':
      // A fresh one was refused, too.
      return {
        at: now + Math.min(growing * 4, HOUR),
        reason: 'account-paused',
        lane: freshTokenRefused(errcode),
      };
    case 'wait-approval':
      return { at: now + remedy.ms, reason: 'wechat-approval' };
    case 'wait-until':
      return remedy.window === 'next-day'
        ? { at: nextMorning(now), reason: 'daily-quota' }
        : {
            at: nextSendWindow(now, accountKind),
            reason: accountKind === 'subscription' ? 'daily-quota' : 'monthly-quota',
          };
    case 'account-down':
      return remedy.scope === 'account'
        ? {
            at: now + Math.min(growing * 4, HOUR),
            reason: refusesAddress(errcode) ? 'address-refused' : 'account-paused',
            lane: stopsLane('account', errcode, path),
          }
        : null;
    case 'new-media':
    case 'already-done':
    case 'use-drafts':
    case 'refused':
      return null;
  }
}

/** A minute, 10, then three times as long each time: at most eight calls in a day, of ten. */
const slowly = (tries: number): number =>
  tries <= 1 ? MINUTE : Math.min(10 * MINUTE * 3 ** (tries - 2), 6 * HOUR);
