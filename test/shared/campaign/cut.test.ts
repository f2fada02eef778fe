import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchCount, batchRange, isOpenId, MAX_BATCH } from '../../../src/shared/campaign/cut.ts';

const rangesOf = (recipients: number) =>
  Array.from({ length: batchCount(recipients) }, (_, i) => batchRange(recipients, i + 1));
const sizesOf = (recipients: number) => rangesOf(recipients).map(({ from, to }) => to - from);

const recipients = fc.integer({ min: 2, max: 3_000_000 });
/** Around the multiples of a full batch, where a rest of one lurks. */
const nearFull = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: -2, max: 2 }))
  .map(([batches, off]) => batches * MAX_BATCH + off);

describe('the cut of an audience', () => {
  it('makes even batches of 20,001, never 10,000, 10,000 and 1', () => {
    expect(sizesOf(20_001)).toEqual([6_667, 6_667, 6_667]);
  });

  it('makes one batch of 10,000, and two as soon as there is one more', () => {
    expect(sizesOf(10_000)).toEqual([10_000]);
    expect(sizesOf(10_001)).toEqual([5_001, 5_000]);
  });

  it('makes no batch for nobody', () => {
    expect(batchCount(0)).toBe(0);
  });

  it('puts every recipient into exactly one batch', () => {
    fc.assert(
      fc.property(fc.oneof(recipients, nearFull), (n) => {
        let next = 0;
        for (const { from, to } of rangesOf(n)) {
          expect(from).toBe(next);
          next = to;
        }
        expect(next).toBe(n);
      }),
    );
  });

  it('keeps every batch within 2 and 10,000, and within one of the others', () => {
    fc.assert(
      fc.property(fc.oneof(recipients, nearFull), (n) => {
        const sizes = sizesOf(n);
        const smallest = Math.min(...sizes);
        const largest = Math.max(...sizes);
        expect(smallest).toBeGreaterThanOrEqual(2);
        expect(largest).toBeLessThanOrEqual(MAX_BATCH);
        expect(largest - smallest).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('knows no batch 0, no batch after the last and no half batch', () => {
    expect(() => batchRange(20_001, 0)).toThrow(RangeError);
    expect(() => batchRange(20_001, 4)).toThrow(RangeError);
    expect(() => batchRange(20_001, 1.5)).toThrow(RangeError);
  });
});

describe('an OpenID', () => {
  it('is 16 to 64 characters of the base64url alphabet', () => {
    expect(isOpenId('oHZx-wABcdefghij_klmnopqrs12')).toBe(true);
    expect(isOpenId('a'.repeat(16))).toBe(true);
    expect(isOpenId('a'.repeat(64))).toBe(true);
  });

  it('is nothing shorter, longer or with any other character', () => {
    for (const not of [
      '',
      'a'.repeat(15),
      'a'.repeat(65),
      'oHZx+wABcdefghij_klmnopqrs12',
      'oHZx wABcdefghijklmnopqrs123',
      'oHZxwABcdefghijklmnopqrs123\n',
    ]) {
      expect(isOpenId(not)).toBe(false);
    }
  });
});
