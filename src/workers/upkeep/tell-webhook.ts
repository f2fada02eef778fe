/** Queues the news that a campaign has ended, or changed after that, for whoever asked to be told. */
import { notifyWebhookJob } from '../../shared/queue/jobs.ts';
import { plan, type Queues } from '../../shared/queue/queues.ts';
import type { WebhookKind } from '../../shared/record/campaign-index.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';

interface Dependencies {
  readonly campaigns: Pick<CampaignStore, 'read' | 'webhookIsThere'>;
  readonly queues: Pick<Queues, 'webhooks'>;
}

export type TellWebhook = (campaignId: string, kind?: WebhookKind) => Promise<void>;

/**
 * Numbered by the time of the end: a campaign whose refused batches were retried ends again, and
 * that is news; asked twice about one end, it is told once.
 */
export function makeTellWebhook({ campaigns, queues }: Dependencies): TellWebhook {
  return async (campaignId, kind = 'webhook') => {
    const record = await campaigns.read(campaignId);
    const { endedAt, correctedAt } = record?.control ?? {};
    const replay = kind === 'corrected' ? correctedAt : endedAt;
    if (record?.campaign.webhook && replay !== undefined) {
      const payload = { campaignId, replay, ...(kind === 'corrected' ? { corrected: true } : {}) };
      const job = plan({ definition: notifyWebhookJob, payload });
      await queues.webhooks.add(job.name, job.data, job.opts);
    }
    await campaigns.webhookIsThere(campaignId, kind);
  };
}
