/**
 * The sweeper: what must happen at its time although no job comes round to it, and anything that
 * should have a live job and has none. Deadlines are kept here, outside the lanes, since a lane may
 * sleep for days.
 */
import type { Queue } from 'bullmq';
import type { StopCampaign } from '../../shared/actions/stop-campaign.ts';
import type { Batch } from '../../shared/campaign/batch.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import type { EnqueueRoot } from '../../shared/queue/enqueue-root.ts';
import { sweepJob } from '../../shared/queue/jobs.ts';
import { wakeCampaign } from '../../shared/queue/wake-campaign.ts';
import type { ReviveBatches } from '../campaign/revive-batches.ts';
import type { Handler } from '../job.ts';
import { AT_ONCE } from '../lane/last-look.ts';
import type { Tools } from '../tools.ts';
import { each, makeMendRoots } from './mend-roots.ts';
import type { TellWebhook } from './notify-webhook.ts';

type Dependencies = Pick<
  Tools,
  'config' | 'stores' | 'queues' | 'recordEvent' | 'telemetry' | 'now'
> & {
  readonly enqueueRoot: EnqueueRoot;
  readonly tellWebhook: TellWebhook;
  readonly reviveBatches: ReviveBatches;
  readonly stopCampaign: StopCampaign;
};

const SWEEP_EVERY = 5 * SECOND;
/** An accepted campaign's root is added right after; this much later it was forgotten. */
const OUTBOX_PATIENCE = 3 * SECOND;

export function makeSweep(deps: Dependencies): Handler<unknown> {
  const { config, stores, queues, enqueueRoot, tellWebhook, stopCampaign } = deps;
  const { recordEvent, telemetry, now } = deps;
  const { campaigns, batches } = stores;
  const mendRoots = makeMendRoots(deps);
  let recounting: Promise<number> | undefined;

  /**
   * The steps run beside each other, whatever becomes of the others: a deadline waits neither for
   * the recount nor for an entry that cannot go on.
   */
  return async function sweep() {
    const steps = {
      recounted: recount,
      handedOn: emptyOutbox,
      held: holdOverdue,
      stopped: stopLate,
      revived: mendRoots,
    };
    const done: Record<string, number> = {};
    const errors: unknown[] = [];
    const run = async ([name, step]: [string, () => Promise<number>]): Promise<void> => {
      done[name] = await step().catch((error: unknown) => {
        errors.push(error);
        return 0;
      });
    };
    await Promise.all(Object.entries(steps).map(run));
    telemetry.swept(done);
    if (errors.length > 0) throw errors[0];
    return null;
  };

  /** The next sweep comes while a long recount goes on, and does not wait for it. */
  async function recount(): Promise<number> {
    if (recounting) return 0;
    recounting = stores.recount().finally(() => {
      recounting = undefined;
    });
    return recounting;
  }

  async function emptyOutbox(): Promise<number> {
    return each(await campaigns.outbox(now() - OUTBOX_PATIENCE), async ({ kind, id }) => {
      const campaign = await campaigns.spec(id);
      if (kind === 'webhook' || kind === 'corrected') await tellWebhook(id, kind);
      else if (campaign) await enqueueRoot(campaign);
      else await campaigns.rootIsThere(id);
      return true;
    });
  }

  /** WeChat may soon forget the key, or the campaign must not send any more: an operator decides. */
  async function holdOverdue(): Promise<number> {
    return each(await batches.overdue(), async ({ ref, read }) => {
      const batch = await read();
      if (batch?.state !== 'submitting') return false;
      // A call under way at that very moment still has its time to be answered.
      const answeredBy = batch.lastAttemptAt + AT_ONCE + config.pace.submitTimeoutMs + SECOND;
      if (!batch.answered && answeredBy > now()) return false;
      const campaign = await campaigns.spec(ref.campaignId);
      if (!campaign) return false;
      const held = { type: 'held', reason: 'outcome-unknown', at: now() } as const;
      const hasMoved = ({ state }: Batch): boolean => state !== 'submitting';
      const after = await recordEvent(campaign, ref.no, held, hasMoved);
      if (after.state !== 'held') return false;
      await stopCampaign.leaveLane(campaign, batch);
      return true;
    });
  }

  /** `notAfter` has passed: whatever was not called never is. The root winds the campaign up. */
  async function stopLate(): Promise<number> {
    return each(await campaigns.open({ dueBy: now() }), async (id) => {
      const campaign = await campaigns.spec(id);
      if (!campaign || !(await stopCampaign.stopLate(campaign))) return false;
      await wakeCampaign(queues, id);
      return true;
    });
  }
}

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
