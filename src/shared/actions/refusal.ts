import type { Batch } from '../campaign/batch.ts';
import type { CampaignView } from '../campaign/campaign.ts';

/** Why something asked of us is not done, as a value: the HTTP API shows it as problem+json. */
export interface Refusal {
  /** The HTTP status it means. */
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503;
  /** Stable; programs react to it. */
  readonly code: string;
  /** For people: what is wrong and what to do. */
  readonly detail: string;
  /** Every mistake of the input at once, with its path. */
  readonly errors?: readonly Mistake[];
  /** The earlier campaign that this one collides with. */
  readonly campaignId?: string;
  /** How it is now, where a decision was made on an earlier version of it. */
  readonly campaign?: CampaignView;
  /** Of the campaign `campaignId`. */
  readonly batch?: Batch;
}

export interface Mistake {
  /** Stable, where programs may want to react to this kind of mistake. */
  readonly code?: string;
  /** Such as `message.articles.0.title`; empty for the body as a whole. */
  readonly path: string;
  readonly message: string;
}

export const refuse = (
  status: Refusal['status'],
  code: string,
  detail: string,
  more: Partial<Refusal> = {},
): { refused: Refusal } => ({ refused: { status, code, detail, ...more } });

/** Decided on a version that is no longer the current one; nothing was done. */
export const MOVED: Refusal = {
  status: 409,
  code: 'moved',
  detail: 'it changed after it was looked at: look at how it is now, and decide again',
};
