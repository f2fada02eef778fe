/** What the API answers, by its contract. Times are RFC 3339 in UTC; unknown counts are null, never 0. */
export type {
  AccountDetails,
  ConsoleDraft,
  Group,
  Tag,
} from '../shared/contract/accounts.ts';
export type { AudienceDetails } from '../shared/contract/audiences.ts';
export type { BatchDetails } from '../shared/contract/batches.ts';
export type {
  AcceptedCampaign,
  AuditEntry,
  CampaignDetails,
  CampaignSummary,
  InFlight,
  StoppedCampaign,
} from '../shared/contract/campaigns.ts';
export type { RecallReport } from '../shared/contract/decisions.ts';
export type { MediaDetails, MediaFile } from '../shared/contract/media.ts';
export type { PlannedCampaign } from '../shared/contract/plans.ts';
export type { PreviewReport, PreviewTo } from '../shared/contract/previews.ts';
