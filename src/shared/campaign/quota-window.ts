/**
 * When WeChat's days and months begin: Beijing time (UTC+8, no summer time). WeChat does not say
 * so anywhere; everybody observes it.
 */
import { DAY, HOUR } from '../platform/time.ts';

const BEIJING = 8 * HOUR;
/** A campaign that waited for a window goes on in the morning, not at midnight. */
const MORNING = 8 * HOUR;

/** Start of the Beijing day that `at` is in. */
export const beijingDayStart = (at: number): number =>
  Math.floor((at + BEIJING) / DAY) * DAY - BEIJING;

/** @param day `2026-11-23`. */
export const startOfBeijingDay = (day: string): number => Date.parse(`${day}T00:00:00+08:00`);

/** `2026-11-23 09:00 (UTC+8)`, from RFC 3339. */
export const inBeijing = (time: string): string =>
  `${new Date(Date.parse(time) + BEIJING).toISOString().slice(0, 16).replace('T', ' ')} (UTC+8)`;

/** `2026-11-23`, in Beijing. */
export const beijingDay = (at: number): string => new Date(at + BEIJING).toISOString().slice(0, 10);

export const isSameMonth = (a: number, b: number): boolean =>
  beijingDay(a).slice(0, 7) === beijingDay(b).slice(0, 7);

/** Eight in the morning of the next Beijing day. */
export const morningAfter = (at: number): number => beijingDayStart(at) + DAY + MORNING;

/** The next eight in the morning: at 00:05 the day's allowance is new, and the same morning's. */
export function nextMorning(at: number): number {
  const today = beijingDayStart(at) + MORNING;
  return at < today ? today : today + DAY;
}

/** Eight in the morning of the first of the next Beijing month. */
export function nextMonthMorning(at: number): number {
  const local = new Date(at + BEIJING);
  return Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 1) - BEIJING + MORNING;
}

/** Sends to everyone that WeChat accepted from us, on Beijing's day and in its month. */
export interface SentToEveryone {
  readonly today: number;
  readonly thisMonth: number;
}

/** Of a service account, WeChat's console included; besides that one a day. */
export const EVERYONE_PER_MONTH = 4;

/** When a service account may send to everyone, as far as its own sends tell. */
export function everyoneFrom({ today, thisMonth }: SentToEveryone, at: number): number {
  if (thisMonth >= EVERYONE_PER_MONTH) return nextMonthMorning(at);
  return today > 0 ? morningAfter(at) : at;
}

/** 45028: a subscription account sends once a day, a follower of a service account four a month. */
export const nextSendWindow = (at: number, kind: 'service' | 'subscription'): number =>
  kind === 'subscription' ? nextMorning(at) : nextMonthMorning(at);
