/**
 * What is wrong with an input: a code, the facts it needs, and where. The sentence is made where it
 * is read (mistake-words.ts). No fact repeats a value that was sent: it may be an OpenID or a secret.
 */
import type { BrokenFile, MediaFormat } from './media-facts.ts';
import type { MediaKind } from './media-limits.ts';

type None = Readonly<Record<never, never>>;

export interface Limit {
  readonly limit: number;
  /** Of what; a number's own value if absent. */
  readonly unit?: 'characters' | 'entries' | 'bytes' | 'parts';
}

interface OfFile {
  /** What the file is used as; absent where that is not known yet. */
  readonly as?: MediaKind;
}

/** Each code with its facts. */
interface FactsOf {
  /** The names that there are. */
  readonly 'account-unknown': { readonly names: readonly string[] };
  readonly 'account-unnamed': { readonly names: readonly string[] };
  readonly 'address-malformed': None;
  readonly 'article-unknown': { readonly articles: number };
  readonly 'audience-empty': None;
  readonly 'audience-id-malformed': None;
  readonly 'audience-of-another': { readonly audience: string; readonly account: string };
  readonly 'audience-unknown': { readonly audience: string };
  readonly 'base64-malformed': None;
  readonly 'before-send-at': None;
  readonly 'character-refused': None;
  readonly 'control-character': None;
  readonly 'cover-not-decoded': None;
  readonly 'cover-not-fittable': None;
  readonly 'cover-stays-large': None;
  readonly 'cover-too-many-pixels': { readonly width: number; readonly height: number };
  readonly 'credentials-in-address': None;
  readonly 'cursor-unknown': None;
  readonly empty: None;
  readonly 'exclude-needs-openids': None;
  /** WeChat would strip it from every copy. */
  readonly 'foreign-picture': { readonly url: string };
  readonly 'given-twice': None;
  readonly 'group-id-malformed': None;
  readonly 'https-only': None;
  readonly invalid: None;
  readonly 'local-address': None;
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
  readonly 'media-ref-malformed': None;
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
  /** What its first bytes look like, such as "WebP". */
  readonly 'media-unknown': OfFile & {
    readonly looksLike?: string;
    readonly formats: readonly MediaFormat[];
  };
  readonly 'message-id-malformed': None;
  readonly 'message-id-not-text': None;
  readonly 'message-type-unknown': None;
  readonly missing: None;
  readonly 'more-foreign-pictures': { readonly count: number };
  readonly 'more-mistakes': { readonly count: number };
  readonly 'news-ambiguous': None;
  readonly 'not-comma-separated': None;
  readonly 'not-http': None;
  readonly 'not-one-of': { readonly allowed: readonly string[] };
  readonly 'nothing-visible': None;
  readonly 'openid-malformed': None;
  readonly 'over-a-year-away': None;
  readonly passed: None;
  readonly 'recipient-malformed': None;
  readonly 'split-or-without': None;
  readonly 'subscription-account': { readonly account: string };
  readonly 'tags-not-in-2014': None;
  readonly 'time-impossible': None;
  readonly 'time-malformed': None;
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
  readonly 'upload-id-malformed': None;
  readonly 'upload-misplaced': None;
  /** `upload:` without an id behind it. */
  readonly 'upload-unknown': None;
  readonly 'wechat-id-malformed': None;
  readonly 'wrong-kind': { readonly expected: Kind; readonly got?: 'null' | 'list' };
}

export type Kind = 'text' | 'number' | 'whole-number' | 'flag' | 'list' | 'object';

export type FlawCode = keyof FactsOf;
export type FlawOf<Code extends FlawCode> = {
  [One in Code]: { readonly code: One } & FactsOf[One];
}[Code];
/** Without its place. */
export type Flaw = FlawOf<FlawCode>;

/** `path` such as `message.articles.0.title`; empty for the body as a whole. */
export type Mistake = Flaw & { readonly path: string };

/** A schema names its own codes where its messages stand. */
export const flaw = (code: FlawCode): FlawCode => code;
