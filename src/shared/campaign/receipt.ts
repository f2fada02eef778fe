/** WeChat's account of one batch: what it says became of it, and how many it counted. */
import { z } from 'zod';
import { type Answered, UnknownCount } from '../contract/shapes.ts';

/** What is known of a batch's end, and from whom. */
const REASONS = [
  'account-changed', // the account stands for another AppID or WeChat since
  'audit', // refused by WeChat's audit, or by the account's administrator
  'failed',
  'no-answer', // no receipt came, and WeChat does not say what became of it
  'no-status', // an event came without one
  'sent',
  'told-deleted', // no receipt came; told when WeChat was asked
  'told-failed',
  'told-sent',
  'unlisted-status',
] as const;

/**
 * Unknown counts are null, never 0: an operator must be able to tell "sent to nobody" from
 * "unknown".
 */
export const Receipt = z.strictObject({
  status: z.enum(['delivered', 'refused', 'failed', 'unknown']),
  code: z.string().exactOptional().describe('WeChat’s own, such as `send success`'),
  reason: z.enum(REASONS),
  audit: z.int().exactOptional().describe('The number in WeChat’s `err(…)`'),
  total: UnknownCount,
  eligible: UnknownCount.describe('How many were left after WeChat’s own filter; null: unknown'),
  sent: UnknownCount,
  failed: UnknownCount,
  articleUrls: z
    .array(z.strictObject({ index: z.int().describe('From 1'), url: z.string() }))
    .exactOptional(),
  copyright: z
    .strictObject({
      state: z
        .int()
        .describe('0 not checked, 1 no reprint, 2 a reprint that may go, 3 one that may not'),
      articles: z.array(
        z.strictObject({
          index: z.int(),
          declared: z.int().describe('0 none, 1 original, 2 reprint'),
          audit: z.int().describe('0 not checked, 1 checking, 11 passed; others did not pass'),
          originalUrl: z.string().exactOptional(),
          mayReprint: z.boolean(),
        }),
      ),
    })
    .exactOptional(),
  unverified: z
    .literal(true)
    .exactOptional()
    .describe('Of an unsigned event (plain mode): WeChat confirmed the status only'),
  disputed: z.literal(true).exactOptional().describe('Another unsigned event has other counts'),
});
export type Receipt = Answered<typeof Receipt>;
export type ReceiptReason = Receipt['reason'];
export type ArticleUrl = NonNullable<Receipt['articleUrls']>[number];
export type CopyrightCheck = NonNullable<Receipt['copyright']>;

/** The receipt of a batch that WeChat never reported on, or reported on without counts. */
export const uncounted = (status: Receipt['status'], reason: ReceiptReason): Receipt => ({
  status,
  reason,
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
