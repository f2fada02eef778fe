/** Webhooks: the key that they are signed with, and telling one again. */
import express, { type Router } from 'express';
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import { CAMPAIGN_ID } from '../../shared/contract/campaign-query.ts';
import { notifyWebhookJob } from '../../shared/queue/jobs.ts';
import { plan, type Queues } from '../../shared/queue/queues.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { BOTH_SIGN_FOR, type WebhookSecret } from '../../shared/record/webhook-secret.ts';
import { callerOf } from '../http/caller.ts';
import { sendRefusal } from '../http/problem.ts';
import { noCampaign } from './campaigns.ts';

interface Dependencies {
  readonly campaigns: Pick<CampaignStore, 'read' | 'note'>;
  readonly queues: Pick<Queues, 'webhooks'>;
  readonly secret: WebhookSecret;
  readonly now: () => number;
}

export function makeWebhooksRoutes({ campaigns, queues, secret, now }: Dependencies): Router {
  const router = express.Router();

  router.get('/v1/webhooks/secret', async (_req, res) => {
    res.json({ secret: await secret.current() });
  });

  router.post('/v1/webhooks/secret', async (_req, res) => {
    const next = await secret.rotate();
    res.json({ secret: next, previousSignsUntil: rfc3339(now() + BOTH_SIGN_FOR) });
  });

  router.post('/v1/campaigns/:id/webhook/replay', async (req, res) => {
    const { id } = req.params;
    const record = CAMPAIGN_ID.test(id) ? await campaigns.read(id) : null;
    if (!record) return sendRefusal(res, noCampaign);
    const { campaign, control } = record;
    if (!campaign.webhook) return sendRefusal(res, { code: 'no-webhook' });
    if (control.endedAt === undefined) {
      return sendRefusal(res, { code: 'not-ended' });
    }

    const at = now();
    const job = plan({ definition: notifyWebhookJob, payload: { campaignId: id, replay: at } });
    await queues.webhooks.add(job.name, job.data, job.opts);
    await campaigns.note(id, { at, by: callerOf(res), action: 'webhook replay' });
    res.status(202).json({ campaignId: id, queuedAt: rfc3339(at) });
  });

  return router;
}
