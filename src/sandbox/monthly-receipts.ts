/**
 * How many mass messages each follower received this month. A byte a follower; strangers that
 * count as followers are kept by name.
 */
import type { Followers } from './followers.ts';
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
  limit,
  now,
}: {
  followers: Followers;
  limit: number | null;
  now: () => number;
}): MonthlyReceipts {
  const most = limit ?? Number.POSITIVE_INFINITY;
  let month = monthOf(now());
  let known = new Uint8Array(0);
  const strangers = new Map<string, number>();

  function forget(): void {
    known = new Uint8Array(0);
    strangers.clear();
  }

  function takeAt(position: number): boolean {
    const received = known[position] ?? 0;
    if (received >= most) return false;
    known[position] = received + 1;
    return true;
  }

  function takeStranger(openId: string): boolean {
    const received = strangers.get(openId) ?? 0;
    if (received >= most) return false;
    strangers.set(openId, received + 1);
    return true;
  }

  return {
    unlimited: limit === null,
    page() {
      if (monthOf(now()) !== month) forget();
      month = monthOf(now());
      if (known.length === 0 && followers.count > 0) known = new Uint8Array(followers.count);
      return {
        take(openId) {
          const position = followers.positionOf(openId);
          return position === -1 ? takeStranger(openId) : takeAt(position);
        },
        takeAt,
      };
    },
    forget,
  };
}
