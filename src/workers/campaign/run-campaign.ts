/**
 * The root of a campaign's tree, and its reconciler.
 *
 * Each run reads the record, sees to it that whatever is open has a live job, and then waits for
 * its children or ends. So it may run at any time, as often as it likes, after any crash.
 */
import type { Job } from 'bullmq';
import { makeStopCampaign } from '../../shared/actions/stop-campaign.ts';
import { isWholesale } from '../../shared/campaign/audience.ts';
import { type Batch, newBatch } from '../../shared/campaign/batch.ts';
import { type Campaign, isEnded, isPaused, stateOf } from '../../shared/campaign/campaign.ts';
import { batchCount, batchRange } from '../../shared/campaign/cut.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import { outcomeOf } from '../../shared/campaign/outcome.ts';
import { EMPTY_TALLY, openBatches } from '../../shared/campaign/progress.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { SECOND } from '../../shared/platform/time.ts';
import {
  awaitResumeJob,
  type CampaignPayload,
  FAR_AWAY,
  runCampaignJob,
} from '../../shared/queue/jobs.ts';
import { addChildren, promote, type Queues } from '../../shared/queue/queues.ts';
import type { CampaignRecord } from '../../shared/record/read-campaign.ts';
import type { Stores } from '../../shared/record/record.ts';
import { sleepUntil, waitForChildren } from '../lane/sleep.ts';
import { type GetReady, type Run, rootOf } from './get-ready.ts';
import type { ReviveBatches } from './revive-batches.ts';

interface Dependencies {
  readonly stores: Stores;
  readonly queues: Queues;
  readonly getReady: GetReady;
  readonly reviveBatches: ReviveBatches;
  /** Told once, when a campaign has ended. */
  readonly onEnd: (campaign: Campaign) => Promise<void>;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

export function makeRunCampaign(deps: Dependencies) {
  const { stores, queues, telemetry, now } = deps;
  const { campaigns } = stores;
  const stopCampaign = makeStopCampaign({ stores, queues, now });

  async function runCampaign(job: Job, token?: string): Promise<void> {
    const { campaignId }: CampaignPayload = runCampaignJob.payload.parse(job.data);
    const record = await campaigns.read(campaignId);
    if (!record || isEnded(record.control)) return;
    const { campaign, control } = record;
    const run: Run = { ...record, job, token };

    if (control.cancelled || now() >= campaign.notAfter) return windUp(run);
    if (isPaused(control)) return waitForResume(run);
    // Anybody may promote it by hand; a campaign's time is its own.
    if (now() < campaign.sendAt) return sleepUntil(job, token, campaign.sendAt);
    if (control.phase === 'submitting') return seeThrough(run);
    const ready = await deps.getReady(run);
    if (ready === 'gone') return;
    return ready === 'ready' ? layOut(run) : endWith(campaign, ready.failed);
  }

  async function layOut(run: Run): Promise<void> {
    const { campaign, control } = run;
    const recipients = control.recipients ?? campaign.counts?.recipients ?? null;
    const laid = isWholesale(campaign.audience)
      ? [newBatch(1, null)]
      : Array.from({ length: batchCount(recipients ?? 0) }, (_, at) => {
          const { from, to } = batchRange(recipients ?? 0, at + 1);
          return newBatch(at + 1, to - from);
        });
    if (laid.length === 0 || recipients === 1) {
      return endWith(campaign, { code: 'too-few-recipients', recipients: recipients ?? 0 });
    }
    const facts = recipients === null ? {} : { recipients };
    const begun = await campaigns.layBatches(campaign.id, laid, facts, control);
    if (begun) {
      const tally = { ...EMPTY_TALLY, pending: laid.length };
      return seeThrough({ ...run, control: begun, tally }, laid);
    }
    const record = await campaigns.read(campaign.id);
    if (record) return seeThrough({ ...run, ...record });
  }

  /** Every open batch has a live job; then sleep until the children are done, or end. */
  async function seeThrough(run: Run, fresh?: readonly Batch[]): Promise<void> {
    const { campaign, control, tally, job, token } = run;
    if (openBatches(tally) === 0) return end(run);
    await deps.reviveBatches(campaign, control, rootOf(job), fresh);
    await waitForChildren(job, token);
    // No child to wait for, and yet something is open: settled just now, or its job was lost, or
    // the tally was.
    await campaigns.mendTally(campaign.id);
    return sleepUntil(job, token, now() + SECOND);
  }

  /** Paused: nothing new starts; what was called already goes on to its receipt. */
  async function waitForResume(run: Run): Promise<void> {
    const { campaign, control, tally, job, token } = run;
    if (control.phase === 'submitting') {
      if (openBatches(tally) === 0) return end(run);
      await deps.reviveBatches(campaign, control, rootOf(job));
    }
    if (control.phase !== 'submitting' || tally.pending > 0) {
      await addChildren(queues.campaigns, rootOf(job), [
        {
          definition: awaitResumeJob,
          payload: { campaignId: campaign.id },
          options: { delay: FAR_AWAY },
        },
      ]);
      // The word may have come between our reading and the job's going to sleep: look again.
      const again = await campaigns.read(campaign.id);
      if (!again || !isPaused(again.control) || again.control.cancelled) {
        await promote(queues.campaigns, awaitResumeJob.id({ campaignId: campaign.id }));
      }
    }
    await waitForChildren(job, token);
    return sleepUntil(job, token, now() + SECOND);
  }

  /** Cancelled, or too late: the batches not called yet are; the others go on to their receipt. */
  async function windUp(run: Run): Promise<void> {
    const { campaign, control } = run;
    if (control.cancelled || !(await stopCampaign.stopLate(campaign))) {
      await stopCampaign.cancelPending(campaign);
    }
    const record = await campaigns.read(campaign.id);
    if (record) return seeThrough({ ...run, ...record });
  }

  async function endWith(campaign: Campaign, failure: Failure): Promise<void> {
    await campaigns.end(campaign.id, failure);
    const record = await campaigns.read(campaign.id);
    return told(record ?? { campaign });
  }

  async function end(run: Run): Promise<void> {
    const { campaign, job, token } = run;
    if (await campaigns.end(campaign.id)) {
      return told({ ...run, control: { ...run.control, phase: 'ended' } });
    }
    // A person opened a batch again at that very moment.
    return sleepUntil(job, token, now() + SECOND);
  }

  async function told({
    campaign,
    control,
    tally,
  }: Pick<CampaignRecord, 'campaign'> & Partial<CampaignRecord>): Promise<void> {
    if (control && tally) {
      telemetry.campaignEnded(campaign, stateOf(control, tally), outcomeOf(tally));
    }
    await deps.onEnd(campaign);
  }

  return runCampaign;
}
