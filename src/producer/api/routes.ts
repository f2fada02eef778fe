/** Every route of the API. */
import type { AcceptCampaign } from '../../shared/actions/accept-campaign.ts';
import type { ArticleStatistics } from '../../shared/actions/article-statistics.ts';
import type { DescribeAccount } from '../../shared/actions/describe-account.ts';
import type { ListAccounts } from '../../shared/actions/list-accounts.ts';
import type { ListAttention } from '../../shared/actions/list-attention.ts';
import type { NameAudience } from '../../shared/actions/name-audience.ts';
import type { PlanCampaign } from '../../shared/actions/plan-campaign.ts';
import type { PreviewMessage } from '../../shared/actions/preview-message.ts';
import type { RecallCampaign } from '../../shared/actions/recall-campaign.ts';
import type { SteerAccount } from '../../shared/actions/steer-account.ts';
import type { SteerCampaign } from '../../shared/actions/steer-campaign.ts';
import type { Unserved } from '../../shared/campaign/serving.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Trouble } from '../../shared/platform/trouble.ts';
import type { AllQueues } from '../../shared/queue/queues.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { WebhookSecret } from '../../shared/record/webhook-secret.ts';
import type { Route } from '../http/route.ts';
import { makeAccountsRoutes } from './accounts.ts';
import { makeAttentionRoutes } from './attention.ts';
import { makeAudiencesRoutes } from './audiences.ts';
import { makeAuditRoutes } from './audit.ts';
import { makeBatchesRoutes } from './batches.ts';
import type { CampaignFeed } from './campaign-feed.ts';
import { makeCampaignsRoutes } from './campaigns.ts';
import { makeDecisionsRoutes } from './decisions.ts';
import { makeDraftsRoutes } from './drafts.ts';
import { makeEventsRoutes } from './events.ts';
import { makeHealthRoutes } from './health.ts';
import { makeMediaRoutes } from './media.ts';
import { makeOpenApiRoutes } from './openapi.ts';
import { makePlansRoutes } from './plans.ts';
import { makePreviewRoutes } from './previews.ts';
import { makeReceiptsRoutes } from './receipts.ts';
import { makeStatisticsRoutes } from './statistics.ts';
import { makeWebhooksRoutes } from './webhooks.ts';

export interface RoutesDependencies {
  readonly stores: Stores;
  readonly queues: AllQueues;
  readonly wechatFor: WechatFor;
  readonly accounts: () => readonly AccountConfig[];
  readonly accept: AcceptCampaign['accept'];
  readonly steer: SteerCampaign;
  readonly planCampaign: PlanCampaign;
  readonly previewMessage: PreviewMessage;
  readonly recallCampaign: RecallCampaign;
  readonly describeAccount: DescribeAccount;
  readonly listAccounts: ListAccounts;
  readonly listAttention: ListAttention;
  readonly articleStatistics: ArticleStatistics;
  readonly nameAudience: NameAudience;
  readonly steerAccount: SteerAccount;
  readonly webhookSecret: WebhookSecret;
  readonly feed: CampaignFeed;
  readonly ready: () => Promise<readonly Trouble[]>;
  readonly warnings: () => Promise<readonly Trouble[]>;
  readonly isLeaving?: () => boolean;
  readonly unserved: () => Promise<readonly Unserved[]>;
  /** The page at /docs says so. */
  readonly isSandbox?: boolean;
  readonly stopping: AbortSignal;
  readonly now: () => number;
}

export function makeRoutes(deps: RoutesDependencies): readonly Route[] {
  const all = { ...deps.stores, ...deps };
  const routes = [
    ...makeAttentionRoutes(all),
    ...makeAuditRoutes(all),
    ...makeCampaignsRoutes(all),
    ...makePlansRoutes(all),
    ...makeDraftsRoutes(all),
    ...makeBatchesRoutes(all),
    ...makeStatisticsRoutes(all),
    ...makeEventsRoutes(all),
    ...makeDecisionsRoutes(all),
    ...makePreviewRoutes(all),
    ...makeMediaRoutes(all),
    ...makeAudiencesRoutes(all),
    ...makeAccountsRoutes(all),
    ...makeReceiptsRoutes(all),
    ...makeWebhooksRoutes({ ...all, secret: deps.webhookSecret }),
    ...makeHealthRoutes(all),
  ];
  return [...routes, ...makeOpenApiRoutes(routes, deps.isSandbox)];
}
