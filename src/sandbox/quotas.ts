/** What one account has left: by Beijing's day and month, and by minute for the mass interface. */
import type { Limits } from './option-table.ts';
import type { Rules } from './options.ts';

const MINUTE = 60 * 1_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BEIJING_OFFSET = 8 * HOUR;

export type DailyQuota = Extract<keyof Limits, `${string}PerDay`>;
export type MonthlyQuota = Extract<keyof Limits, `${string}PerMonth`>;

/** What a successful send may draw on. */
export type Unit = 'subscriptionPerDay' | 'everyonePerDay' | 'everyonePerMonth';

export interface Quotas {
  /** Counts one call; false, and not counted, when none is left today. */
  take(quota: DailyQuota, lane?: string): boolean;
  takeOfMonth(quota: MonthlyQuota): boolean;
  takeUnit(unit: Unit): void;
  /** Takes one back, if it was counted since the day or the month turned. */
  giveBack(unit: Unit): void;
  /** Whether one more would be within the quota; nothing is counted. */
  has(quota: DailyQuota | MonthlyQuota): boolean;
  used(quota: DailyQuota, lane?: string): number;
  /** One call of the mass interface against the minute's budget. */
  takeOfMinute(lane?: string): boolean;
  /**
   * Gives the day's calls back, as clear_quota does: all, or of one quota. What followers received
   * stays counted.
   */
  reset(quota?: DailyQuota): void;
  /** Forgets everything, months and minutes too. */
  forget(): void;
}

const dayOf = (ms: number): number => Math.floor((ms + BEIJING_OFFSET) / DAY);
export const monthOf = (ms: number): string =>
  new Date(ms + BEIJING_OFFSET).toISOString().slice(0, 7);

/** Successes are no interface quota: clear_quota does not bring a sent message back. */
const KEPT_BY_RESET: readonly string[] = ['subscriptionPerDay', 'everyonePerDay'];

export function makeQuotas({ rules, now }: { rules: Rules; now: () => number }): Quotas {
  const { limits, switches } = rules;
  let day = dayOf(now());
  let month = monthOf(now());
  const today = new Map<string, number>();
  const thisMonth = new Map<string, number>();
  const minutes = new Map<string, number[]>();

  function turnPage(): void {
    if (dayOf(now()) !== day) today.clear();
    if (monthOf(now()) !== month) thisMonth.clear();
    day = dayOf(now());
    month = monthOf(now());
  }

  const pageOf = (quota: string): Map<string, number> =>
    quota.endsWith('PerMonth') ? thisMonth : today;

  const nameOf = (quota: string, lane: string): string => (lane ? `${quota}/${lane}` : quota);

  function takeFrom(counts: Map<string, number>, name: string, limit: number | null): boolean {
    turnPage();
    const used = counts.get(name) ?? 0;
    if (limit !== null && used >= limit) return false;
    counts.set(name, used + 1);
    return true;
  }

  return {
    take: (quota, lane = '') => takeFrom(today, nameOf(quota, lane), limits[quota]),
    takeOfMonth: (quota) => takeFrom(thisMonth, quota, limits[quota]),
    takeUnit: (unit) => void takeFrom(pageOf(unit), unit, limits[unit]),
    giveBack(unit) {
      turnPage();
      const used = pageOf(unit).get(unit) ?? 0;
      if (used > 0) pageOf(unit).set(unit, used - 1);
    },
    has(quota) {
      turnPage();
      const limit = limits[quota];
      const used = pageOf(quota).get(quota) ?? 0;
      return limit === null || used < limit;
    },
    used(quota, lane = '') {
      turnPage();
      return today.get(nameOf(quota, lane)) ?? 0;
    },
    takeOfMinute(lane = '') {
      const limit = limits.callsPerMinute;
      if (limit === null) return true;
      const since =
        switches.minuteWindow === 'sliding'
          ? now() - MINUTE
          : Math.floor(now() / MINUTE) * MINUTE - 1;
      const recent = (minutes.get(lane) ?? []).filter((at) => at > since);
      minutes.set(lane, recent);
      if (recent.length >= limit) return false;
      recent.push(now());
      return true;
    },
    reset(quota) {
      for (const name of today.keys()) {
        const [base = ''] = name.split('/');
        if (!KEPT_BY_RESET.includes(base) && (quota ?? base) === base) today.delete(name);
      }
    },
    forget() {
      today.clear();
      thisMonth.clear();
      minutes.clear();
    },
  };
}
