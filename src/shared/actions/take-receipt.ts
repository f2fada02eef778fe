/** Takes a receipt in, and wakes whoever waits for it. */
import { awaitReceiptJob, receiptJobId } from '../queue/jobs.ts';
import { type AllQueues, promote, wake } from '../queue/queues.ts';
import type { BatchStore } from '../record/batch-store.ts';
import type { Arrival, ArrivalOutcome } from '../record/receipt-store.ts';

export interface Receipts {
  /**
   * Stores a receipt and settles its batch if it has one. Taking the same in again changes nothing.
   *
   * @throws {Error} it is not known to be stored.
   */
  take(account: string, arrival: Arrival): Promise<ArrivalOutcome>;
}

const WAKING: readonly ArrivalOutcome[] = ['settled', 'unconfirmed', 'repeated'];

/**
 * The record first: from then on nothing can be lost, so the waking may fail. An event that WeChat
 * must confirm is confirmed by the job that is woken. A copy wakes too: the process that took the
 * first one in may have died right after.
 */
export function makeTakeReceipt({
  batches,
  queues,
}: {
  batches: Pick<BatchStore, 'take'>;
  queues: Pick<AllQueues, 'ofAccount'>;
}): Receipts {
  return {
    async take(account, arrival) {
      const outcome = await batches.take(account, arrival);
      if (WAKING.includes(outcome)) {
        const jobId = receiptJobId(account, arrival.msgId);
        const waking = queues.ofAccount(account).then(async ({ receipts }) => {
          if (outcome === 'unconfirmed') await wake(receipts, awaitReceiptJob, jobId);
          else await promote(receipts, jobId);
        });
        await waking.catch(() => undefined);
      }
      return outcome;
    },
  };
}
