/** Every order in which things can happen to one batch, to a stated depth. */
import { describe, expect, it } from 'vitest';
import { type Batch, isUnknown } from '../../src/shared/campaign/batch.ts';
import { type Budget, isSame, oneBatch, RULES, type Rules, undisturbed } from './one-batch.ts';
import { explore } from './search.ts';

const NOTHING: Budget = {
  ticks: 3,
  deaths: 0,
  decisions: 0,
  steers: 0,
  forgets: 0,
  copies: 0,
  calls: 2,
};
const MOST = 2_000_000;

describe('a batch, whatever happens to it in whatever order', () => {
  it.each<[what: string, budget: Partial<Budget>]>([
    ['two workers, one dies, an operator decides', { deaths: 1, decisions: 1 }],
    ['an operator pauses, resumes, cancels and decides', { steers: 2, decisions: 1 }],
    ['events come twice', { copies: 1, decisions: 1 }],
    ['Redis forgets its last write', { forgets: 1, steers: 1 }],
    ['three calls over two days', { ticks: 6, calls: 3, deaths: 1 }],
  ])('keeps every law: %s', (_, budget) => {
    const { complete, states, violation, sample } = explore(
      oneBatch({ ...NOTHING, ...budget }),
      MOST,
    );

    expect(violation).toBeUndefined();
    expect(complete).toBe(true);
    expect(states).toBeGreaterThan(5_000);
    for (const state of sample)
      expect(isOver(undisturbed(state)), JSON.stringify(state)).toBe(true);
  });
});

/** It ended, or says that it waits for an operator or for its event. */
const isOver = (batch: Batch | null): boolean =>
  batch !== null &&
  (isUnknown(batch) ||
    ['settled', 'refused', 'cancelled', 'submitted', 'pending'].includes(batch.state));

describe('the search', () => {
  const { advance } = RULES;
  /** The batch before or after one kind of event, as if no earlier call were unanswered. */
  const forgetting = (type: string, when: 'before' | 'after'): Partial<Rules> => ({
    advance(batch, event) {
      const answered = (one: Batch): Batch =>
        one.state === 'submitting' && event.type === type ? { ...one, unanswered: false } : one;
      return when === 'before' ? advance(answered(batch), event) : answered(advance(batch, event));
    },
  });

  it.each<[broken: string, rules: Partial<Rules>, law: RegExp]>([
    ['no end of the key', { callableUntil: () => Number.POSITIVE_INFINITY }, /accepted it twice/],
    ['no late acceptance', { latenessOf: () => null }, /a rule refuses what then happens/],
    [
      'an intent that does not look at pause and cancel',
      { isStill: (now, seen) => isSame(now.batch, seen.batch) },
      /after an acknowledged pause/,
    ],
    ['an intent that does not look at the batch', { isStill: () => true }, /./],
    ['a refusal that forgets an unanswered call', forgetting('refused', 'before'), /it is refused/],
    ['a put-off that forgets one', forgetting('put-back', 'before'), /it is pending/],
    ['a repeat that forgets one', forgetting('attempt-started', 'after'), /WeChat accepted it/],
  ])('finds %s, and tells the shortest way there', (_, rules, law) => {
    const budget = { ...NOTHING, deaths: 1, decisions: 1, steers: 1 };

    const { violation } = explore(oneBatch(budget, { ...RULES, ...rules }), MOST);

    expect(violation?.law).toMatch(law);
    expect(violation?.path.length).toBeGreaterThan(2);
  });
});
