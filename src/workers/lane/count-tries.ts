/**
 * How often a job's call has failed. Its starts do not tell: a job also starts to see whether
 * another one is done, and after each crash of its worker.
 */
import type { Job } from 'bullmq';

/** Counts one more. @returns how many by now, this one included. */
export async function countTry(job: Pick<Job, 'progress' | 'updateProgress'>): Promise<number> {
  const tries = triesOf(job) + 1;
  await job.updateProgress({ tries });
  return tries;
}

export function triesOf({ progress }: Pick<Job, 'progress'>): number {
  return typeof progress === 'object' && 'tries' in progress ? Number(progress.tries) || 0 : 0;
}
