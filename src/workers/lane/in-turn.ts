/**
 * How much of a queue's slots one account, or one address, may hold. Without a bound, an account
 * whose calls are never answered would take them all, and every other account would wait.
 *
 * Sends need none of this: each account has a lane of its own.
 */
import type { Job } from 'bullmq';
import { SECOND } from '../../shared/platform/time.ts';
import type { SharedQueue } from '../../shared/queue/jobs.ts';
import { promoteJob } from '../../shared/queue/queues.ts';
import type { Wait } from '../job.ts';

interface Bounds {
  /** Jobs of the queue that one process works on at once; nearly all of them wait for the network. */
  readonly slots: number;
  /** Of those, for one account or address. */
  readonly share: number;
}

export const BOUNDS: Readonly<Record<SharedQueue, Bounds>> = {
  campaigns: { slots: 100, share: 2 },
  // Each holds its file in memory, up to 10 MB.
  media: { slots: 40, share: 2 },
  news: { slots: 60, share: 2 },
  receipts: { slots: 200, share: 4 },
  followers: { slots: 40, share: 1 },
  webhooks: { slots: 100, share: 2 },
  upkeep: { slots: 2, share: 2 },
};

/** A waiting job comes back by itself if the process that would wake it is gone. */
const BACK_AFTER = 30 * SECOND;

interface Turns {
  held: number;
  readonly waiting: Map<string, Pick<Job, 'promote'>>;
}

/** Runs `work` when `whose` holds less than its share of the job's queue in this process. */
export type InTurn = <T>(
  job: Pick<Job, 'id' | 'queueName' | 'promote'>,
  whose: string,
  work: () => Promise<T>,
) => Promise<{ readonly done: T } | { readonly wait: Wait }>;

export function makeInTurn({ now }: { readonly now: () => number }): InTurn {
  const all = new Map<string, Turns>();

  return async (job, whose, work) => {
    const { share } = BOUNDS[job.queueName as SharedQueue];
    const name = `${job.queueName} ${whose}`;
    const turns = all.get(name) ?? { held: 0, waiting: new Map() };
    all.set(name, turns);
    if (turns.held >= share) {
      const onceAsleep = async (): Promise<void> => {
        turns.waiting.set(job.id ?? '', job);
        // One of the others may have ended while this job was going to sleep.
        if (turns.held < share) await wakeNext(turns);
      };
      return { wait: { kind: 'until', at: now() + BACK_AFTER, onceAsleep } };
    }
    turns.held += 1;
    turns.waiting.delete(job.id ?? '');
    try {
      return { done: await work() };
    } finally {
      turns.held -= 1;
      if (turns.held === 0 && turns.waiting.size === 0) all.delete(name);
      else await wakeNext(turns).catch(() => undefined);
    }
  };
}

/** Another process may have taken one meanwhile: then it is the next one's turn. */
async function wakeNext({ waiting }: Turns): Promise<void> {
  for (const [id, job] of waiting) {
    waiting.delete(id);
    if (await promoteJob(job)) return;
  }
}
