/** Batches that wait for their receipt, written straight into the record as a worker would. */
import type { Redis } from 'ioredis';
import { newBatch } from '../../src/shared/campaign/batch.ts';
import type { Campaign } from '../../src/shared/campaign/campaign.ts';
import { makeLogger } from '../../src/shared/platform/logger.ts';
import { DAY } from '../../src/shared/platform/time.ts';
import { awaitReceiptJob } from '../../src/shared/queue/jobs.ts';
import { addChildren, openQueues } from '../../src/shared/queue/queues.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import { inParallel } from './bench-world.ts';

interface Wanted {
  readonly account: string;
  readonly identity: string;
  readonly from: number;
  readonly count: number;
}

/** @returns the message ids, `from` and on. */
export async function submittedBatches(
  redis: Redis,
  { account, identity, from, count }: Wanted,
): Promise<string[]> {
  const stores = openRecord({ redis, retainMs: DAY, submitTimeoutMs: 10_000, now: Date.now });
  const log = makeLogger({ role: 'bench', level: 'error' });
  const queues = openQueues({ connection: redis, log });
  const msgIds = Array.from({ length: count }, (_, at) => String(from + at));
  await inParallel(count, 32, async (at) => {
    const msgId = msgIds[at] ?? '';
    const campaign: Campaign = {
      v: 1,
      id: `bench${msgId.padStart(13, '0')}`,
      account,
      identity,
      name: 'bench',
      audience: { type: 'tag', tagId: 2 },
      counts: null,
      messageType: 'text',
      createdAt: Date.now(),
      sendAt: Date.now(),
      notAfter: Date.now() + DAY,
      createdBy: 'bench',
      priority: 5,
    };
    const ref = { campaignId: campaign.id, no: 1 };
    await stores.campaigns.accept({
      campaign,
      message: { type: 'text', content: msgId },
      requestDigest: msgId,
      contentDigest: msgId,
      repeatMeant: true,
    });
    await stores.campaigns.layBatches(campaign.id, [newBatch(1, null)], {});
    await stores.batches.apply(ref, { type: 'attempt-started', at: Date.now() });
    await stores.batches.accepted(ref, { type: 'accepted', msgId, at: Date.now() });
    await addChildren(queues.receipts, null, [
      {
        definition: awaitReceiptJob,
        payload: { ...ref, account, msgId },
        options: { delay: DAY },
      },
    ]);
  });
  await queues.close();
  return msgIds;
}
