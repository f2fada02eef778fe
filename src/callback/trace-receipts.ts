/** A span for each receipt that WeChat pushes, in the trace of the batch that waits for it. */
import type { Receipts } from '../shared/actions/take-receipt.ts';
import { inSpan, isTracing } from '../shared/platform/tracing.ts';
import { receiptJobId, traceOf } from '../shared/queue/jobs.ts';
import type { Queues } from '../shared/queue/queues.ts';

/** One that comes before its batch knows the message begins a trace of its own. */
export const traceReceipts = (
  { take }: Receipts,
  { receipts }: Pick<Queues, 'receipts'>,
): Receipts => ({
  async take(account, arrival) {
    if (!isTracing()) return take(account, arrival);
    const job = await receipts.getJob(receiptJobId(account, arrival.msgId)).catch(() => undefined);
    const attributes = { 'qunfa.account': account, 'qunfa.message': arrival.msgId };
    const parent = job && traceOf(job);
    return inSpan({ name: 'take-receipt', kind: 'server', parent, attributes }, () =>
      take(account, arrival),
    );
  },
});
