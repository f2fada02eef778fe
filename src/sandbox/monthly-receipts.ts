/**
 * How many mass messages each follower received this month. A byte a follower; strangers that
 * count as followers are kept by name.
 */
import type { Followers } from './followers.ts';
import type { Rules } from './options.ts';
import { monthOf } from './quotas.ts';

export interface MonthlyReceipts {
  /** Nobody is ever refused: no need to ask one by one. */
  readonly unlimited: boolean;
  /** This month's page, to be asked about the receivers of one send. */
  page(): MonthPage;
  forget(): void;
}

export interface MonthPage {
  /** Counts one message, if the follower may have another this month. */
  take(openId: string): boolean;
  takeAt(position: number): boolean;
}

export function makeMonthlyReceipts({
  followers,
  rules: { limits },
  now,
}: {
  followers: Followers;
  rules: Rules;
  now: () => number;
}): MonthlyReceipts {
  const most = (): number => limits.followerPerMonth ?? Number.POSITIVE_INFINITY;
  let month = monthOf(now());
  let known = new Uint8Array(0);
  const strangers = new Map<string, number>();

  function forget(): void {
    known = new Uint8Array(0);
    strangers.clear();
  }

  function takeAt(position: number): boolean {
    const received = known[position] ?? 0;
    if (received >= most()) return false;
    known[position] = received + 1;
    return true;
  }

  function takeStranger(openId: string): boolean {
    const received = strangers.get(openId) ?? 0;
    if (received >= most()) return false;
    strangers.set(openId, received + 1);
    return true;
  }

  return {
    get unlimited() {
      return limits.followerPerMonth === null;
    },
    page() {
      if (monthOf(now()) !== month) forget();
      month = monthOf(now());
      if (known.length < followers.positions) {
        const grown = new Uint8Array(followers.positions);
        grown.set(known);
        known = grown;
      }
      return {
        take(openId) {
          const position = followers.placeOf(openId);
          return position === -1 ? takeStranger(openId) : takeAt(position);
        },
        takeAt,
      };
    },
    forget,
  };
}
