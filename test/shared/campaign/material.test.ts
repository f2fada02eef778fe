import { describe, expect, it } from 'vitest';
import {
  askAgain,
  draftOf,
  fail,
  type Item,
  lose,
  NEW_ITEM,
  NEWS,
  noteCopy,
  takeFailure,
} from '../../../src/shared/campaign/material.ts';

const refused = (item: Item): Item => fail(item, item.generation, { code: 'record-lost' });
const copied = (item: Item): Item =>
  noteCopy(item, item.generation, { mediaId: 'M', expiresAt: null });

describe('an item of a campaign’s material', () => {
  it('takes no result of an older generation', () => {
    const item = { ...NEW_ITEM, generation: 2 };

    expect(noteCopy(item, 1, { mediaId: 'M', expiresAt: null })).toBe(item);
    expect(fail(item, 1, { code: 'record-lost' })).toBe(item);
  });

  it('is asked for by the next batch after a refusal, three times in a row at most', () => {
    const twice = takeFailure(refused(takeFailure(refused(NEW_ITEM))));
    const thrice = refused(twice);

    expect(twice).toMatchObject({ generation: 2, refusals: 2 });
    expect(twice.failure).toBeUndefined();
    expect(takeFailure(thrice)).toBe(thrice);
    expect(copied(twice).refusals).toBe(0);
    expect(askAgain(thrice)).toEqual({ generation: 3, refusals: 0, losses: 0 });
  });

  it('is made anew after a loss as often as batches were accepted with it, and once more', () => {
    const lost = lose(copied(NEW_ITEM), 'M', { thing: NEWS, accepted: 0 });

    expect(lost).toMatchObject({ generation: 1, losses: 1 });
    const again = copied(lost as Item);
    expect(lose(again, 'M', { thing: NEWS, accepted: 0 })).toBe('too-often');
    expect(lose(again, 'M', { thing: NEWS, accepted: 1 })).toMatchObject({ losses: 2 });
    expect(lose(again, 'M', { thing: draftOf(1), accepted: 0 })).toMatchObject({ losses: 2 });
    expect(lose(again, 'another', { thing: NEWS, accepted: 0 })).toBe(again);
  });
});
