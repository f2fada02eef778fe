/**
 * WeChat's account of one batch: what it says became of it, and how many it counted.
 *
 * Unknown counts are null, never 0: a person must be able to tell "nobody got it" from "nobody
 * knows". `eligible` is how many were left after WeChat's own filter.
 */
export interface Receipt {
  readonly status: 'delivered' | 'refused' | 'failed' | 'unknown';
  /** WeChat's own word, such as `send success` or `err(20001)`; absent where it never spoke. */
  readonly code?: string;
  /** The code in words for an operator. */
  readonly meaning?: string;
  readonly total: number | null;
  readonly eligible: number | null;
  readonly sent: number | null;
  readonly failed: number | null;
  readonly articleUrls?: readonly ArticleUrl[];
  readonly copyright?: CopyrightCheck;
  /** The status was confirmed by message/mass/get; the counts could be anybody's (plain mode). */
  readonly unverified?: true;
  /** Of an unverified one: another event that is no better known says something else. */
  readonly disputed?: true;
}

export interface ArticleUrl {
  /** 1-based, as WeChat counts articles. */
  readonly index: number;
  readonly url: string;
}

export interface CopyrightCheck {
  /** 0 not checked, 1 no reprint, 2 a reprint that may go, 3 a reprint that may not. */
  readonly state: number;
  readonly articles: readonly {
    readonly index: number;
    /** 0 none, 1 original, 2 reprint. */
    readonly declared: number;
    /** 0 not checked, 1 checking, 11 passed; anything else did not pass. */
    readonly audit: number;
    readonly originalUrl?: string;
    readonly mayReprint: boolean;
  }[];
}

/** The receipt of a batch that WeChat never reported on, or reported on without counts. */
export const uncounted = (status: Receipt['status'], meaning: string): Receipt => ({
  status,
  meaning,
  total: null,
  eligible: null,
  sent: null,
  failed: null,
});

/** Whether two copies of a receipt say the same; WeChat pushes up to three. */
export const sameReceipt = (a: Receipt, b: Receipt): boolean =>
  a.status === b.status &&
  a.code === b.code &&
  a.total === b.total &&
  a.eligible === b.eligible &&
  a.sent === b.sent &&
  a.failed === b.failed;

/** What is believed of an event whose signature does not cover its body: no links, and no counts as sure. */
export const asUnverified = (receipt: Receipt): Receipt => {
  const { articleUrls: _, copyright: __, ...rest } = receipt;
  return { ...rest, unverified: true };
};

/**
 * Whether the counts cannot be true: more than the batch has, some sent where WeChat says that the
 * batch was not sent, or parts that do not add up (FilterCount is SentCount and ErrorCount).
 *
 * @param size of the batch; null where only WeChat knows it.
 */
export function isImplausible(receipt: Receipt, size: number | null): boolean {
  const { status, total, eligible, sent, failed } = receipt;
  if (size !== null && Math.max(total ?? 0, eligible ?? 0, sent ?? 0, failed ?? 0) > size)
    return true;
  if ((status === 'refused' || status === 'failed') && (sent ?? 0) > 0) return true;
  if (total !== null && Math.max(eligible ?? 0, sent ?? 0, failed ?? 0) > total) return true;
  return eligible !== null && sent !== null && failed !== null && sent + failed !== eligible;
}

export const NOBODY_WHY = ['no-followers', 'filtered', 'none-sent'] as const;
export type NobodyWhy = (typeof NOBODY_WHY)[number];

/** Of a batch that was sent to nobody: whom WeChat did not find, left out, or did not reach. */
export function whyNobody({ total, eligible }: Pick<Receipt, 'total' | 'eligible'>): NobodyWhy {
  if (total === 0) return 'no-followers';
  return eligible === 0 ? 'filtered' : 'none-sent';
}
