/** Times as people in China read them, wherever the server stands: Beijing's, with the year. */
import { DAY, HOUR } from '../../shared/platform/time.ts';
import { type Html, html } from './html.ts';

/** China has had no summer time since 1991. */
const BEIJING = 8 * HOUR;

const shifted = (time: string | number): string =>
  new Date((typeof time === 'number' ? time : Date.parse(time)) + BEIJING).toISOString();

/** `2026-12-01 09:00`. @param time RFC 3339, or epoch milliseconds. */
export const shown = (time: string | number): string =>
  shifted(time).slice(0, 16).replace('T', ' ');

/** `2026-12-01 09:00:05`. */
export const shownToSecond = (time: number): string => shifted(time).slice(0, 19).replace('T', ' ');

/** For `<input type="datetime-local">`: `2026-12-01T09:00`. */
export const localInput = (time: string | number): string => shifted(time).slice(0, 16);

/** What such an input sends, as RFC 3339. */
export const fromLocalInput = (text: string): string => `${text}:00+08:00`;

/** `2026-12-01`. */
export const dayOf = (time: string | number): string => shifted(time).slice(0, 10);

/** When that day begins, in epoch milliseconds. */
const dayStart = (day: string): number => Date.parse(`${day}T00:00:00+08:00`);

export const addDays = (day: string, days: number): string => dayOf(dayStart(day) + days * DAY);

/** A day that there is, as an address may have it. */
export const isDay = (text = ''): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(dayStart(text));

/** From the beginning of one day to the end of another, as lists are asked. */
export const between = (from: string, until: string) => ({
  from: dayStart(from),
  until: dayStart(addDays(until, 1)),
});

export const timeTag = (time: string): Html => html`<time datetime="${time}">${shown(time)}</time>`;
