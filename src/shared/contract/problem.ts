/**
 * Why something asked of us is not done: a code and its facts. The API shows it as problem+json,
 * the page and the command line as a sentence, a job as its `failedReason`; the sentence is made
 * there, in the reader's language (problem-words.ts).
 */
import type { Batch, BatchState } from '../campaign/batch.ts';
import type { Flaw, Mistake } from '../campaign/mistake.ts';
import type { ListFlaw } from '../openids/list-flaw.ts';
import type { JsonFlaw } from '../platform/json-flaw.ts';
import type { Permission } from '../platform/people.ts';
import type { Coded, None } from '../platform/sentences.ts';
import type { Silence } from '../wechat/silence.ts';
import type { CampaignView } from './campaign-view.ts';

/** Every mistake of the input at once, each with its path. */
interface Mistaken {
  readonly errors: readonly Mistake[];
}

type PlaceInJson = Pick<JsonFlaw, 'line' | 'column'>;

/** The codes that have facts; all of them stand in `STATUS`. */
export interface FactsOf {
  readonly 'account-changed': { readonly account: string };
  /** The caller's rights are for others. */
  readonly 'account-not-allowed': { readonly account: string };
  readonly 'account-not-configured': { readonly account: string };
  /** Some of those that there are, `more` if these are not all. */
  readonly 'account-not-found': { readonly names: readonly string[]; readonly more?: true };
  /** The caller's rights are for these. */
  readonly 'account-needed': { readonly names: readonly string[] };
  readonly 'approval-by-another': { readonly createdBy: string };
  readonly 'audience-in-use': { readonly campaignId: string };
  readonly 'audience-unreadable': { readonly flaw: ListFlaw };
  readonly 'batch-not-held': { readonly no: number; readonly state: BatchState };
  readonly 'body-too-large': { readonly bytes?: number; readonly maxBytes?: number };
  readonly 'campaign-over': {
    readonly step: 'pause' | 'resume' | 'cancel' | 'approve' | 'reject' | 'reschedule' | 'retry';
  };
  /** The encodings that are accepted. */
  readonly 'content-encoding-unsupported': { readonly accepted: readonly string[] };
  readonly 'content-type-unsupported': { readonly accepted: readonly string[] };
  readonly 'foreign-picture': Mistaken;
  /** The campaign that has the key. */
  readonly 'idempotency-key-reused': { readonly campaignId?: string };
  readonly 'invalid-body': Mistaken;
  readonly 'invalid-campaign': Mistaken;
  readonly 'invalid-preview': Mistaken;
  readonly 'invalid-query': Mistaken;
  readonly 'json-key-twice': PlaceInJson & { readonly key?: string };
  readonly 'json-malformed': PlaceInJson;
  readonly 'json-too-deep': PlaceInJson;
  readonly 'json-too-many-values': PlaceInJson;
  readonly 'media-gone': { readonly upload: string };
  readonly 'media-in-use': { readonly campaignId: string };
  readonly 'media-too-large': { readonly maxBytes: number };
  readonly 'media-unfit': { readonly flaws: readonly Flaw[] };
  readonly 'message-id-taken': { readonly msgId: string; readonly owner: string };
  readonly 'message-type-unknown': Mistaken;
  /** WeChat was asked, and knows no message with this id. */
  readonly 'message-unknown': { readonly msgId: string };
  /** It stays as it was. */
  readonly 'draft-sent': { readonly campaignId: string };
  /** Decided on a version that is no longer the current one; how it is now. */
  readonly moved: {
    readonly campaignId?: string;
    readonly campaign?: CampaignView;
    readonly batch?: Batch;
  };
  readonly 'not-permitted': { readonly permission: Permission };
  readonly 'rate-limited': {
    readonly of: 'requests' | 'passwords' | 'bytes' | 'streams' | 'lookups';
  };
  readonly 'recall-impossible': { readonly messageType: string };
  readonly 'refused-by-wechat': { readonly errcode: number; readonly path?: string };
  /** The campaign that sent the same. */
  readonly 'same-content': { readonly campaignId: string };
  readonly 'too-many-openids': Mistaken;
  readonly 'wechat-unreachable': Silence;
  readonly 'wechat-unreadable': Silence;
}

export type ProblemCode = keyof typeof STATUS;
export type Problem = Coded<
  FactsOf & { readonly [Code in Exclude<ProblemCode, keyof FactsOf>]: None }
>;
export type ProblemOf<Code extends ProblemCode> = Problem & { readonly code: Code };

/** What an action answers where it does nothing. */
export interface Refused {
  readonly refused: Problem;
}

export const refuse = (refused: Problem): Refused => ({ refused });

/** The HTTP status of each. */
export const STATUS = {
  'account-changed': 409,
  'account-needed': 422,
  'account-not-allowed': 403,
  'account-not-configured': 409,
  'account-not-found': 404,
  'already-begun': 409,
  'api-key-needed': 401,
  'approval-by-another': 403,
  'approval-needed': 409,
  'audience-gone': 409,
  'audience-in-use': 409,
  'audience-not-found': 404,
  'audience-of-all': 403,
  'audience-unreadable': 422,
  'bad-request': 400,
  'batch-moved-on': 409,
  'batch-not-found': 404,
  'batch-not-held': 409,
  'board-password-needed': 401,
  'body-cut-short': 400,
  'body-not-unpacked': 400,
  'body-not-utf8': 400,
  'body-too-large': 413,
  'campaign-not-found': 404,
  'campaign-over': 409,
  'charset-unsupported': 415,
  'content-encoding-unsupported': 415,
  'content-type-unsupported': 415,
  'cross-site-request': 403,
  'draft-not-found': 404,
  'draft-sent': 409,
  'file-missing': 422,
  'foreign-picture': 422,
  'form-malformed': 400,
  'idempotency-key-invalid': 400,
  'idempotency-key-reused': 409,
  internal: 500,
  'invalid-body': 422,
  'invalid-campaign': 422,
  'invalid-preview': 422,
  'invalid-query': 400,
  'json-key-twice': 400,
  'json-malformed': 400,
  'json-not-object': 400,
  'json-too-deep': 400,
  'json-too-many-values': 413,
  'last-uploadnews-kept': 409,
  'loopback-only': 403,
  'may-be-received-twice': 409,
  'media-gone': 422,
  'media-in-use': 409,
  'media-not-found': 404,
  'media-too-large': 413,
  'media-unfit': 422,
  'message-id-taken': 409,
  'message-type-unknown': 422,
  'message-unknown': 409,
  moved: 409,
  'no-approval-needed': 409,
  'no-openid': 422,
  'no-webhook': 409,
  'not-a-list': 422,
  'not-a-push': 422,
  'not-after-passed': 409,
  'not-ended': 409,
  'not-found': 404,
  'not-permitted': 403,
  'nothing-refused': 409,
  'nothing-to-recall': 409,
  'one-file-each': 422,
  'one-msg-id': 422,
  'operator-unknown': 403,
  'path-malformed': 400,
  'rate-limited': 429,
  'recall-impossible': 409,
  'redis-full': 503,
  'redis-unavailable': 503,
  'replicas-behind': 503,
  'refused-by-wechat': 409,
  'same-content': 409,
  stopping: 503,
  'too-many-openids': 413,
  'too-many-streams': 503,
  'upload-under-way': 503,
  'webhook-secret-of-all': 403,
  'wechat-unreachable': 503,
  'wechat-unreadable': 502,
} satisfies Readonly<Record<string, number>>;
