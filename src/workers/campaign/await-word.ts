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

export function makeAwaitWord({ stores, now }: Dependencies) {
  const waitIsOver = makeWaitIsOver({ stores, now });

  return async function awaitWord(job: Job, token?: string): Promise<void> {
    if (!(await waitIsOver(job))) await sleepUntil(job, token, now() + FAR_AWAY);
  };
}

/** Whether what such a job waits for is decided. Other jobs wait for no decision. */
export function makeWaitIsOver({ stores, now }: Dependencies) {
  return async function waitIsOver({ name, data }: Pick<Job, 'name' | 'data'>): Promise<boolean> {
    if (name === awaitDecisionJob.name) {
      const { campaignId, no, generation } = awaitDecisionJob.payload.parse(data);
      const batch = await stores.batches.read({ campaignId, no });
      return batch?.state !== 'held' || batch.generation !== generation;
    }
    if (name !== awaitResumeJob.name) return false;
    const { campaignId } = awaitResumeJob.payload.parse(data);
    const record = await stores.campaigns.read(campaignId);
    if (!record || isEnded(record.control) || !isPaused(record.control)) return true;
    return now() >= record.campaign.notAfter;
  };
}
