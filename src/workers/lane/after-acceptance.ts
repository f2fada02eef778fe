/**
 * A batch is with WeChat: somebody must wait for its receipt.
 *
 * The waiting is a job of its own, a sibling under the same root: it never holds up the lane, its
 * delay is the deadline, and its id is the message id, so that the callback finds it.
 */
import type { Job } from 'bullmq';
import type { Batch } from '../../shared/campaign/batch.ts';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import { awaitReceiptJob, receiptJobId, runCampaignJob } from '../../shared/queue/jobs.ts';
import { addChildren, dueAt, promote, type Queues } from '../../shared/queue/queues.ts';
import type { BatchStore } from '../../shared/record/batch-store.ts';

interface Dependencies {
  readonly queues: Queues;
  readonly batches: BatchStore;
  readonly receiptDeadlineMs: number;
  readonly now: () => number;
}

export type AfterAcceptance = ReturnType<typeof makeAfterAcceptance>;

export function makeAfterAcceptance({ queues, batches, receiptDeadlineMs, now }: Dependencies) {
  return async function afterAcceptance(
    job: Pick<Job, 'parent'>,
    campaign: Campaign,
    batch: Batch,
    { unconfirmedEvent }: { unconfirmedEvent?: boolean } = {},
  ): Promise<void> {
    if (batch.state !== 'submitted') return;
    const { msgId } = batch;
    const { id: campaignId, account } = campaign;
    await addChildren(queues.receipts, rootOf(queues, job, campaignId), [
      {
        definition: awaitReceiptJob,
        payload: { campaignId, no: batch.no, account, msgId },
        options: dueAt(batch.submittedAt + receiptDeadlineMs, now()),
      },
    ]);
    // An event may have come between our answer and our going to sleep: look again.
    const [again, parked] = await Promise.all([
      batches.read({ campaignId, no: batch.no }),
      batches.parked(account, msgId),
    ]);
    if (unconfirmedEvent || parked || again?.state === 'settled') {
      await promote(queues.receipts, receiptJobId(account, msgId));
    }
  };
}

const rootOf = (queues: Queues, job: Pick<Job, 'parent'>, campaignId: string) => ({
  id: job.parent?.id ?? runCampaignJob.id({ campaignId }),
  queue: queues.campaigns.qualifiedName,
});
