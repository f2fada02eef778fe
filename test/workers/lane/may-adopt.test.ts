import { describe, expect, it } from 'vitest';
import { type Asking, mayAdopt } from '../../../src/workers/lane/may-adopt.ts';
import { at, pending, submitted, submitting } from '../../support/builders.ts';

const asking = (no: number, changes: Parameters<typeof submitting>[0] = {}): Asking => ({
  ref: { campaignId: 'c', no },
  batch: submitting(changes),
});
const later = { firstAttemptAt: at('09:00:05') };
const unanswered = { asked: 2, unanswered: true };

describe('a message id that is nobody’s yet', () => {
  it('is adopted by the only batch that asks', () => {
    const me = asking(1);

    expect(mayAdopt(me, [])).toBe(true);
    expect(mayAdopt(me, [me])).toBe(true);
  });

  it('is not adopted while another’s first call is under way: it may be that one’s', () => {
    expect(mayAdopt(asking(1), [asking(2)])).toBe(false);
    expect(mayAdopt(asking(1), [asking(2, later)])).toBe(false);
  });

  it('is adopted by the batch that asked first, of those that ask again', () => {
    const first = asking(1, unanswered);
    const second = asking(2, { ...unanswered, ...later });

    expect(mayAdopt(first, [first, second])).toBe(true);
    expect(mayAdopt(second, [first, second])).toBe(false);
  });

  it('is adopted by exactly one of two that asked at the same moment', () => {
    const [one, two] = [asking(1, unanswered), asking(2, unanswered)];

    expect([mayAdopt(one, [two]), mayAdopt(two, [one])]).toEqual([true, false]);
  });

  it('is not held up by batches that are not being called, or whose call was put back', () => {
    const others = [
      { ref: { campaignId: 'c', no: 2 }, batch: pending() },
      { ref: { campaignId: 'c', no: 3 }, batch: submitted('7') },
    ];

    expect(mayAdopt(asking(1), others)).toBe(true);
  });
});
