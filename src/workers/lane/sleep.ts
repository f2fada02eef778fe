/** How a job waits without holding a worker, and without losing an attempt. */
import { DelayedError, type Job, type Queue, RateLimitError, WaitingChildrenError } from 'bullmq';
import { promote } from '../../shared/queue/queues.ts';

/** Why a job of a lane does not go on now: what its processor returns instead of a result. */
export type Pause =
  /** This job alone, until then. `isOver` is asked once it sleeps: the reason may be gone by then. */
  | {
      readonly kind: 'until';
      readonly at: number;
      /** It comes back before everything new: the lane waits for its answer. */
      readonly first?: boolean;
      readonly isOver?: () => Promise<boolean>;
    }
  /** The whole lane; the job keeps its place. */
  | { readonly kind: 'lane'; readonly ms: number }
  /** Until the jobs under it are done; or until then, if there are none. */
  | { readonly kind: 'children'; readonly orUntil: number };

/** Repeats of an unanswered call go before everything new: the lane waits for their answer. */
export const REPEAT_PRIORITY = 1;

/** Never returns: BullMQ is told by an exception. */
export async function rest(
  { job, token, lane }: { job: Job; token: string | undefined; lane: Queue },
  pause: Pause,
): Promise<never> {
  switch (pause.kind) {
    case 'lane':
      await lane.rateLimit(Math.max(1, pause.ms));
      throw new RateLimitError();
    case 'children':
      return untilChildren(job, token, pause);
    case 'until':
      if (pause.first) await job.changePriority({ priority: REPEAT_PRIORITY });
      await job.moveToDelayed(pause.at, token);
      if (await pause.isOver?.()) await promote(lane, job.id ?? '');
      throw new DelayedError();
  }
}

/** Never returns. */
export async function untilChildren(
  job: Job,
  token: string | undefined,
  { orUntil }: Extract<Pause, { kind: 'children' }>,
): Promise<never> {
  await waitForChildren(job, token);
  return sleepUntil(job, token, orUntil);
}

/** Never returns. The token must be this run's: BullMQ accepts a missing one and then loses track. */
export async function sleepUntil(job: Job, token: string | undefined, at: number): Promise<never> {
  await job.moveToDelayed(at, token);
  throw new DelayedError();
}

/** Throws if there are children to wait for; returns if there are none. */
export async function waitForChildren(job: Job, token: string | undefined): Promise<void> {
  if (await job.moveToWaitingChildren(token ?? '')) throw new WaitingChildrenError();
}
