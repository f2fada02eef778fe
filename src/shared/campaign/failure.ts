/**
 * Why a campaign, a batch, or a thing that it needs at WeChat failed for good: a code and its facts. The
 * sentence is made where it is read (contract/campaign-words.ts).
 */
import type { Coded, None } from '../platform/sentences.ts';

interface FactsOf {
  readonly 'account-changed': None;
  readonly 'audience-gone': None;
  /** WeChat has no such group or tag; those that it has, as `2 (name)`. */
  readonly 'audience-unknown': {
    readonly audience: 'group' | 'tag';
    readonly id: string;
    readonly known: readonly string[];
  };
  /** Named in the request, as the message itself or as a cover of its articles. */
  readonly 'media-id-unknown': { readonly of: 'message' | 'thumb' | 'permanent' };
  readonly 'media-missing': { readonly upload: string };
  readonly 'not-after': None;
  readonly 'record-lost': None;
  /** `of`: what was asked for, such as `image`, `news`, `followers`; a mass send if absent. */
  readonly 'refused-by-wechat': {
    readonly errcode: number;
    readonly of?: string;
    readonly path?: string;
  };
  readonly rejected: { readonly note: string };
  readonly 'too-few-recipients': { readonly recipients: number };
}

export type Failure = Coded<FactsOf>;
export type FailureCode = Failure['code'];
