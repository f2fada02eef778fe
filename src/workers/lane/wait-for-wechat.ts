/** A campaign whose files, articles or followers WeChat does not take or give just now says so. */
import type { Job } from 'bullmq';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import type { Later } from '../delivery/upload-later.ts';
import type { LaneReactions } from './lane-reactions.ts';
import { sleepUntil } from './sleep.ts';

interface Dependencies {
  readonly campaigns: Pick<CampaignStore, 'waits'>;
  readonly laneReactions: Pick<LaneReactions, 'react'>;
}

export type WaitForWechat = ReturnType<typeof makeWaitForWechat>;

export function makeWaitForWechat({ campaigns, laneReactions }: Dependencies) {
  /** Never returns. */
  return async function waitForWechat(
    job: Job,
    token: string | undefined,
    campaign: Campaign,
    later: Later,
  ): Promise<never> {
    if (later.lane) await laneReactions.react(campaign, later.lane);
    await campaigns.waits(campaign.id, { reason: later.reason, until: later.at });
    return sleepUntil(job, token, later.at);
  };
}
