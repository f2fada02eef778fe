/** What the API answers. Times are RFC 3339 in UTC; unknown counts are null, never 0. */

import type { AccountWarning } from '../shared/actions/describe-account.ts';
import type { Act } from '../shared/campaign/audit.ts';
import type { BatchState, InFlight, WaitReason } from '../shared/campaign/batch.ts';
import type { CampaignView } from '../shared/campaign/campaign.ts';
import type { DailyQuota } from '../shared/campaign/daily-quotas.ts';
import type { CampaignPlan } from '../shared/campaign/plan.ts';
import type { Receipt } from '../shared/campaign/receipt.ts';
import type { InWords } from '../shared/campaign/warnings.ts';

export type { InFlight };

export interface Links {
  readonly self: string;
  readonly batches: string;
  readonly events: string;
  readonly audit: string;
  readonly results: string;
}

export type AcceptedCampaign = Pick<
  CampaignView,
  | 'id'
  | 'version'
  | 'state'
  | 'account'
  | 'name'
  | 'sandbox'
  | 'audience'
  | 'sendAt'
  | 'notAfter'
  | 'pausedFor'
> & { readonly links: Links };

/** Its warnings are codes with facts, and a `message` in the language that was asked for. */
export type CampaignSummary = InWords<CampaignView>;

export type CampaignDetails = CampaignSummary & { readonly links: Links };

export type StoppedCampaign = CampaignDetails & { readonly inFlight: readonly InFlight[] };

export interface PlannedCampaign extends CampaignPlan {
  /** What WeChat itself says is left, by path, where it was asked; null where it would not say. */
  readonly wechat?: Readonly<
    Record<
      string,
      { readonly perDay: number; readonly usedToday: number; readonly left: number } | null
    >
  >;
}

export interface BatchDetails {
  readonly no: number;
  /** Grows with each change; a decision about it names the one it was made on. */
  readonly version: number;
  readonly state: BatchState;
  readonly size: number | null;
  /** What WeChat knows the batch by; another one after `retry` or `resolve`. */
  readonly clientMsgId: string;
  readonly attempts: number;
  readonly msgId?: string;
  /** Null where WeChat did not name it: its id came by an answer (45065) that lacks it. */
  readonly msgDataId?: string | null;
  readonly submittedAt?: string;
  readonly settledAt?: string;
  readonly nextAttemptAt?: string;
  /** Of a held or abandoned one: from when on it may be in WeChat's console. */
  readonly firstAttemptAt?: string;
  readonly errcode?: number;
  readonly reason?: string;
  /** Held because this message id belongs to another batch. */
  readonly takenMsgId?: string;
  readonly receipt?: Receipt;
  /** WeChat accepted two of its keys: it may have been received twice. */
  readonly twice?: true;
}

export interface RecallReport {
  readonly id: string;
  readonly recalled: number;
  readonly results: readonly {
    readonly no: number;
    readonly msgId?: string;
    /** `already`: an earlier recall did it. `not-tried`: no call is left today. */
    readonly outcome: 'recalled' | 'already' | 'refused' | 'unknown' | 'not-sent' | 'not-tried';
    readonly errcode?: number;
    readonly meaning?: string;
  }[];
  /** Of today's recalls, after these. */
  readonly quota: DailyQuota;
  /** What this did not do, in words. */
  readonly notes: readonly string[];
}

/** An action with its facts, and a `message` in the language that was asked for. */
export type AuditEntry = Act & {
  readonly at: string;
  readonly by: string;
  readonly message: string;
  readonly note?: string;
  readonly batch?: number;
};

export interface MediaFile {
  readonly id: string;
  readonly type: 'image' | 'voice' | 'video';
  readonly format: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly filename: string;
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
}

export interface MediaDetails extends MediaFile {
  /** Where WeChat has it, of which account and until when; null where it is kept for good. */
  readonly atWechat: readonly {
    readonly account: string;
    readonly kind: string;
    readonly expiresAt: string | null;
  }[];
}

export interface AudienceDetails {
  readonly id: string;
  readonly account?: string;
  readonly name?: string;
  readonly state: 'receiving' | 'ready';
  readonly received: number;
  readonly duplicates: number;
  readonly invalid: number;
  /** Left out because they stand on a list of `exclude`. */
  readonly suppressed: number;
  readonly recipients: number;
  /** Lines of the first ten that are no OpenIDs; answered to the upload alone. */
  readonly invalidLines?: readonly number[];
  readonly createdAt: string;
}

export interface AccountDetails {
  readonly name: string;
  readonly kind: 'service' | 'subscription';
  readonly newsRoute: 'auto' | 'uploadnews' | 'draft';
  readonly approval: 'always' | 'everyone' | 'never';
  readonly callsPerMinute: number;
  readonly sandbox?: true;
  /** Today's calls (Beijing) by our own ledger, against a fresh account's quotas. */
  readonly quota: Readonly<Record<string, DailyQuota>>;
  readonly lane: {
    readonly state: 'open' | 'asleep' | 'paused';
    /** Batches that WeChat must still be called for. */
    readonly pending: number;
    /** Why it does not move, in words. */
    readonly why?: string;
    readonly reason?: WaitReason;
    readonly until?: string;
    readonly errcode?: number;
    readonly pausedAt?: string;
    readonly pausedBy?: string;
    /** message/mass/send alone is refused; groups, tags and everyone go on. */
    readonly sendBlocked?: { readonly why: string; readonly errcode?: number; readonly at: string };
    /** One call at a time until then: WeChat found us too fast. */
    readonly oneByOneUntil?: string;
  };
  readonly token: { readonly expiresAt: string } | null;
  readonly lastEvent: { readonly at: string; readonly mode: string } | null;
  readonly warnings: readonly {
    readonly code: AccountWarning['code'];
    /** What it means and what to do. */
    readonly message: string;
  }[];
}
