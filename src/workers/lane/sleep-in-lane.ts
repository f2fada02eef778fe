/** How a batch's job waits in its lane, and in which place it comes back. */
import type { Job } from 'bullmq';
import type { Batch } from '../../shared/campaign/batch.ts';
import { sleepUntil } from './sleep.ts';

/** Repeats of an unanswered call go before everything new: the lane waits for their answer. */
export const REPEAT_PRIORITY = 1;

/** Never returns. */
export async function sleepInLane(
  job: Job,
  token: string | undefined,
  batch: Batch,
  until: number,
): Promise<never> {
  if (batch.state === 'submitting') await job.changePriority({ priority: REPEAT_PRIORITY });
  return sleepUntil(job, token, until);
}
