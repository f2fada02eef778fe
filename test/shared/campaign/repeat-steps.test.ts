import { describe, expect, it } from 'vitest';
import { newBatch } from '../../../src/shared/campaign/batch.ts';
import {
  callableUntil,
  repeatDeadline,
  repeatDelayMs,
} from '../../../src/shared/campaign/repeat-steps.ts';
import { HOUR, SECOND } from '../../../src/shared/platform/time.ts';
import { at, submitting } from '../../support/builders.ts';

describe('an unanswered call', () => {
  it('is asked about after 1, 2, 5, 15, 30 and from then on 55 units', () => {
    const steps = [1, 2, 3, 4, 5, 6, 7, 30].map((asked) => repeatDelayMs(asked, 65 * SECOND));

    expect(steps).toEqual([1, 2, 5, 15, 30, 55, 55, 55].map((step) => step * 65 * SECOND));
  });

  it('is asked about for 23 hours from its first call on, but never after notAfter', () => {
    expect(repeatDeadline(1_000, 100 * HOUR)).toBe(1_000 + 23 * HOUR);
    expect(repeatDeadline(1_000, 5 * HOUR)).toBe(5 * HOUR);
  });

  it('is asked about a dozen or two times in its life, since each asking costs a call', () => {
    let at = 0;
    let calls = 1;
    while (at < 23 * HOUR) {
      at += repeatDelayMs(calls, 65 * SECOND);
      calls += 1;
    }

    expect(calls).toBe(29);
  });
});

describe('a call', () => {
  it('may be made until notAfter, and repeated until its key may be forgotten', () => {
    const notAfter = at('09:00:00') + 100 * HOUR;

    expect(callableUntil(newBatch(1, 25), notAfter)).toBe(notAfter);
    expect(callableUntil(submitting(), notAfter)).toBe(at('09:00:00') + 23 * HOUR);
    expect(callableUntil(submitting(), at('10:00:00'))).toBe(at('10:00:00'));
  });

  it('is the first one of a new batch', () => {
    expect(newBatch(2, null)).toStrictEqual({
      state: 'pending',
      no: 2,
      size: null,
      generation: 0,
      run: 0,
      attempts: 0,
      version: 0,
    });
  });
});
