/**
 * Adds the root job of an accepted campaign, or brings one back that has ended too early.
 *
 * The root alone is added, delayed to `sendAt`: a delay on a flow's root does not hold its leaves,
 * and media ids live three days, so the root adds the uploads when its time has come.
 */
import type { Campaign } from '../campaign/campaign.ts';
import type { CampaignStore } from '../record/campaign-store.ts';
import { runCampaignJob } from './jobs.ts';
import { dueAt, plan, type Queues, runAgain } from './queues.ts';
import { isStranded, takeAway } from './stranded.ts';

interface Dependencies {
  readonly queues: Queues;
  readonly campaigns: Pick<CampaignStore, 'rootIsThere'>;
  readonly now: () => number;
}

/** Of a request that names none. */
const DEFAULT_PRIORITY = 5;

/** `isNew`: accepted just now, so that no job of it can be there yet. */
export type EnqueueRoot = (campaign: Campaign, is?: { readonly isNew: boolean }) => Promise<void>;

export function makeEnqueueRoot({ queues, campaigns, now }: Dependencies): EnqueueRoot {
  return async (campaign, { isNew } = { isNew: false }) => {
    const job = plan({
      definition: runCampaignJob,
      payload: { campaignId: campaign.id },
      options: {
        ...dueAt(campaign.sendAt, now()),
        // Before a bulk of campaigns that other services put into the same queue.
        lifo: campaign.priority < DEFAULT_PRIORITY,
      },
    });
    const known = isNew ? undefined : await queues.campaigns.getJob(job.opts.jobId);
    const stranded = known && (await isStranded(known));
    if (stranded) await takeAway(known);
    if (known && !stranded) await runAgain(known);
    else await queues.campaigns.add(job.name, job.data, job.opts);
    const noted = campaigns.rootIsThere(campaign.id);
    // Whoever enqueued need not wait for it: what is not noted is only looked at once more.
    if (isNew) noted.catch(() => undefined);
    else await noted;
  };
}
