/**
 * Two jobs that do nothing but keep a root waiting for an operator: without polling, at 2 kB each.
 * Promoted too early, by hand, they go back to sleep.
 */
import type { Job } from 'bullmq';
import { isEnded, isPaused } from '../../shared/campaign/campaign.ts';
import {
  type AwaitDecisionPayload,
  awaitDecisionJob,
  awaitResumeJob,
  type CampaignPayload,
  FAR_AWAY,
} from '../../shared/queue/jobs.ts';
import { type Handler, until } from '../job.ts';
import type { Tools } from '../tools.ts';

type Dependencies = Pick<Tools, 'stores' | 'now'>;

export const makeAwaitDecision =
  (tools: Dependencies): Handler<AwaitDecisionPayload> =>
  async (payload) =>
    (await isDecided(tools, payload)) ? null : until(tools.now() + FAR_AWAY);

export const makeAwaitResume =
  (tools: Dependencies): Handler<CampaignPayload> =>
  async (payload) =>
    (await isResumed(tools, payload)) ? null : until(tools.now() + FAR_AWAY);

/** Whether what such a job waits for is there. Other jobs wait for no decision. */
export function makeWaitIsOver(tools: Dependencies) {
  return async function waitIsOver({ name, data }: Pick<Job, 'name' | 'data'>): Promise<boolean> {
    switch (name) {
      case awaitDecisionJob.name:
        return isDecided(tools, awaitDecisionJob.payload.parse(data));
      case awaitResumeJob.name:
        return isResumed(tools, awaitResumeJob.payload.parse(data));
      default:
        return false;
    }
  };
}

async function isDecided(
  { stores }: Dependencies,
  { campaignId, no, generation }: AwaitDecisionPayload,
): Promise<boolean> {
  const batch = await stores.batches.read({ campaignId, no });
  return batch?.state !== 'held' || batch.generation !== generation;
}

async function isResumed(
  { stores, now }: Dependencies,
  { campaignId }: CampaignPayload,
): Promise<boolean> {
  const record = await stores.campaigns.read(campaignId);
  if (!record || isEnded(record.control) || !isPaused(record.control)) return true;
  return now() >= record.campaign.notAfter;
}
