/** Sees to it that the sweeper comes round. */
import type { Queue } from 'bullmq';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import { sweepJob } from '../../shared/queue/jobs.ts';

const SWEEP_EVERY = 5 * SECOND;

export async function scheduleSweep(upkeep: Queue): Promise<void> {
  await upkeep.upsertJobScheduler(
    sweepJob.schedulerId,
    { every: SWEEP_EVERY },
    { name: sweepJob.name, opts: { removeOnComplete: true, removeOnFail: 10 } },
  );
}

/**
 * Each sweep plans the next one. Nothing else would bring it back if Redis lost that plan, or if a
 * host whose clock was hours ahead had made it.
 */
export async function keepSweeping(upkeep: Queue, now: number): Promise<void> {
  const { next = 0 } = (await upkeep.getJobScheduler(sweepJob.schedulerId)) ?? {};
  if (Math.abs(next - now) < MINUTE) return;
  await upkeep.removeJobScheduler(sweepJob.schedulerId);
  await scheduleSweep(upkeep);
}
