import type { BatchDetails, CampaignSummary } from './answers.ts';

/** Why a call did not do what was asked. Programs react to `code`; people read `detail`. */
export interface QunfaFacts {
  /** The HTTP status, or 0 where there was no answer at all. */
  readonly status: number;
  /** Stable, such as `invalid-campaign`, `same-content`, `unreachable`. */
  readonly code: string;
  readonly detail: string;
  /** Every mistake of the input at once, each with its path, such as `message.articles.0.title`. */
  readonly errors?: readonly {
    readonly code: string;
    readonly path: string;
    readonly message: string;
  }[];
  /** The earlier campaign that this one collides with. */
  readonly campaignId?: string;
  /** Of `moved`: how the campaign that was decided about is now. */
  readonly campaign?: CampaignSummary;
  /** Of `moved`: how the batch that was decided about is now. */
  readonly batch?: BatchDetails;
}

export class QunfaError extends Error {
  override name = 'QunfaError';
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: NonNullable<QunfaFacts['errors']>;
  readonly campaignId?: string;
  readonly campaign?: CampaignSummary;
  readonly batch?: BatchDetails;

  constructor(facts: QunfaFacts, options?: ErrorOptions) {
    super(messageOf(facts), options);
    this.status = facts.status;
    this.code = facts.code;
    this.detail = facts.detail;
    this.errors = facts.errors ?? [];
    if (facts.campaignId !== undefined) this.campaignId = facts.campaignId;
    if (facts.campaign !== undefined) this.campaign = facts.campaign;
    if (facts.batch !== undefined) this.batch = facts.batch;
  }
}

const messageOf = ({ code, detail, errors = [] }: QunfaFacts): string =>
  [`${code}: ${detail}`, ...errors.map(({ path, message }) => `  ${path}: ${message}`)].join('\n');
