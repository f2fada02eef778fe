/** Every router of the API in its place; which of them reads bodies itself, which needs no key. */
import type { RequestHandler } from 'express';
import type { AcceptCampaign } from '../shared/accept/accept-campaign.ts';
import type { DescribeAccount } from '../shared/describe-account.ts';
import type { Queues } from '../shared/jobs/queues.ts';
import type { PlanCampaign } from '../shared/plan-campaign.ts';
import type { PreviewMessage } from '../shared/preview-message.ts';
import type { Stores } from '../shared/record.ts';
import type { AccountConfig } from '../shared/settings/accounts.ts';
import type { RecallCampaign } from '../shared/steer/recall-campaign.ts';
import type { SteerAccount } from '../shared/steer/steer-account.ts';
import type { SteerCampaign } from '../shared/steer/steer-campaign.ts';
import type { WebhookSecret } from '../shared/store/webhook-secret.ts';
import type { WechatFor } from '../shared/wechat-accounts.ts';
import type { CampaignFeed } from './campaign-feed.ts';
import { openApiDocument } from './openapi/document.ts';
import { operations } from './openapi/operations.ts';
import { makeAccountListsRoutes } from './routes/account-lists.ts';
import { makeAccountsRoutes } from './routes/accounts.ts';
import { makeAudiencesRoutes } from './routes/audiences.ts';
import { makeCampaignsRoutes } from './routes/campaigns.ts';
import { makeHealthRoutes } from './routes/health.ts';
import { makeMediaRoutes } from './routes/media.ts';
import { makeDocsFiles, makeOpenApiRoutes, packageVersion } from './routes/openapi.ts';
import { makePlanRoutes } from './routes/plan.ts';
import { makePreviewRoutes } from './routes/previews.ts';
import { makeRecallRoutes } from './routes/recall.ts';
import { makeReceiptsRoutes } from './routes/receipts.ts';
import { makeSteeringRoutes } from './routes/steering.ts';
import { makeWatchingRoutes } from './routes/watching.ts';
import { makeWebhooksRoutes } from './routes/webhooks.ts';
import type { Places } from './server.ts';

export interface PlacesDependencies {
  readonly stores: Stores;
  readonly queues: Queues;
  readonly wechatFor: WechatFor;
  readonly accounts: () => readonly AccountConfig[];
  readonly accept: AcceptCampaign['accept'];
  readonly steer: SteerCampaign;
  readonly planCampaign: PlanCampaign;
  readonly previewMessage: PreviewMessage;
  readonly recallCampaign: RecallCampaign;
  readonly describeAccount: DescribeAccount;
  readonly steerAccount: SteerAccount;
  readonly webhookSecret: WebhookSecret;
  readonly feed: CampaignFeed;
  readonly ready: () => Promise<readonly string[]>;
  readonly stopping: AbortSignal;
  readonly now: () => number;
  /** Path → what is served there to an operator. */
  readonly operator: Readonly<Record<string, RequestHandler>>;
}

export function makePlaces(deps: PlacesDependencies): Places {
  const { stores, accept, feed, stopping, webhookSecret, operator } = deps;
  const document = openApiDocument(operations, { version: packageVersion() });
  return {
    open: [makeHealthRoutes(deps), makeOpenApiRoutes({ document })],
    files: [makeDocsFiles()],
    raw: [
      makeMediaRoutes(stores),
      makeAudiencesRoutes({ ...stores, ...deps }),
      makeReceiptsRoutes(deps),
    ],
    api: [
      makePlanRoutes(deps),
      makeCampaignsRoutes({ ...stores, accept }),
      makeWatchingRoutes({ ...stores, feed, stopping }),
      makeSteeringRoutes(deps),
      makeRecallRoutes(deps),
      makePreviewRoutes(deps),
      makeAccountsRoutes(deps),
      makeAccountListsRoutes(deps),
      makeWebhooksRoutes({ ...stores, ...deps, secret: webhookSecret }),
    ],
    operator,
  };
}
