/**
 * The sweeper: what must happen at its time although no job comes round to it, and anything that
 * should have a live job and has none. Deadlines are kept here, outside the lanes, since a lane may
 * sleep for days.
 */

import { makeStopCampaign } from '../../shared/actions/stop-campaign.ts';
import { mayStart } from '../../shared/campaign/campaign.ts';
import { openBatches } from '../../shared/campaign/progress.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import type { EnqueueRoot } from '../../shared/queue/enqueue-root.ts';
import { runCampaignJob } from '../../shared/queue/jobs.ts';
import type { Queues } from '../../shared/queue/queues.ts';
import { takeAwayStranded } from '../../shared/queue/stranded.ts';
import { wakeCampaign } from '../../shared/queue/wake-campaign.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { ReviveBatches } from '../campaign/revive-batches.ts';
import type { TellWebhook } from './tell-webhook.ts';

interface Dependencies {
  readonly stores: Stores;
  readonly queues: Queues;
  readonly enqueueRoot: EnqueueRoot;
  readonly tellWebhook: TellWebhook;
  readonly reviveBatches: ReviveBatches;
  readonly submitTimeoutMs: number;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** An accepted campaign's root is added right after; this much later it was forgotten. */
const OUTBOX_PATIENCE = 3 * SECOND;
const ROOTS_EVERY = 30 * SECOND;
const AT_ONCE = 500;

export function makeSweep(deps: Dependencies) {
  const { stores, queues, enqueueRoot, tellWebhook, submitTimeoutMs, telemetry, now } = deps;
  const { campaigns, batches } = stores;
  const stopCampaign = makeStopCampaign({ stores, queues, now });
  let rootsLookedAt = 0;

  async function sweep(): Promise<void> {
    const steps = {
      recounted: stores.recount,
      handedOn: emptyOutbox,
      held: holdOverdue,
      stopped: stopLate,
      revived: reviveRoots,
    };
    const done: Record<string, number> = {};
    const errors: unknown[] = [];
    // Each whatever became of the others: a deadline does not wait for an entry that cannot go on.
    for (const [name, step] of Object.entries(steps)) {
      done[name] = await step().catch((error: unknown) => {
        errors.push(error);
        return 0;
      });
    }
    telemetry.swept(done);
    if (errors.length > 0) throw errors[0];
  }

  async function emptyOutbox(): Promise<number> {
    const entries = await campaigns.outbox(now() - OUTBOX_PATIENCE, AT_ONCE);
    for (const { kind, id } of entries) {
      const campaign = await campaigns.spec(id);
      if (kind === 'webhook') await tellWebhook(id);
      else if (campaign) await enqueueRoot(campaign);
      else await campaigns.rootIsThere(id);
    }
    return entries.length;
  }

  /** WeChat may soon forget the key, or the campaign must not send any more: a person decides. */
  async function holdOverdue(): Promise<number> {
    let held = 0;
    for (const ref of await batches.overdue(AT_ONCE)) {
      const batch = await batches.read(ref);
      if (batch?.state !== 'submitting') continue;
      // A call under way at that very moment still has its time to be answered.
      const under = !batch.answered && batch.lastAttemptAt + submitTimeoutMs + SECOND > now();
      if (under) continue;
      const after = await batches.apply(
        ref,
        { type: 'held', reason: 'outcome-unknown', at: now() },
        { unless: (current) => current.state !== 'submitting' },
      );
      const campaign = await campaigns.spec(ref.campaignId);
      if (!campaign || after.state !== 'held') continue;
      held += 1;
      telemetry.batchHeld(campaign, after, 'outcome-unknown');
      await stopCampaign.leaveLane(campaign, batch);
    }
    return held;
  }

  /** `notAfter` has passed: whatever was not called never is. The root winds the campaign up. */
  async function stopLate(): Promise<number> {
    let stopped = 0;
    for (const id of await campaigns.open({ dueBy: now() })) {
      const campaign = await campaigns.spec(id);
      if (!campaign || !(await stopCampaign.stopLate(campaign))) continue;
      await wakeCampaign(queues, id);
      stopped += 1;
    }
    return stopped;
  }

  /**
   * An open campaign whose root has ended, or is gone, would never be heard of again. One whose
   * root sleeps while its batches are all done has missed its waking; or while more of them are
   * open than it has jobs to wait for (one was removed by hand, and the others may wait for it), or
   * some of its jobs will never run.
   */
  async function reviveRoots(): Promise<number> {
    if (now() - rootsLookedAt < ROOTS_EVERY) return 0;
    rootsLookedAt = now();
    let revived = 0;
    for (const campaignId of await campaigns.open()) {
      const state = await queues.campaigns.getJobState(runCampaignJob.id({ campaignId }));
      if (state === 'waiting-children' && (await mendTree(campaignId))) revived += 1;
      if (state !== 'completed' && state !== 'failed' && state !== 'unknown') continue;
      const campaign = await campaigns.spec(campaignId);
      if (!campaign || campaign.createdAt > now() - MINUTE / 4) continue;
      await enqueueRoot(campaign);
      revived += 1;
    }
    return revived;
  }

  /** @returns whether it had to be woken, or given jobs, or freed of some. */
  async function mendTree(campaignId: string): Promise<boolean> {
    const root = await queues.campaigns.getJob(runCampaignJob.id({ campaignId }));
    if (!root) return false;
    const isFreed = (await takeAwayStranded(queues, root)) > 0;
    const record = await campaigns.read(campaignId);
    if (record?.control.phase !== 'submitting') return isFreed;
    const { campaign, control, tally } = record;
    if (openBatches(tally) === 0) {
      await wakeCampaign(queues, campaignId);
      return true;
    }
    const { unprocessed = 0 } = await root.getDependenciesCount({ unprocessed: true });
    const idle = mayStart(control) ? 0 : tally.pending;
    if (unprocessed >= openBatches(tally) - idle) return isFreed;
    const queue = queues.campaigns.qualifiedName;
    await deps.reviveBatches(campaign, control, { id: root.id ?? '', queue });
    return true;
  }

  return sweep;
}
