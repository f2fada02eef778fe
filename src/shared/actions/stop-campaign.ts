/** How what a campaign has not called yet is stopped; what was called goes on to its receipt. */
import { onStop } from '../campaign/advance-batch.ts';
import type { Batch } from '../campaign/batch.ts';
import { type Campaign, isEnded } from '../campaign/campaign.ts';
import { submitBatchJob } from '../queue/jobs.ts';
import type { AllQueues } from '../queue/queues.ts';
import type { Stores } from '../record/record.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'batches'>;
  readonly queues: AllQueues;
  readonly now: () => number;
}

export type StopCampaign = ReturnType<typeof makeStopCampaign>;

export function makeStopCampaign({ stores, queues, now }: Dependencies) {
  const { campaigns, batches } = stores;

  /** `notAfter` has passed: no call is made any more. @returns whether any could have been. */
  async function stopLate(campaign: Campaign): Promise<boolean> {
    const record = await campaigns.read(campaign.id);
    if (!record || isEnded(record.control) || record.control.cancelled) return false;
    const at = now();
    await campaigns.control(
      campaign.id,
      (control) =>
        control.cancelled || isEnded(control)
          ? control
          : { ...control, cancelled: { at, by: 'qunfa', reason: 'not-after' } },
      { audit: { at, by: 'qunfa', action: 'not-after-passed' } },
    );
    await cancelPending(campaign);
    return true;
  }

  async function cancelPending(campaign: Campaign): Promise<void> {
    for (const batch of await batches.all(campaign.id)) {
      const stopped = (await stopBatch(campaign, batch)) !== batch;
      // Asked again, too: whoever cancelled it may have died before its job was out of the lane.
      if (stopped || batch.state === 'cancelled') await leaveLane(campaign, batch);
    }
  }

  /** @returns the batch as it was, if it is with WeChat or over. */
  async function stopBatch({ id }: Campaign, batch: Batch): Promise<Batch> {
    const event = onStop(batch, now());
    if (!event) return batch;
    return batches.apply({ campaignId: id, no: batch.no }, event, {
      unless: (current) => onStop(current, 0)?.type !== event.type,
    });
  }

  /** For a batch that WeChat has just put off: the cancel may have come during the call. */
  async function stopIfCancelled(campaign: Campaign, batch: Batch): Promise<Batch> {
    const record = await campaigns.read(campaign.id);
    return record?.control.cancelled ? stopBatch(campaign, batch) : batch;
  }

  /** Paused: pending batches stay so, and get new jobs later. */
  async function parkPending(campaign: Campaign): Promise<void> {
    for (const batch of await batches.all(campaign.id)) {
      if (batch.state === 'pending') await leaveLane(campaign, batch);
    }
  }

  /**
   * The root goes on without it, though the lane may sleep for days, and a start that does nothing
   * would cost everybody a second of it. If it was the call that the lane waited for, the lane goes
   * on as well.
   */
  async function leaveLane({ id, account }: Campaign, batch: Batch): Promise<void> {
    const { no, generation, run } = batch;
    const lane = queues.of(id).lane(account);
    const job = await lane.getJob(submitBatchJob.id({ campaignId: id, no, generation, run }));
    // An active one is locked, and looks at the record itself before it calls.
    await job?.remove({ removeChildren: true }).catch(() => undefined);
    if (batch.state === 'submitting') await lane.removeRateLimitKey();
  }

  return { stopLate, cancelPending, stopIfCancelled, parkPending, leaveLane };
}
