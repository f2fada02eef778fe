/**
 * What an operator should look at in a campaign: a code and its facts. The sentence is made where
 * it is read, in the reader's language.
 */
import type { Tally } from './progress.ts';

export type Warning =
  /** The outcome is unknown; an operator must resolve these batches. */
  | { readonly code: 'held'; readonly batches: number }
  /** WeChat reported success and a count of zero. */
  | { readonly code: 'sent-to-nobody'; readonly batches: number }
  /** Settled without WeChat's counts. */
  | { readonly code: 'no-counts'; readonly batches: number }
  /** Refused at submission; may be retried. */
  | { readonly code: 'refused'; readonly batches: number }
  /** Accepted at first, then refused (by an audit, for instance). */
  | { readonly code: 'refused-later'; readonly batches: number };

export type Language = 'en' | 'zh';

type Words = {
  readonly [Code in Warning['code']]: (facts: Extract<Warning, { code: Code }>) => string;
};

const batches = (count: number): string => `${count} ${count === 1 ? 'batch' : 'batches'}`;

const EN: Words = {
  held: (it) => `${batches(it.batches)} held: the outcome is unknown, and an operator must decide`,
  'sent-to-nobody': (it) =>
    `${batches(it.batches)} reported as sent by WeChat, with a count of zero followers`,
  'no-counts': (it) => `${batches(it.batches)} settled without counts: WeChat sent no receipt`,
  refused: (it) =>
    `${batches(it.batches)} refused by WeChat on submission; see the reason, then retry`,
  'refused-later': (it) =>
    `${batches(it.batches)} refused by WeChat after submission; see the receipt`,
};

const ZH: Words = {
  held: (it) => `${it.batches} 个批次待人工处理：无法确认是否已发出`,
  'sent-to-nobody': (it) => `${it.batches} 个批次微信称发送成功，实际送达 0 人`,
  'no-counts': (it) => `${it.batches} 个批次没有收到群发结果，人数未知`,
  refused: (it) => `${it.batches} 个批次提交时被微信拒绝，查明原因后可重试`,
  'refused-later': (it) => `${it.batches} 个批次提交后被微信拒绝（审核等），详见群发结果`,
};

const WORDS: Readonly<Record<Language, Words>> = { en: EN, zh: ZH };

export const WARNING_CODES = Object.keys(EN) as Warning['code'][];

export function warningWords(warning: Warning, language: Language): string {
  const say = WORDS[language][warning.code] as (facts: Warning) => string;
  return say(warning);
}

interface Warned {
  readonly warnings: readonly Warning[];
}

/** As the API and webhooks show it: each warning with its sentence. */
export type InWords<T extends Warned> = Omit<T, 'warnings'> & {
  readonly warnings: readonly (Warning & { readonly message: string })[];
};

export const inWords = <T extends Warned>(view: T, language: Language): InWords<T> => ({
  ...view,
  warnings: view.warnings.map((one) => ({ ...one, message: warningWords(one, language) })),
});

/** In the order of their weight; a code without batches is left out. */
export function warningsOf(tally: Tally): Warning[] {
  const counts: readonly Warning[] = [
    { code: 'held', batches: tally.held },
    { code: 'sent-to-nobody', batches: tally['sent-zero'] },
    { code: 'no-counts', batches: tally.uncounted },
    { code: 'refused', batches: tally.refused },
    { code: 'refused-later', batches: tally['receipt-refused'] },
  ];
  return counts.filter((warning) => warning.batches > 0);
}
