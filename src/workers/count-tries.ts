/**
 * How often a job's call has failed. Its starts do not tell: a job also starts to see whether
 * another one is done, and after each crash of its worker.
 */
import type { Job } from 'bullmq';

/** Counts one more. @returns how many by now, this one included. */
export async function countTry(job: Pick<Job, 'progress' | 'updateProgress'>): Promise<number> {
  const { progress } = job;
  const before =
    typeof progress === 'object' && 'tries' in progress ? Number(progress.tries) || 0 : 0;
  await job.updateProgress({ tries: before + 1 });
  return before + 1;
}
