import { describe, expect, it } from 'vitest';
import { type Asking, comesBefore, mayAdopt } from '../../../src/workers/lane/may-adopt.ts';
import { at, pending, submitted, submitting } from '../../support/builders.ts';

const asking = (no: number, changes: Parameters<typeof submitting>[0] = {}) => ({
  ref: { campaignId: 'c', no },
  batch: submitting(changes),
});
const lastAttemptAt = at('09:00:59');
const takenIn = (time: string) => ({ now: at(time), restMs: 65_000 });
const SOON = takenIn('09:00:01');

describe('a message id that is nobody’s yet', () => {
  it('is adopted by the only batch that asks', () => {
    expect(mayAdopt(asking(1), [], SOON)).toBe(true);
    expect(mayAdopt(asking(1), [asking(1)], SOON)).toBe(true);
  });

  it('is not adopted while another batch that was called at that time has no outcome', () => {
    const silent = { answered: true, asked: 2, unanswered: true };

    expect(mayAdopt(asking(1), [asking(2)], SOON)).toBe(false);
    expect(mayAdopt(asking(1), [asking(2, silent)], SOON)).toBe(false);
    expect(mayAdopt(asking(1), [asking(2, { lastAttemptAt })], SOON)).toBe(false);
    expect(mayAdopt(asking(2, { lastAttemptAt }), [asking(1)], takenIn('09:01:00'))).toBe(true);
    expect(mayAdopt(asking(2, { lastAttemptAt: at('09:00:58') }), [asking(1)], SOON)).toBe(false);
  });

  it('is not adopted by an answer that was taken in late: others may have been held since', () => {
    expect(mayAdopt(asking(1), [], takenIn('09:00:32'))).toBe(true);
    expect(mayAdopt(asking(1), [], takenIn('09:00:33'))).toBe(false);
    const fast = { now: at('09:00:04'), restMs: 200 };
    expect(mayAdopt(asking(1), [], fast)).toBe(true);
  });

  it('is not held up by batches that are not being called, or whose call was put back', () => {
    const others: Asking[] = [
      { ref: { campaignId: 'c', no: 2 }, batch: pending() },
      { ref: { campaignId: 'c', no: 3 }, batch: submitted('7') },
    ];

    expect(mayAdopt(asking(1), others, SOON)).toBe(true);
  });
});

describe('batches that are asked about again', () => {
  it('take turns: the one that was called first, and of two the one of the lower name', () => {
    const [one, two, later] = [asking(1), asking(2), asking(1, { firstAttemptAt: lastAttemptAt })];

    expect([comesBefore(one, two), comesBefore(two, one)]).toEqual([true, false]);
    expect([comesBefore(two, later), comesBefore(later, two)]).toEqual([true, false]);
    expect(comesBefore({ ...one, batch: pending() }, two)).toBe(false);
    expect(comesBefore(one, { ...two, batch: pending() })).toBe(false);
  });
});
