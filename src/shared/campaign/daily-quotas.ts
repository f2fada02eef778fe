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

export interface DailyQuota {
  readonly perDay: number;
  /** Of `send` and `sendall` together: whether each has its own hundred is not known for sure. */
  readonly usedToday: number;
  readonly left: number;
}

export interface QuotaAccount {
  readonly kind: 'service' | 'subscription';
  readonly callsPerDay: number;
}

/** What one account may send a day by API, all paths together. */
export const sendsPerDay = ({ kind, callsPerDay }: QuotaAccount): number =>
  kind === 'subscription' ? 1 : callsPerDay;

/** @param calls today's, by path, from our own ledger. */
export function dailyQuotas(
  account: QuotaAccount,
  calls: Readonly<Record<string, number>>,
): Readonly<Record<string, DailyQuota>> {
  const sent = (calls[SEND] ?? 0) + (calls[SEND_ALL] ?? 0);
  const perDay = sendsPerDay(account);
  const sending: DailyQuota = { perDay, usedToday: sent, left: Math.max(0, perDay - sent) };
  const others = Object.entries(DAILY_QUOTAS).map(([path, most]): [string, DailyQuota] => {
    const usedToday = calls[path] ?? 0;
    return [path, { perDay: most, usedToday, left: Math.max(0, most - usedToday) }];
  });
  return {
    [SEND_ALL]: sending,
    ...(account.kind === 'service' ? { [SEND]: sending } : {}),
    ...Object.fromEntries(others),
  };
}
