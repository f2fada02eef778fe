/** How a job waits without holding a worker, and without losing an attempt. */
import { DelayedError, type Job, WaitingChildrenError } from 'bullmq';

/** Never returns. The token must be this run's: BullMQ accepts a missing one and then loses track. */
export async function sleepUntil(job: Job, token: string | undefined, at: number): Promise<never> {
  await job.moveToDelayed(at, token);
  throw new DelayedError();
}

/** Throws if there are children to wait for; returns if there are none. */
export async function waitForChildren(job: Job, token: string | undefined): Promise<void> {
  if (await job.moveToWaitingChildren(token ?? '')) throw new WaitingChildrenError();
}
