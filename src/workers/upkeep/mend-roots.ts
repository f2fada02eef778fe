/**
 * Open campaigns that nothing would bring on: not among the open ones any more, with a tally that
 * was lost, or with a root that has ended, is gone, or sleeps without a job that would wake it.
 */
import type { StopCampaign } from '../../shared/actions/stop-campaign.ts';
import { mayStart } from '../../shared/campaign/campaign.ts';
import { openBatches } from '../../shared/campaign/progress.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import type { EnqueueRoot } from '../../shared/queue/enqueue-root.ts';
import { runCampaignJob } from '../../shared/queue/jobs.ts';
import { takeAway, takeAwayStranded } from '../../shared/queue/stranded.ts';
import { wakeCampaign } from '../../shared/queue/wake-campaign.ts';
import { makeWaitIsOver } from '../campaign/await-decision.ts';
import type { ReviveBatches } from '../campaign/revive-batches.ts';
import type { Tools } from '../tools.ts';

type Dependencies = Pick<Tools, 'stores' | 'queues' | 'now'> & {
  readonly enqueueRoot: EnqueueRoot;
  readonly reviveBatches: ReviveBatches;
  readonly stopCampaign: StopCampaign;
};

const ROOTS_EVERY = 30 * SECOND;
/** Of all campaigns kept, so many are looked at each time, so that it always takes as long. */
const KEPT_AT_ONCE = 500;

export function makeMendRoots(deps: Dependencies) {
  const { stores, queues, enqueueRoot, stopCampaign, now } = deps;
  const { campaigns } = stores;
  const waitIsOver = makeWaitIsOver({ stores, now });
  let lookedAt = 0;
  let position = 0;

  /** @returns how many were brought on. */
  return async function mendRoots(): Promise<number> {
    if (now() - lookedAt < ROOTS_EVERY) return 0;
    lookedAt = now();
    const { next, found } = await campaigns.reclaim(position, KEPT_AT_ONCE);
    position = next;
    return found + (await each(await campaigns.open(), mend));
  };

  async function mend(campaignId: string): Promise<boolean> {
    const campaign = await campaigns.spec(campaignId);
    if (!campaign) return campaigns.forget(campaignId);
    const isMended = await campaigns.mendTally(campaignId);
    const state = await queues.campaigns.getJobState(runCampaignJob.id({ campaignId }));
    if (state === 'waiting-children') return (await mendTree(campaignId)) || isMended;
    if (state === 'delayed') return (await wakeCancelled(campaignId)) || isMended;
    if (state !== 'completed' && state !== 'failed' && state !== 'unknown') return isMended;
    if (campaign.createdAt > now() - MINUTE / 4) return isMended;
    await enqueueRoot(campaign);
    return true;
  }

  /** An operator's cancel was recorded, and whoever recorded it died before waking anything. */
  async function wakeCancelled(campaignId: string): Promise<boolean> {
    const record = await campaigns.read(campaignId);
    if (!record?.control.cancelled) return false;
    await wakeCampaign(queues, campaignId);
    return true;
  }

  /**
   * A sleeping root whose batches are all done has missed its waking. One that waits for fewer jobs
   * than it has open batches needs them anew: some were removed by hand, or will never run.
   *
   * @returns whether it had to be woken, or given jobs, or freed of some.
   */
  async function mendTree(campaignId: string): Promise<boolean> {
    const root = await queues.campaigns.getJob(runCampaignJob.id({ campaignId }));
    if (!root) return false;
    const isFreed = (await takeAwayStranded(queues, root, waitIsOver)) > 0;
    const record = await campaigns.read(campaignId);
    if (!record) return isFreed;
    const { campaign, control, tally } = record;
    const { unprocessed = 0 } = await root.getDependenciesCount({ unprocessed: true });
    if (unprocessed === 0) {
      // BullMQ wakes a parent when its last child ends; with no child, nothing ever does.
      if ((await root.getState()) !== 'waiting-children') return isFreed;
      await takeAway(root);
      await enqueueRoot(campaign);
      return true;
    }
    if (control.phase !== 'submitting') return (await wakeCancelled(campaignId)) || isFreed;
    if (control.cancelled && tally.pending > 0) await stopCampaign.cancelPending(campaign);
    if (openBatches(tally) === 0) {
      await wakeCampaign(queues, campaignId);
      return true;
    }
    const idle = mayStart(control) ? 0 : tally.pending;
    if (unprocessed >= openBatches(tally) - idle) return isFreed;
    const queue = queues.campaigns.qualifiedName;
    await deps.reviveBatches(campaign, control, { id: root.id ?? '', queue });
    return true;
  }
}

/** One bad entry holds up no other: each is handled by itself, and the first error comes last. */
export async function each<T>(
  entries: readonly T[],
  handle: (entry: T) => Promise<boolean>,
): Promise<number> {
  let handled = 0;
  const errors: unknown[] = [];
  for (const entry of entries) {
    const done = await handle(entry).catch((error: unknown) => {
      errors.push(error);
      return false;
    });
    if (done) handled += 1;
  }
  if (errors.length > 0) throw errors[0];
  return handled;
}
