/**
 * How many calls a day WeChat gives a fresh account, by API path, and what is left of them.
 *
 * Published for fresh accounts; large ones have more, and WeChat's console shows the true figure.
 * For planning only: what decides is WeChat's refusal. Source: docs/wechat.md (limits).
 */
export const SEND = 'message/mass/send';
export const SEND_ALL = 'message/mass/sendall';
export const UPLOAD_NEWS = 'media/uploadnews';
export const ADD_DRAFT = 'draft/add';
export const PREVIEW = 'message/mass/preview';
export const RECALL = 'message/mass/delete';

const DAILY_QUOTAS: Readonly<Record<string, number>> = {
  [UPLOAD_NEWS]: 10,
  [PREVIEW]: 100,
  [RECALL]: 10,
  [ADD_DRAFT]: 1_000,
  'user/get': 500,
  'media/upload': 100_000,
};

export interface QuotaAccount {
  readonly kind: 'service' | 'subscription';
  readonly callsPerDay: number;
}

/** What one account may send a day by API, all paths together. */
export const sendsPerDay = ({ kind, callsPerDay }: QuotaAccount): number =>
  kind === 'subscription' ? 1 : callsPerDay;

const leftOf = (perDay: number, usedToday = 0) => ({
  perDay,
  usedToday,
  left: Math.max(0, perDay - usedToday),
});
export type DailyQuota = ReturnType<typeof leftOf>;

/** Of a path that every account has the same quota of. */
export const quotaOf = (path: string, calls: Readonly<Record<string, number>>): DailyQuota =>
  leftOf(DAILY_QUOTAS[path] ?? 0, calls[path]);

/**
 * What is left by our own ledger. `send` and `sendall` share theirs: whether each has its own hundred
 * is not known for sure.
 *
 * @param calls today's, by path.
 */
export function dailyQuotas(
  account: QuotaAccount,
  calls: Readonly<Record<string, number>>,
): Readonly<Record<string, DailyQuota>> {
  const sending = leftOf(sendsPerDay(account), (calls[SEND] ?? 0) + (calls[SEND_ALL] ?? 0));
  const others = Object.keys(DAILY_QUOTAS).map((path) => [path, quotaOf(path, calls)]);
  return {
    [SEND_ALL]: sending,
    ...(account.kind === 'service' ? { [SEND]: sending } : {}),
    ...Object.fromEntries(others),
  };
}
