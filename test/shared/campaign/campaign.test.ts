import { describe, expect, it } from 'vitest';
import {
  type Control,
  mayBeLaid,
  mayEnd,
  mayStart,
  NEW_CONTROL,
  stateOf,
} from '../../../src/shared/campaign/campaign.ts';
import { EMPTY_TALLY, type Tally } from '../../../src/shared/campaign/progress.ts';
import { viewOf } from '../../../src/shared/contract/campaign-view.ts';
import { aCampaign, at } from '../../support/builders.ts';

const control = (changes: Partial<Control>): Control => ({ ...NEW_CONTROL, ...changes });
const tally = (changes: Partial<Tally>): Tally => ({ ...EMPTY_TALLY, ...changes });
const word = { at: at('10:00:00'), by: 'ann' };
const byOperator = { ...word, reason: 'operator' } as const;
const pauses = { operator: word };

describe('batches', () => {
  const NOW = at('10:00:00');

  it.each<[Partial<Control>, sendAt: number, may: boolean]>([
    [{}, NOW, true],
    [{ phase: 'preparing' }, NOW - 1, true],
    [{}, NOW + 1, false],
    [{ phase: 'submitting' }, NOW, false],
    [{ phase: 'ended' }, NOW, false],
    [{ cancelled: byOperator }, NOW, false],
    // Nothing of it is called before it is resumed.
    [{ pauses }, NOW, true],
  ])('of %j, planned for %d, are laid out now: %s', (changes, sendAt, may) => {
    expect(mayBeLaid(control(changes), sendAt, NOW)).toBe(may);
  });
});

describe('a campaign’s state', () => {
  it.each([
    [{}, {}, 'scheduled'],
    [{ phase: 'preparing' }, {}, 'preparing'],
    [{ phase: 'submitting' }, { pending: 1, settled: 3 }, 'submitting'],
    [{ phase: 'submitting' }, { submitting: 1, submitted: 3 }, 'submitting'],
    [{ phase: 'submitting' }, { submitted: 1, held: 1 }, 'awaiting-receipts'],
    [{ phase: 'submitting' }, { held: 1, settled: 9 }, 'held'],
    // Its root has not ended it yet.
    [{ phase: 'submitting' }, { settled: 2 }, 'awaiting-receipts'],
    [{ phase: 'accepted', pauses }, {}, 'paused'],
    [{ phase: 'submitting', pauses }, { pending: 1, submitted: 1 }, 'paused'],
    // Nothing is left that a pause could stop.
    [{ phase: 'submitting', pauses }, { submitted: 1 }, 'awaiting-receipts'],
    [{ phase: 'preparing', cancelled: byOperator }, {}, 'cancelling'],
    [{ phase: 'submitting', cancelled: byOperator }, { submitting: 1, held: 1 }, 'cancelling'],
    [
      { phase: 'submitting', cancelled: byOperator },
      { submitting: 1, submitted: 1, held: 1 },
      'cancelling',
    ],
    [{ phase: 'submitting', cancelled: byOperator }, { held: 1 }, 'held'],
    [{ phase: 'ended' }, { settled: 2 }, 'completed'],
    [{ phase: 'ended' }, { refused: 2 }, 'completed'],
    [{ phase: 'ended', failed: { at: 0, code: 'record-lost' } }, {}, 'failed'],
    [
      { phase: 'ended', cancelled: { ...word, reason: 'operator' } },
      { settled: 1, cancelled: 1 },
      'cancelled',
    ],
    [
      { phase: 'ended', cancelled: { ...word, reason: 'not-after' } },
      { settled: 1, cancelled: 1 },
      'completed',
    ],
    [
      { phase: 'ended', cancelled: { ...word, reason: 'not-after' } },
      { cancelled: 2 },
      'cancelled',
    ],
  ] as const)('of %j with %j is %s', (changes, counts, state) => {
    expect(stateOf(control(changes), tally(counts))).toBe(state);
  });
});

describe('a batch that was not called yet', () => {
  it('may be called unless its campaign is paused, cancelled, failed or over', () => {
    expect(mayStart(control({ phase: 'submitting' }))).toBe(true);
    for (const changes of [
      { pauses },
      { cancelled: { ...word, reason: 'operator' as const } },
      { failed: { at: 0, code: 'record-lost' as const } },
      { phase: 'ended' as const },
    ]) {
      expect(mayStart(control(changes))).toBe(false);
    }
  });
});

describe('a campaign without open batches', () => {
  it.each<[Partial<Control>, boolean]>([
    [{ phase: 'accepted' }, false],
    [{ phase: 'preparing' }, false],
    [{ phase: 'submitting' }, true],
    [{ phase: 'accepted', cancelled: byOperator }, true],
    [{ phase: 'preparing', failed: { at: 0, code: 'record-lost' } }, true],
  ])('with %j is at its end: %s', (changes, is) => {
    expect(mayEnd(control(changes))).toBe(is);
  });
});

describe('a campaign as others see it', () => {
  it('has no counts and no outcome while nobody knows them', () => {
    const view = viewOf(aCampaign(), control({ phase: 'submitting' }), tally({ submitted: 1 }));

    expect(view).toMatchObject({
      state: 'awaiting-receipts',
      recipients: 25,
      receipt: { total: null, eligible: null, sent: null, failed: null },
      batches: { total: 1, submitted: 1 },
      warnings: [],
    });
    expect(view).not.toHaveProperty('outcome');
  });

  it('warns of what a person must look at', () => {
    const counts = {
      held: 1,
      refused: 2,
      settled: 3,
      'nobody-filtered': 1,
      uncounted: 1,
      'receipt-refused': 1,
    };

    const { warnings } = viewOf(aCampaign(), control({ phase: 'submitting' }), tally(counts));

    expect(warnings).toEqual([
      { code: 'held', batches: 1 },
      { code: 'sent-to-nobody', batches: 1, likely: 'filtered' },
      { code: 'no-counts', batches: 1 },
      { code: 'refused', batches: 2 },
      { code: 'refused-later', batches: 1 },
    ]);
  });

  it('says why it does not move, until it has ended', () => {
    const waiting = { reason: 'daily-quota', until: at('10:00:00') } as const;

    expect(viewOf(aCampaign(), control({ waiting }), EMPTY_TALLY).waiting).toEqual({
      reason: 'daily-quota',
      until: '2026-01-05T10:00:00.000Z',
    });
    expect(
      viewOf(aCampaign(), control({ waiting, phase: 'ended' }), EMPTY_TALLY).waiting,
    ).toBeUndefined();
  });

  it.each([
    ['was stopped before anything was laid out', {}, 'not-after'],
    ['lost a batch to it', { settled: 1, cancelled: 1 }, 'not-after'],
    ['had gone out before, and waited for its receipt', { settled: 2 }, undefined],
  ])('names notAfter as what stopped it where it %s', (_what, counts, code) => {
    const cancelled = { ...word, reason: 'not-after' } as const;

    const { error } = viewOf(aCampaign(), control({ phase: 'ended', cancelled }), tally(counts));

    expect(error?.code).toBe(code);
  });

  it('has no number of recipients where only WeChat knows it', () => {
    const audience = { type: 'everyone' } as const;

    expect(
      viewOf(aCampaign({ audience, counts: null }), NEW_CONTROL, EMPTY_TALLY).recipients,
    ).toBeNull();
  });
});
