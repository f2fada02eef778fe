/** Every router of the API in its place; which of them reads bodies itself, which needs no key. */
import type { RequestHandler } from 'express';
import type { AcceptCampaign } from '../../shared/actions/accept-campaign.ts';
import type { DescribeAccount } from '../../shared/actions/describe-account.ts';
import type { ListAccounts } from '../../shared/actions/list-accounts.ts';
import type { PlanCampaign } from '../../shared/actions/plan-campaign.ts';
import type { PreviewMessage } from '../../shared/actions/preview-message.ts';
import type { RecallCampaign } from '../../shared/actions/recall-campaign.ts';
import type { SteerAccount } from '../../shared/actions/steer-account.ts';
import type { SteerCampaign } from '../../shared/actions/steer-campaign.ts';
import type { Unserved } from '../../shared/campaign/serving.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Queues } from '../../shared/queue/queues.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { WebhookSecret } from '../../shared/record/webhook-secret.ts';
import { makeAccountListsRoutes } from '../api/account-lists.ts';
import { makeAccountsRoutes } from '../api/accounts.ts';
import { makeAudiencesRoutes } from '../api/audiences.ts';
import type { CampaignFeed } from '../api/campaign-feed.ts';
import { makeCampaignsRoutes } from '../api/campaigns.ts';
import { makeHealthRoutes } from '../api/health.ts';
import { makeMediaRoutes } from '../api/media.ts';
import { makeDocsFiles, makeOpenApiRoutes, packageVersion } from '../api/openapi.ts';
import { makePlanRoutes } from '../api/plan.ts';
import { makePreviewRoutes } from '../api/previews.ts';
import { makeRecallRoutes } from '../api/recall.ts';
import { makeReceiptsRoutes } from '../api/receipts.ts';
import { makeSteeringRoutes } from '../api/steering.ts';
import { makeWatchingRoutes } from '../api/watching.ts';
import { makeWebhooksRoutes } from '../api/webhooks.ts';
import { openApiDocument } from '../openapi/document.ts';
import { operations } from '../openapi/operations.ts';
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
  readonly listAccounts: ListAccounts;
  readonly steerAccount: SteerAccount;
  readonly webhookSecret: WebhookSecret;
  readonly feed: CampaignFeed;
  readonly ready: () => Promise<readonly string[]>;
  readonly unserved: () => Promise<readonly Unserved[]>;
  readonly stopping: AbortSignal;
  readonly now: () => number;
  /** Path → what is served there to an operator. */
  readonly operator: Readonly<Record<string, RequestHandler>>;
}

export function makePlaces(deps: PlacesDependencies): Places {
  const { stores, feed, stopping, webhookSecret, operator } = deps;
  const document = openApiDocument(operations, { version: packageVersion() });
  return {
    open: [makeHealthRoutes(deps), makeOpenApiRoutes({ document })],
    files: [makeDocsFiles()],
    raw: [
      makeMediaRoutes({ ...stores, ...deps }),
      makeAudiencesRoutes({ ...stores, ...deps }),
      makeReceiptsRoutes(deps),
    ],
    api: [
      makePlanRoutes(deps),
      makeCampaignsRoutes({ ...stores, ...deps }),
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
