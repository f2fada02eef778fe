/**
 * Adds the root job of an accepted campaign, or brings one back that has ended too early.
 *
 * The root alone is added, delayed to `sendAt`: a delay on a flow's root does not hold its leaves,
 * and media ids live three days, so the root adds the uploads when its time has come.
 */
import type { Campaign } from '../campaign/campaign.ts';
import { inTime } from '../platform/in-time.ts';
import type { CampaignStore } from '../record/campaign-store.ts';
import { inTrace, runCampaignJob } from './jobs.ts';
import { type AllQueues, dueAt, plan, runAgain } from './queues.ts';
import { isStranded, takeAway } from './stranded.ts';

interface Dependencies {
  readonly queues: AllQueues;
  readonly campaigns: Pick<CampaignStore, 'rootIsThere'>;
  readonly now: () => number;
}

/** Of a request that names none. */
const DEFAULT_PRIORITY = 5;

export type EnqueueRoot = (campaign: Campaign) => Promise<void>;

export function makeEnqueueRoot({ queues, campaigns, now }: Dependencies): EnqueueRoot {
  return async (campaign) => {
    const job = rootJob(campaign, now());
    const roots = queues.of(campaign.id).campaigns;
    const known = await roots.getJob(job.opts.jobId);
    const stranded = known && (await isStranded(known));
    if (stranded) await takeAway(known);
    if (known && !stranded) await runAgain(known);
    else await roots.add(job.name, job.data, job.opts);
    await campaigns.rootIsThere(campaign.id);
  };
}

/** The root of a campaign that is being accepted, so that no job of it can be there yet. */
export interface NewRoots {
  /** @returns whether it was added; nothing is thrown. */
  add(campaign: Campaign): Promise<boolean>;
  /** It was not accepted. A root that a worker has already got finds no record, and ends. */
  drop(id: string): Promise<void>;
}

export const makeNewRoots = (
  { queues, now }: Omit<Dependencies, 'campaigns'>,
  /** After so many ms it counts as not added: while Redis is away BullMQ would wait for it. */
  within: number,
): NewRoots => ({
  async add(campaign) {
    const { name, data, opts } = rootJob(campaign, now());
    const adding = queues.of(campaign.id).campaigns.add(name, data, opts);
    return inTime(adding, within).then(
      () => true,
      () => false,
    );
  },
  async drop(id) {
    const roots = queues.of(id).campaigns;
    await roots.remove(runCampaignJob.id({ campaignId: id })).catch(() => 0);
  },
});

const rootJob = ({ id: campaignId, sendAt, priority, trace }: Campaign, now: number) =>
  plan({
    definition: runCampaignJob,
    payload: { campaignId },
    options: {
      ...dueAt(sendAt, now),
      ...inTrace(trace),
      // Before a bulk of campaigns that other services put into the same queue.
      lifo: priority < DEFAULT_PRIORITY,
    },
  });
