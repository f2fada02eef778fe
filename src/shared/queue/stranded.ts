/**
 * Jobs that are there and will never run: they have left one list of their queue and come into no
 * other. A Redis that was cut off in the middle of a transaction may carry out half of it at its
 * next start (see record/recount.ts). No worker gets such a job, adding it again changes nothing,
 * and its parent waits for it for ever. So it is taken away, and whoever needs it adds it anew.
 */
import type { Job } from 'bullmq';
import { FAR_AWAY } from './jobs.ts';
import type { Queues } from './queues.ts';
import { placeOf } from './wake-campaign.ts';

/** BullMQ moves jobs in one step, so there is no moment at which a sound one is in no list. */
export const isStranded = async (job: Job): Promise<boolean> =>
  (await job.getState()) === 'unknown';

/** Its children stay: they find their parent again when it is added anew under its id. */
export const takeAway = (job: Job): Promise<void> => job.remove({ removeChildren: false });

/**
 * Takes away what a sleeping job, or a sleeping child of it, waits for and will never come.
 *
 * @param isOver whether a job that sleeps has nothing to wait for any more.
 * @returns how many there were.
 */
export async function takeAwayStranded(
  queues: Queues,
  parent: Job,
  isOver: (job: Job) => Promise<boolean>,
  depth = 3,
): Promise<number> {
  const { unprocessed = [] } = await parent.getDependencies();
  let taken = 0;
  for (const key of unprocessed) {
    const { queue, jobId } = placeOf(queues, key);
    if (!queue) continue;
    const job = await queue.getJob(jobId);
    const state = await job?.getState();
    if (job && state === 'waiting-children' && depth > 1) {
      taken += await takeAwayStranded(queues, job, isOver, depth - 1);
    } else if (!job || state === 'unknown' || (state === 'delayed' && (await isOver(job)))) {
      // Only a job that is there can be taken out of what its parent waits for.
      const there = job ?? (await queue.add('stand-in', {}, standIn(parent, jobId)));
      // Locked still, by the worker that had it: in a while it is not.
      await takeAway(there).catch(() => undefined);
      taken += 1;
    }
  }
  return taken;
}

const standIn = (parent: Job, jobId: string) => ({
  jobId,
  delay: FAR_AWAY,
  parent: { id: parent.id ?? '', queue: parent.queueQualifiedName },
});
