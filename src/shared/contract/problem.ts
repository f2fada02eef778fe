/**
 * Why something asked of us is not done: a code and its facts. The API shows it as problem+json,
 * the page and the command line as a sentence, a job as its `failedReason`; the sentence is made
 * there, in the reader's language (problem-words.ts).
 */
import type { Batch, BatchState } from '../campaign/batch.ts';
import type { Flaw, Mistake } from '../campaign/mistake.ts';
import type { JsonFlaw } from '../platform/json-text.ts';
import type { CampaignView } from './campaign-view.ts';

type None = Readonly<Record<never, never>>;

/** Every mistake of the input at once, each with its path. */
interface Mistaken {
  readonly errors: readonly Mistake[];
}

type PlaceInJson = Pick<JsonFlaw, 'line' | 'column'>;

/** Each code with its facts. */
interface FactsOf {
  readonly 'account-changed': { readonly account: string };
  readonly 'account-not-configured': { readonly account: string };
  /** Some of those that there are, `more` if these are not all. */
  readonly 'account-not-found': { readonly names: readonly string[]; readonly more?: true };
  readonly 'api-key-needed': None;
  readonly 'approval-by-another': { readonly createdBy: string };
  readonly 'approval-needed': None;
  readonly 'audience-gone': None;
  readonly 'audience-in-use': { readonly campaignId: string };
  readonly 'audience-not-found': None;
  readonly 'audience-unreadable': { readonly why: string };
  readonly 'bad-request': None;
  readonly 'batch-moved-on': None;
  readonly 'batch-not-found': None;
  readonly 'batch-not-held': { readonly no: number; readonly state: BatchState };
  readonly 'board-password-needed': None;
  readonly 'body-cut-short': None;
  readonly 'body-not-utf8': None;
  readonly 'body-not-unpacked': None;
  readonly 'body-too-large': { readonly bytes?: number; readonly maxBytes?: number };
  readonly 'campaign-not-found': None;
  readonly 'campaign-over': {
    readonly step: 'pause' | 'resume' | 'cancel' | 'approve' | 'reject' | 'retry';
  };
  readonly 'charset-unsupported': None;
  /** The encodings that are accepted. */
  readonly 'content-encoding-unsupported': { readonly accepted: readonly string[] };
  readonly 'content-type-unsupported': { readonly accepted: readonly string[] };
  readonly 'cover-unfit': { readonly flaws: readonly Flaw[] };
  readonly 'cross-site-request': None;
  readonly 'file-missing': None;
  readonly 'foreign-picture': Mistaken;
  readonly 'form-malformed': None;
  readonly 'idempotency-key-invalid': None;
  /** The campaign that has the key. */
  readonly 'idempotency-key-reused': { readonly campaignId?: string };
  readonly internal: None;
  readonly 'invalid-body': Mistaken;
  readonly 'invalid-campaign': Mistaken;
  readonly 'invalid-preview': Mistaken;
  readonly 'invalid-query': Mistaken;
  readonly 'json-key-twice': PlaceInJson & { readonly key?: string };
  readonly 'json-malformed': PlaceInJson;
  readonly 'json-not-object': None;
  readonly 'json-too-deep': PlaceInJson;
  readonly 'json-too-many-values': PlaceInJson;
  readonly 'last-uploadnews-kept': None;
  readonly 'loopback-only': None;
  readonly 'may-be-received-twice': None;
  readonly 'media-gone': { readonly upload: string };
  readonly 'media-not-found': None;
  readonly 'media-too-large': { readonly maxBytes: number };
  readonly 'media-unfit': { readonly flaws: readonly Flaw[] };
  readonly 'message-id-taken': { readonly msgId: string; readonly owner: string };
  readonly 'message-type-unknown': Mistaken;
  /** Decided on a version that is no longer the current one; how it is now. */
  readonly moved: {
    readonly campaignId?: string;
    readonly campaign?: CampaignView;
    readonly batch?: Batch;
  };
  readonly 'no-approval-needed': None;
  readonly 'no-openid': None;
  readonly 'no-webhook': None;
  readonly 'not-a-list': None;
  readonly 'not-a-push': None;
  readonly 'not-after-passed': None;
  readonly 'not-ended': None;
  readonly 'not-found': None;
  readonly 'nothing-refused': None;
  readonly 'nothing-to-recall': None;
  readonly 'one-file-each': None;
  readonly 'one-msg-id': None;
  readonly 'path-malformed': None;
  readonly 'rate-limited': { readonly of: 'requests' | 'passwords' };
  readonly 'recall-impossible': { readonly messageType: string };
  readonly 'redis-unavailable': None;
  readonly 'refused-by-wechat': { readonly errcode: number; readonly path?: string };
  /** The campaign that sent the same. */
  readonly 'same-content': { readonly campaignId: string };
  readonly stopping: None;
  readonly 'too-many-openids': Mistaken;
  readonly 'too-many-streams': None;
  readonly 'upload-under-way': None;
  readonly 'wechat-unreachable': { readonly cause: string };
  readonly 'wechat-unreadable': { readonly cause: string };
}

export type ProblemCode = keyof FactsOf;
export type ProblemOf<Code extends ProblemCode> = {
  [One in Code]: { readonly code: One } & FactsOf[One];
}[Code];
export type Problem = ProblemOf<ProblemCode>;

/** What an action answers where it does nothing. */
export interface Refused {
  readonly refused: Problem;
}

export const refuse = (refused: Problem): Refused => ({ refused });

/** The HTTP status of each. */
export const STATUS: Readonly<Record<ProblemCode, number>> = {
  'account-changed': 409,
  'account-not-configured': 409,
  'account-not-found': 404,
  'api-key-needed': 401,
  'approval-by-another': 403,
  'approval-needed': 409,
  'audience-gone': 409,
  'audience-in-use': 409,
  'audience-not-found': 404,
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
  'cover-unfit': 422,
  'cross-site-request': 403,
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
  'media-not-found': 404,
  'media-too-large': 413,
  'media-unfit': 422,
  'message-id-taken': 409,
  'message-type-unknown': 422,
  moved: 409,
  'no-approval-needed': 409,
  'no-openid': 422,
  'no-webhook': 409,
  'not-a-list': 422,
  'not-a-push': 422,
  'not-after-passed': 409,
  'not-ended': 409,
  'not-found': 404,
  'nothing-refused': 409,
  'nothing-to-recall': 409,
  'one-file-each': 422,
  'one-msg-id': 422,
  'path-malformed': 400,
  'rate-limited': 429,
  'recall-impossible': 409,
  'redis-unavailable': 503,
  'refused-by-wechat': 409,
  'same-content': 409,
  stopping: 503,
  'too-many-openids': 413,
  'too-many-streams': 503,
  'upload-under-way': 503,
  'wechat-unreachable': 503,
  'wechat-unreadable': 502,
};
