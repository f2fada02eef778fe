import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beijingDay,
  beijingDayStart,
  inBeijing,
  nextMonthMorning,
  nextMorning,
  nextSendWindow,
  startOfBeijingDay,
} from '../../../src/shared/campaign/quota-window.ts';
import { DAY, HOUR } from '../../../src/shared/platform/time.ts';

const beijing = (text: string): number => Date.parse(`${text}+08:00`);

describe('a Beijing day', () => {
  it('begins at midnight in Beijing, whatever the day in Greenwich', () => {
    expect(beijingDay(beijing('2026-11-24T00:00:00'))).toBe('2026-11-24');
    expect(beijingDay(beijing('2026-11-23T23:59:59'))).toBe('2026-11-23');
    expect(beijingDayStart(beijing('2026-11-24T07:59:59'))).toBe(beijing('2026-11-24T00:00:00'));
  });

  it('is read and written as people in Beijing do', () => {
    expect(startOfBeijingDay('2026-11-24')).toBe(beijing('2026-11-24T00:00:00'));
    expect(inBeijing('2026-11-23T17:30:59Z')).toBe('2026-11-24 01:30 (UTC+8)');
  });

  it('is followed by a morning, to which a campaign waits', () => {
    // After midnight the quota is new: the same morning.
    expect(nextMorning(beijing('2026-11-23T00:05:00'))).toBe(beijing('2026-11-23T08:00:00'));
    expect(nextMorning(beijing('2026-11-23T08:00:00'))).toBe(beijing('2026-11-24T08:00:00'));
    expect(nextMorning(beijing('2026-11-23T23:59:59'))).toBe(beijing('2026-11-24T08:00:00'));
    expect(nextMorning(beijing('2026-12-31T12:00:00'))).toBe(beijing('2027-01-01T08:00:00'));
  });
});

describe('a Beijing month', () => {
  it('is followed by the morning of the first', () => {
    expect(nextMonthMorning(beijing('2026-11-30T23:59:59'))).toBe(beijing('2026-12-01T08:00:00'));
    expect(nextMonthMorning(beijing('2026-12-31T23:00:00'))).toBe(beijing('2027-01-01T08:00:00'));
  });
});

describe('the next window after 45028', () => {
  it('is tomorrow for a subscription account, next month for a service account', () => {
    const at = beijing('2026-11-23T10:00:00');

    expect(nextSendWindow(at, 'subscription')).toBe(beijing('2026-11-24T08:00:00'));
    expect(nextSendWindow(at, 'service')).toBe(beijing('2026-12-01T08:00:00'));
  });

  it('is always ahead, at eight in the morning, in another day or month', () => {
    const times = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) });
    fc.assert(
      fc.property(times, (at) => {
        for (const next of [nextMorning(at), nextMonthMorning(at)]) {
          expect(next).toBeGreaterThan(at);
          expect(next - beijingDayStart(next)).toBe(8 * HOUR);
        }
        expect(nextMorning(at) - at).toBeLessThanOrEqual(DAY + 8 * HOUR);
        expect(beijingDay(nextMonthMorning(at))).toMatch(/-01$/);
      }),
    );
  });
});
