/**
 * Two jobs that do nothing but keep a root waiting for a person's word: without polling, at 2 kB
 * each. Promoted too early, by hand, they go back to sleep.
 */
import type { Job } from 'bullmq';
import { isEnded, isPaused } from '../../shared/campaign/campaign.ts';
import { awaitDecisionJob, awaitResumeJob, FAR_AWAY } from '../../shared/queue/jobs.ts';
import type { Stores } from '../../shared/record/record.ts';
import { sleepUntil } from '../lane/sleep.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'batches'>;
  readonly now: () => number;
}

export function makeAwaitDecision({ stores, now }: Dependencies) {
  return async function awaitDecision(job: Job, token?: string): Promise<void> {
    const { campaignId, no, generation } = awaitDecisionJob.payload.parse(job.data);
    const batch = await stores.batches.read({ campaignId, no });
    if (batch?.state !== 'held' || batch.generation !== generation) return;
    return sleepUntil(job, token, now() + FAR_AWAY);
  };
}

export function makeAwaitResume({ stores, now }: Dependencies) {
  return async function awaitResume(job: Job, token?: string): Promise<void> {
    const { campaignId } = awaitResumeJob.payload.parse(job.data);
    const record = await stores.campaigns.read(campaignId);
    if (!record || isEnded(record.control) || !isPaused(record.control)) return;
    if (now() >= record.campaign.notAfter) return;
    return sleepUntil(job, token, now() + FAR_AWAY);
  };
}
