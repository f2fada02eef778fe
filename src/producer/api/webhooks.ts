/** Webhooks: the key that they are signed with, and telling one again. */
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import { WebhookReplay } from '../../shared/contract/campaigns.ts';
import { type Refused, refuse } from '../../shared/contract/problem.ts';
import { RotatedWebhookSecret, WebhookSecret } from '../../shared/contract/service.ts';
import { notifyWebhookJob } from '../../shared/queue/jobs.ts';
import { type AllQueues, plan } from '../../shared/queue/queues.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { BOTH_SIGN_FOR, type WebhookSecret as Secret } from '../../shared/record/webhook-secret.ts';
import { type Route, route } from '../http/route.ts';
import { campaignId, noCampaign } from './campaigns.ts';

interface Replaying {
  readonly campaigns: Pick<CampaignStore, 'read' | 'note'>;
  readonly queues: AllQueues;
  readonly now: () => number;
}

interface Dependencies extends Replaying {
  readonly secret: Secret;
}

export type ReplayWebhook = ReturnType<typeof makeReplayWebhook>;

/** By the API, and by the page's form. */
export const makeReplayWebhook =
  ({ campaigns, queues, now }: Replaying) =>
  async (id: string, by: string): Promise<WebhookReplay | Refused> => {
    const record = await campaigns.read(id);
    if (!record) return noCampaign;
    const { campaign, control } = record;
    if (!campaign.webhook) return refuse({ code: 'no-webhook' });
    if (control.endedAt === undefined) return refuse({ code: 'not-ended' });

    const at = now();
    const job = plan({ definition: notifyWebhookJob, payload: { campaignId: id, replay: at } });
    await queues.of(id).webhooks.add(job.name, job.data, job.opts);
    await campaigns.note(id, { at, by, action: 'webhook-replay' });
    return { campaignId: id, queuedAt: rfc3339(at) };
  };

/** Whoever has it can sign what every receiver of every account believes. */
const OF_ALL = refuse({ code: 'webhook-secret-of-all' });

export const makeWebhooksRoutes = ({ secret, now, ...deps }: Dependencies): Route[] => [
  route(
    {
      method: 'get',
      path: '/v1/webhooks/secret',
      operationId: 'getWebhookSecret',
      permission: 'steer',
      tag: 'Service',
      summary: 'The key that webhooks are signed with (Standard Webhooks)',
      answers: { 200: WebhookSecret },
      problems: { 403: 'The caller’s rights are for some accounts, and the key is for all' },
    },
    async ({ rights }) => (rights.accounts === null ? { secret: await secret.current() } : OF_ALL),
  ),

  route(
    {
      method: 'post',
      path: '/v1/webhooks/secret',
      operationId: 'rotateWebhookSecret',
      permission: 'steer',
      tag: 'Service',
      summary: 'Replace the key; for a week each webhook is signed by the one before, too',
      answers: { 200: RotatedWebhookSecret },
      problems: { 403: 'The caller’s rights are for some accounts, and the key is for all' },
    },
    async ({ rights }) =>
      rights.accounts === null
        ? {
            secret: await secret.rotate(),
            previousSignsUntil: rfc3339(now() + BOTH_SIGN_FOR),
          }
        : OF_ALL,
  ),

  route(
    {
      method: 'post',
      path: '/v1/campaigns/:id/webhook/replay',
      operationId: 'replayWebhook',
      permission: 'steer',
      tag: 'Campaigns',
      summary: 'Tell its webhook again how it ended',
      params: { id: campaignId },
      answers: { 202: WebhookReplay },
      problems: { 409: 'It has no webhook, or has not ended' },
    },
    ({ params: { id }, by }) => makeReplayWebhook({ ...deps, now })(id, by),
  ),
];
