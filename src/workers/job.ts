/** What a job's handler gets and returns, and how a job waits: without a slot, and without an attempt. */
import {
  DelayedError,
  type Job,
  type Queue,
  RateLimitError,
  UnrecoverableError,
  WaitingChildrenError,
} from 'bullmq';
import { MINUTE, SECOND } from '../shared/platform/time.ts';

/** Null once the job has done its work. */
export type Handler<Payload> = (payload: Payload, job: Job) => Promise<Wait | Result | null>;

/** What a finished job leaves in its queue, for the service that added it. */
export interface Result {
  readonly kind: 'result';
  readonly value: object;
}

export type Wait =
  /** This job alone, until then. */
  | {
      readonly kind: 'until';
      readonly at: number;
      /** It comes back before everything new: its lane waits for its answer. */
      readonly first?: boolean;
      /** Called when the job sleeps: what it waits for may have come meanwhile. */
      readonly onceAsleep?: () => Promise<unknown>;
    }
  /** The whole lane; the job keeps its place. */
  | {
      readonly kind: 'lane';
      readonly lane: Queue;
      readonly ms: number;
      /** Called when the lane sleeps: it may have been released meanwhile. */
      readonly onceAsleep?: () => Promise<unknown>;
    }
  /** Until the jobs under it are done; or until then, if there are none. */
  | {
      readonly kind: 'children';
      readonly orUntil: number;
      readonly whenNone?: () => Promise<unknown>;
    };

export const until = (at: number): Wait => ({ kind: 'until', at });

/** Repeats of an unanswered call go before everything new: the lane waits for their answer. */
export const REPEAT_PRIORITY = 1;

/**
 * Never returns: BullMQ is told by an exception. The token must be this run's: BullMQ accepts a
 * missing one and then loses track.
 */
export async function rest(job: Job, token: string | undefined, wait: Wait): Promise<never> {
  switch (wait.kind) {
    case 'lane':
      await wait.lane.rateLimit(Math.max(1, wait.ms));
      await wait.onceAsleep?.();
      throw new RateLimitError();
    case 'children':
      if (await job.moveToWaitingChildren(token ?? '')) throw new WaitingChildrenError();
      await wait.whenNone?.();
      return rest(job, token, until(wait.orUntil));
    case 'until':
      if (wait.first) await job.changePriority({ priority: REPEAT_PRIORITY });
      await job.moveToDelayed(wait.at, token);
      await wait.onceAsleep?.();
      throw new DelayedError();
  }
}

/** Whoever added the job made a mistake: it is not tried again, and nothing here is broken. */
export class CallerMistake extends UnrecoverableError {
  override name = 'CallerMistake';
}

/** Doubling from a second to a minute, for ever: faults (Redis away, a bug) end sometime. */
export function cappedBackoff(attemptsMade: number): number {
  const doubled = SECOND * 2 ** Math.min(attemptsMade - 1, 6);
  return Math.round(Math.min(doubled, MINUTE) * (0.75 + Math.random() / 2));
}

/**
 * Counts a call of this job that failed. Its starts do not tell: a job also starts to see whether
 * another one is done, and after each crash of its worker.
 *
 * @returns how many by now, this one included.
 */
export async function countTry(job: Pick<Job, 'progress' | 'updateProgress'>): Promise<number> {
  const tries = triesOf(job) + 1;
  await job.updateProgress({ tries });
  return tries;
}

export function triesOf({ progress }: Pick<Job, 'progress'>): number {
  return typeof progress === 'object' && 'tries' in progress ? Number(progress.tries) || 0 : 0;
}
