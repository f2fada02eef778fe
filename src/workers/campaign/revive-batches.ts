/** Sees to it that every open batch of a campaign has a live job under its root. */
import type { Queue } from 'bullmq';
import type { Batch } from '../../shared/campaign/batch.ts';
import { type Campaign, type Control, mayStart } from '../../shared/campaign/campaign.ts';
import {
  awaitDecisionJob,
  FAR_AWAY,
  type JobDefinition,
  submitBatchJob,
} from '../../shared/queue/jobs.ts';
import { addChildren, type Parent, type Planned, promote } from '../../shared/queue/queues.ts';
import { REPEAT_PRIORITY } from '../job.ts';
import { receiptJob } from '../receipts/expect-receipt.ts';
import type { Tools } from '../tools.ts';

export type ReviveBatches = ReturnType<typeof makeReviveBatches>;

/** Leaves room between campaigns for the repeats that go before all of them. */
const PRIORITY_STEP = 10;

export function makeReviveBatches(tools: Pick<Tools, 'config' | 'stores' | 'queues' | 'now'>) {
  const { queues } = tools;
  const { batches } = tools.stores;

  return async function reviveBatches(
    campaign: Campaign,
    control: Control,
    root: Parent,
    /** Laid out just now: these are all there are, and none has had a job yet. */
    fresh?: readonly Batch[],
  ): Promise<void> {
    const { id: campaignId, account, priority } = campaign;
    const lane = queues.lane(account);
    const all = fresh ?? (await batches.all(campaignId));

    const callable = all.filter(
      ({ state }) => state === 'submitting' || (state === 'pending' && mayStart(control)),
    );
    await revive(lane, root, callable, (batch) => ({
      definition: submitBatchJob,
      payload: { campaignId, no: batch.no, generation: batch.generation, run: batch.run },
      options: {
        priority: batch.state === 'submitting' ? REPEAT_PRIORITY : priority * PRIORITY_STEP,
      },
    }));
    const submitted = all.filter((batch) => batch.state === 'submitted');
    const receiptJobs = submitted.map((batch) => receiptJob(campaign, batch, tools));
    await addChildren(queues.receipts, root, receiptJobs);
    const held = all.filter(({ state }) => state === 'held');
    await revive(queues.campaigns, root, held, (batch) => ({
      definition: awaitDecisionJob,
      payload: { campaignId, no: batch.no, generation: batch.generation },
      options: { delay: FAR_AWAY },
    }));
    // An operator may have decided between our reading and the jobs' going to sleep: look again.
    for (const batch of held) {
      const { no, generation } = batch;
      const current = await batches.read({ campaignId, no });
      if (current?.state === 'held' && current.generation === generation) continue;
      await promote(queues.campaigns, awaitDecisionJob.id({ campaignId, no, generation }));
    }

    /** A job of this id that has ended cannot run again: the batch gets another run number. */
    async function revive<Payload>(
      queue: Queue,
      parent: Parent,
      open: readonly Batch[],
      toJob: (batch: Batch) => Planned<Payload>,
    ): Promise<void> {
      const jobs: Planned<Payload>[] = [];
      for (const batch of open) {
        const planned = toJob(batch);
        if (fresh || !(await hasEnded(queue, planned.definition, planned.payload))) {
          jobs.push(planned);
        } else {
          const again = await batches.apply(
            { campaignId, no: batch.no },
            { type: 'rerun' },
            { unless: (current) => current.state !== batch.state || current.run !== batch.run },
          );
          if (again.state === batch.state) jobs.push(toJob(again));
        }
      }
      await addChildren(queue, parent, jobs);
    }
  };
}

async function hasEnded<Payload>(
  queue: Queue,
  definition: JobDefinition<Payload>,
  payload: Payload,
): Promise<boolean> {
  const state = await queue.getJobState(definition.id(payload));
  return state === 'completed' || state === 'failed';
}
