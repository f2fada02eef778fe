/**
 * `qunfa/client`: the producer's HTTP API for TypeScript.
 *
 *   const client = makeClient({ url: 'http://127.0.0.1:3000', apiKey });
 *   const { id } = await client.campaigns.create({ audience, message });
 *   for await (const { campaign } of client.campaigns.watch(id)) console.log(campaign.state);
 */
import type { PreviewReport, PreviewRequest } from '../shared/contract/previews.ts';
import type { Asked } from '../shared/contract/shapes.ts';
import { makeAccounts } from './accounts.ts';
import { makeAudiences } from './audiences.ts';
import { makeCampaigns } from './campaigns.ts';
import { makeMedia } from './media.ts';
import { makeOverview } from './overview.ts';
import { type ClientOptions, makeTransport } from './transport.ts';

export type { AccountDetails, ConsoleDraft, Group, Tag } from '../shared/contract/accounts.ts';
export type { AttentionItem, AttentionPage } from '../shared/contract/attention.ts';
export type { AudienceDetails } from '../shared/contract/audiences.ts';
export type { BatchDetails } from '../shared/contract/batches.ts';
export type {
  AcceptedCampaign,
  AuditEntry,
  CampaignDetails,
  CampaignSummary,
  InFlight,
  LoggedAct,
  StoppedCampaign,
} from '../shared/contract/campaigns.ts';
export type { RecallReport } from '../shared/contract/decisions.ts';
export type { MediaDetails, MediaFile } from '../shared/contract/media.ts';
export type { PlannedCampaign } from '../shared/contract/plans.ts';
export type { PreviewReport, PreviewTo } from '../shared/contract/previews.ts';
export type { CampaignStatistics } from '../shared/contract/statistics.ts';
export type * from './accounts.ts';
export type * from './audiences.ts';
export type * from './campaigns.ts';
export type { UploadFile } from './fill-uploads.ts';
// biome-ignore-start lint/performance/noBarrelFile: the public entry of the package
export { fillUploads } from './fill-uploads.ts';
export type { AttentionOptions, AuditOptions } from './overview.ts';
export { QunfaError, type QunfaFacts } from './qunfa-error.ts';
// biome-ignore-end lint/performance/noBarrelFile: the public entry of the package
export type { ClientOptions } from './transport.ts';
export type { CampaignEvent, WatchOptions } from './watch-campaign.ts';

/** The body of POST /v1/previews. */
export type NewPreview = Asked<typeof PreviewRequest>;

export type Client = ReturnType<typeof makeClient>;

/** @throws {TypeError} `url` is no http:// or https:// address. */
export function makeClient(options: ClientOptions) {
  const transport = makeTransport(options);
  return {
    campaigns: makeCampaigns(transport),
    media: makeMedia(transport),
    audiences: makeAudiences(transport),
    accounts: makeAccounts(transport),
    ...makeOverview(transport),
    previews: {
      /** A hundred a day for an account, one for each tester. Never repeated by the client. */
      send: (preview: NewPreview) =>
        transport.post<PreviewReport>('/v1/previews', preview, {
          repeatable: false,
          // Files go to WeChat first.
          patient: true,
        }),
    },
  };
}
