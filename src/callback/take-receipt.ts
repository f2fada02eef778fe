/** Takes a receipt in, and wakes whoever waits for it. */
import { receiptJobId } from '../shared/jobs.ts';
import { promote, type Queues, wake } from '../shared/queues.ts';
import type { BatchStore } from '../shared/store/batch-store.ts';
import type { Taken } from './facts.ts';
import type { Receipts } from './handle-push.ts';

const WAKING: readonly Taken[] = ['settled', 'unconfirmed', 'repeated'];

/**
 * The record first: from then on nothing can be lost, so the waking may fail. An event that WeChat
 * must confirm is confirmed by the job that is woken. A copy wakes too: the process that took the
 * first one in may have died right after.
 */
export function makeTakeReceipt({
  batches,
  queues,
}: {
  batches: BatchStore;
  queues: Pick<Queues, 'receipts'>;
}): Receipts {
  return {
    async take(account, arrival) {
      const outcome = await batches.take(account, arrival);
      if (WAKING.includes(outcome)) {
        const waking = outcome === 'unconfirmed' ? wake : promote;
        await waking(queues.receipts, receiptJobId(account, arrival.msgId)).catch(() => false);
      }
      return outcome;
    },
  };
}
