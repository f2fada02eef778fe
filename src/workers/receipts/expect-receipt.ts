/**
 * A batch is with WeChat: a job of its own waits for its receipt.
 *
 * It is a sibling under the same root: it never holds up the lane, its delay is the deadline, and
 * its id is the message id, so that the callback finds it.
 */
import type { Job } from 'bullmq';
import type { Batch } from '../../shared/campaign/batch.ts';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import {
  type AwaitReceiptPayload,
  awaitReceiptJob,
  receiptJobId,
  runCampaignJob,
} from '../../shared/queue/jobs.ts';
import { addChildren, dueAt, type Planned, promote } from '../../shared/queue/queues.ts';
import type { Tools } from '../tools.ts';

export type ExpectReceipt = ReturnType<typeof makeExpectReceipt>;

type Submitted = Extract<Batch, { state: 'submitted' }>;

export const receiptJob = (
  { id: campaignId, account }: Campaign,
  { no, msgId, submittedAt }: Submitted,
  { config, now }: Pick<Tools, 'config' | 'now'>,
): Planned<AwaitReceiptPayload> => ({
  definition: awaitReceiptJob,
  payload: { campaignId, no, account, msgId },
  options: dueAt(submittedAt + config.pace.receiptDeadlineMs, now()),
});

export function makeExpectReceipt(tools: Pick<Tools, 'config' | 'stores' | 'queues' | 'now'>) {
  const { queues } = tools;
  const { batches } = tools.stores;

  return async function expectReceipt(
    job: Pick<Job, 'parent'>,
    campaign: Campaign,
    batch: Batch,
  ): Promise<void> {
    if (batch.state !== 'submitted') return;
    const { no, msgId } = batch;
    const { id: campaignId, account } = campaign;
    const id = job.parent?.id ?? runCampaignJob.id({ campaignId });
    const root = { id, queue: queues.campaigns.qualifiedName };
    await addChildren(queues.receipts, root, [receiptJob(campaign, batch, tools)]);
    // An event may have come between our answer and the job's going to sleep: look again.
    const [again, parked] = await Promise.all([
      batches.read({ campaignId, no }),
      batches.parked(account, msgId),
    ]);
    if (parked || again?.state === 'settled') {
      await promote(queues.receipts, receiptJobId(account, msgId));
    }
  };
}
