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
const BACK_AFTER = 10 * SECOND;
/** Of those that another process has run nothing is heard. */
const MOST_WOKEN = 10_000;

interface Turns {
  held: number;
  readonly waiting: Map<string, Turned>;
}

type Turned = Pick<Job, 'id' | 'queueName' | 'promote'>;

export interface InTurn {
  /** Runs `work` when `whose` holds less than its share of the job's queue in this process. */
  <T>(
    job: Turned,
    whose: string,
    work: () => Promise<T>,
  ): Promise<{ readonly done: T } | { readonly wait: Wait }>;
  /**
   * To be called when a job has run. If it was woken for a turn and needed none any more (what it
   * would have asked is known by now, or settled), the next one has it: nobody else would wake that.
   */
  over(job: Turned): Promise<void>;
}

export function makeInTurn({ now }: { readonly now: () => number }): InTurn {
  const all = new Map<string, Turns>();
  const woken = new Map<string, Turns>();

  const inTurn = async <T>(job: Turned, whose: string, work: () => Promise<T>) => {
    const { share } = BOUNDS[job.queueName as SharedQueue];
    const name = `${job.queueName} ${whose}`;
    const turns = all.get(name) ?? { held: 0, waiting: new Map() };
    all.set(name, turns);
    woken.delete(keyOf(job));
    if (turns.held >= share) {
      const onceAsleep = async (): Promise<void> => {
        turns.waiting.set(job.id ?? '', job);
        // One of the others may have ended while this job was going to sleep.
        if (turns.held < share) await wakeNext(turns);
      };
      return { wait: { kind: 'until' as const, at: now() + BACK_AFTER, onceAsleep } };
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

  async function over(job: Turned): Promise<void> {
    const turns = woken.get(keyOf(job));
    woken.delete(keyOf(job));
    if (turns) await wakeNext(turns).catch(() => undefined);
  }

  /** Another process may have taken one meanwhile: then it is the next one's turn. */
  async function wakeNext(turns: Turns): Promise<void> {
    for (const [id, job] of turns.waiting) {
      turns.waiting.delete(id);
      if (woken.size >= MOST_WOKEN) woken.clear();
      // Before it is promoted: it may have run when that is answered.
      woken.set(keyOf(job), turns);
      if (await promoteJob(job)) return;
      woken.delete(keyOf(job));
    }
  }

  return Object.assign(inTurn, { over });
}

const keyOf = ({ queueName, id }: Turned): string => `${queueName} ${id}`;
