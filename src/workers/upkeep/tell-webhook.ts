/** Queues the word that a campaign has ended, for whoever asked to be told. */
import { notifyWebhookJob } from '../../shared/queue/jobs.ts';
import { plan, type Queues } from '../../shared/queue/queues.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';

interface Dependencies {
  readonly campaigns: Pick<CampaignStore, 'read' | 'webhookIsThere'>;
  readonly queues: Pick<Queues, 'webhooks'>;
}

export type TellWebhook = (campaignId: string) => Promise<void>;

/**
 * Numbered by the time of the end: a campaign whose refused batches were retried ends again, and
 * that is news; asked twice about one end, it is told once.
 */
export function makeTellWebhook({ campaigns, queues }: Dependencies): TellWebhook {
  return async (campaignId) => {
    const record = await campaigns.read(campaignId);
    if (record?.campaign.webhook && record.control.endedAt !== undefined) {
      const payload = { campaignId, replay: record.control.endedAt };
      const job = plan({ definition: notifyWebhookJob, payload });
      await queues.webhooks.add(job.name, job.data, job.opts);
    }
    await campaigns.webhookIsThere(campaignId);
  };
}
