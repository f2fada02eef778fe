import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/shared/campaign/batch.ts';
import { outcomeOf } from '../../../src/shared/campaign/outcome.ts';
import {
  batchTotal,
  EMPTY_TALLY,
  openBatches,
  receiptTotals,
  type Tally,
  type TallyField,
  tallyChange,
  tallyOf,
} from '../../../src/shared/campaign/progress.ts';
import { anyEvent, live } from '../../support/batch-events.ts';
import { pending } from '../../support/builders.ts';

const tally = (changes: Partial<Tally>): Tally => ({ ...EMPTY_TALLY, ...changes });

const sumOf = (batches: readonly Batch[]): Tally =>
  batches.reduce<Tally>((sum, batch) => add(sum, Object.entries(tallyOf(batch))), EMPTY_TALLY);

function add(sum: Tally, changes: readonly (readonly [string, number])[]): Tally {
  const next = { ...sum };
  for (const [field, by] of changes) next[field as TallyField] += by;
  return next;
}

describe('a tally', () => {
  it('that is only ever changed is the sum over the batches, whatever happened to them', () => {
    const lives = fc.array(fc.array(anyEvent, { maxLength: 20 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(lives, (all) => {
        let kept = sumOf(all.map(() => pending()));
        const ends = all.map((events) => {
          const steps = live(pending(), events);
          for (const { before, after } of steps) kept = add(kept, tallyChange(before, after));
          return steps.at(-1)?.after ?? pending();
        });
        expect({ ...kept, version: 0 }).toEqual(sumOf(ends));
        expect(batchTotal(kept)).toBe(all.length);
      }),
    );
  });

  it('calls a batch open until it is settled, refused or cancelled', () => {
    const all = tally({
      pending: 1,
      submitting: 2,
      submitted: 3,
      held: 4,
      settled: 5,
      refused: 6,
      cancelled: 7,
    });

    expect(openBatches(all)).toBe(10);
  });

  it.each([
    [{ settled: 2, 'receipt-delivered': 2 }, 'delivered'],
    [{ settled: 1, 'receipt-delivered': 1, refused: 1 }, 'partly'],
    [{ settled: 2, 'receipt-delivered': 1, 'receipt-unknown': 1, cancelled: 1 }, 'partly'],
    [{ refused: 3 }, 'none'],
    [{ settled: 1, 'receipt-refused': 1 }, 'none'],
    [{ settled: 1, 'receipt-failed': 1 }, 'none'],
    [{ settled: 1, 'receipt-delivered': 1, 'nobody-filtered': 1 }, 'none'],
    [{ settled: 2, 'receipt-delivered': 2, 'nobody-no-followers': 1 }, 'partly'],
    [
      { settled: 2, 'receipt-delivered': 1, 'nobody-none-sent': 1, 'receipt-unknown': 1 },
      'unknown',
    ],
    [{ settled: 2, 'receipt-delivered': 1, 'receipt-unknown': 1 }, 'unknown'],
    [{ settled: 1, 'receipt-unknown': 1, refused: 1 }, 'unknown'],
  ] as const)('%j comes to %s', (changes, outcome) => {
    expect(outcomeOf(tally(changes))).toBe(outcome);
  });

  it('has no counts, not zeros, while WeChat has counted nothing', () => {
    expect(receiptTotals(tally({ settled: 1, uncounted: 1 }))).toEqual({
      total: null,
      eligible: null,
      sent: null,
      failed: null,
    });
    expect(receiptTotals(tally({ settled: 2, uncounted: 1, sent: 3, total: 4 }))).toMatchObject({
      total: 4,
      sent: 3,
    });
  });
});
