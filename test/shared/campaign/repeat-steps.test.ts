import { describe, expect, it } from 'vitest';
import { repeatDeadline, repeatDelayMs } from '../../../src/shared/campaign/repeat-steps.ts';
import { HOUR, SECOND } from '../../../src/shared/platform/time.ts';

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
