/**
 * What is wrong with an input: a code, the facts it needs, and where. The sentence is made where it
 * is read (mistake-words.ts). No fact repeats a value that was sent: it may be an OpenID or a secret.
 */

import type { Coded, None } from '../platform/sentences.ts';
import type { BrokenFile, Lookalike, MediaFormat } from './media-facts.ts';
import type { MediaKind } from './media-limits.ts';
import type { EN, NOT_FETCHED } from './mistake-words.ts';

export interface Limit {
  readonly limit: number;
  /** Of what; a number's own value if absent. */
  readonly unit?: 'characters' | 'entries' | 'bytes' | 'parts' | 'pictures';
}

export interface OfFile {
  /** What the file is used as; absent where that is not known yet. */
  readonly as?: MediaKind;
}

/** The codes that have facts; those without any stand in mistake-words.ts alone. */
export interface FactsOf {
  /** The names that there are. */
  readonly 'account-unknown': { readonly names: readonly string[] };
  readonly 'account-unnamed': { readonly names: readonly string[] };
  readonly 'article-unknown': { readonly articles: number };
  readonly 'audience-of-another': { readonly audience: string; readonly account: string };
  readonly 'audience-unknown': { readonly audience: string };
  /** WeChat would strip it from every copy. */
  readonly 'foreign-picture': { readonly url: string };
  readonly 'media-broken': OfFile & { readonly format: MediaFormat; readonly broken: BrokenFile };
  readonly 'media-empty': OfFile;
  /** Of another format than the use needs; `era2014`: only the protocol of 2014 says so. */
  readonly 'media-format': {
    readonly as: MediaKind;
    readonly format: MediaFormat;
    readonly formats: readonly MediaFormat[];
    readonly era2014?: true;
    readonly fittable?: true;
  };
  readonly 'media-too-large': OfFile & {
    readonly bytes: number;
    readonly limit: number;
    readonly fittable?: true;
  };
  readonly 'media-too-long': {
    readonly as: MediaKind;
    readonly ms: number;
    readonly limit: number;
  };
  readonly 'media-unknown': OfFile & {
    readonly looksLike?: Lookalike;
    readonly formats: readonly MediaFormat[];
  };
  readonly 'media-cmyk': { readonly as: MediaKind };
  readonly 'more-foreign-pictures': { readonly count: number };
  readonly 'more-mistakes': { readonly count: number };
  /** What had to be typed was not. */
  readonly 'not-confirmed': { readonly type: string };
  readonly 'not-one-of': { readonly allowed: readonly string[] };
  /** `status`: of HTTP, where `why` is that. */
  readonly 'picture-not-fetched': {
    readonly url: string;
    readonly why: keyof typeof NOT_FETCHED;
    readonly status?: number;
  };
  readonly 'picture-not-decoded': { readonly as: MediaKind };
  readonly 'picture-not-fittable': { readonly as: MediaKind };
  readonly 'picture-stays-large': { readonly as: MediaKind };
  readonly 'picture-too-many-pixels': {
    readonly as: MediaKind;
    readonly width: number;
    readonly height: number;
  };
  readonly 'subscription-account': { readonly account: string };
  /** Of those received, so many were dropped. */
  readonly 'too-few-openids': {
    readonly recipients: number;
    readonly received?: number;
    readonly invalid?: number;
    readonly duplicates?: number;
    readonly suppressed?: number;
  };
  readonly 'too-large': Limit;
  readonly 'too-many-openids': { readonly limit: number };
  readonly 'too-small': Limit;
  readonly 'unknown-fields': {
    readonly count: number;
    /** Some of them: what may be an OpenID is left out. */
    readonly fields: readonly string[];
  };
  readonly 'upload-gone': { readonly upload: string };
  readonly 'wrong-kind': { readonly expected: Kind; readonly got?: 'null' | 'list' };
}

export type Kind = 'text' | 'number' | 'whole-number' | 'flag' | 'list' | 'object';

export type FlawCode = keyof typeof EN;
/** Without its path. */
export type Flaw = Coded<FactsOf & { readonly [Code in Exclude<FlawCode, keyof FactsOf>]: None }>;
export type FlawOf<Code extends FlawCode> = Flaw & { readonly code: Code };

/** `path` such as `message.articles.0.title`; empty for the body as a whole. */
export type Mistake = Flaw & { readonly path: string };

/** A schema names its own codes where its messages stand. */
export const flaw = (code: FlawCode): FlawCode => code;
