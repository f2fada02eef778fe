/** What is counted of a campaign, and what the counts come to. */
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/shared/campaign/batch.ts';
import {
  type Control,
  isEnded,
  NEW_CONTROL,
  pausedBy,
  pauseReasons,
  rfc3339,
  wasCutShort,
  withoutPauses,
} from '../../../src/shared/campaign/campaign.ts';
import { halvesOf, rangeOf } from '../../../src/shared/campaign/divide.ts';
import { type LaneState, laneWait, needsLane, stopOf } from '../../../src/shared/campaign/lane.ts';
import { outcomeOf, outcomeTable } from '../../../src/shared/campaign/outcome.ts';
import {
  batchTotal,
  EMPTY_TALLY,
  openBatches,
  receiptTotals,
  type Tally,
  tallyChange,
  tallyOf,
} from '../../../src/shared/campaign/progress.ts';
import {
  asUnverified,
  isImplausible,
  type Receipt,
  sameReceipt,
  uncounted,
  whyNobody,
} from '../../../src/shared/campaign/receipt.ts';
import { aCampaign, at, pending, receipt, submitted } from '../../support/builders.ts';

const tally = (changes: Partial<Tally>): Tally => ({ ...EMPTY_TALLY, ...changes });
const settled = (changes: Partial<Receipt> = {}, reportedAt?: number): Batch => ({
  ...submitted('1'),
  state: 'settled',
  settledAt: 1,
  receipt: receipt(changes),
  ...(reportedAt === undefined ? {} : { reportedAt }),
});
const nothing = { total: null, eligible: null, sent: null, failed: null };

describe('a receipt', () => {
  it('says the same as another if status, code and every count agree', () => {
    expect(sameReceipt(receipt(), receipt({ reason: 'told-sent' }))).toBe(true);
    for (const change of [
      { status: 'failed' },
      { code: 'err(1)' },
      { total: 24 },
      { eligible: 23 },
      { sent: 22 },
      { failed: 0 },
    ] as const) {
      expect(sameReceipt(receipt(), receipt(change))).toBe(false);
    }
  });

  it('without counts has none, rather than 0', () => {
    expect(uncounted('unknown', 'no-status')).toEqual({
      status: 'unknown',
      reason: 'no-status',
      ...nothing,
    });
  });

  it('that is not signed loses its links, and is marked', () => {
    const all = receipt({
      articleUrls: [{ index: 1, url: 'https://x' }],
      copyright: { state: 1, articles: [] },
    });

    expect(asUnverified(all)).toStrictEqual({ ...receipt(), unverified: true });
  });

  it.each<[what: string, changes: Partial<Receipt>, size: number | null, is: boolean]>([
    ['as it should be', {}, 25, false],
    ['of an unknown size', {}, null, false],
    ['of exactly the size', { total: 25 }, 25, false],
    ['of more than the size', { total: 26 }, 25, true],
    ['eligible beyond the size', { ...nothing, eligible: 26 }, 25, true],
    ['sent beyond the size', { ...nothing, sent: 26 }, 25, true],
    ['failed beyond the size', { ...nothing, failed: 26 }, 25, true],
    ['refused, with some sent', { ...nothing, status: 'refused', sent: 1 }, null, true],
    ['failed, with some sent', { ...nothing, status: 'failed', sent: 1 }, null, true],
    ['failed, with none sent', { ...nothing, status: 'failed', sent: 0 }, null, false],
    ['refused, uncounted', { ...nothing, status: 'refused' }, null, false],
    ['more eligible than all', { ...nothing, total: 5, eligible: 6 }, null, true],
    ['more sent than all', { ...nothing, total: 5, sent: 6 }, null, true],
    ['more failed than all', { ...nothing, total: 5, failed: 6 }, null, true],
    ['all of all', { total: 5, eligible: 5, sent: 5, failed: 0 }, null, false],
    ['parts that do not add up', { eligible: 24, sent: 23, failed: 2 }, null, true],
    ['parts of which one is unknown', { eligible: null, sent: 1, failed: 1 }, null, false],
    ['parts without those sent', { sent: null }, null, false],
    ['parts of an unknown whole', { total: null }, null, false],
    ['parts without those failed', { failed: null, sent: 1 }, null, false],
  ])('%s: implausible or not', (_, changes, size, is) => {
    expect(isImplausible(receipt(changes), size)).toBe(is);
  });

  it('tells why it went to nobody', () => {
    expect(whyNobody({ total: 0, eligible: 0 })).toBe('no-followers');
    expect(whyNobody({ total: 5, eligible: 0 })).toBe('filtered');
    expect(whyNobody({ total: 5, eligible: 5 })).toBe('none-sent');
    expect(whyNobody({ total: null, eligible: null })).toBe('none-sent');
  });
});

describe('a tally', () => {
  const counted = { total: 25, eligible: 24, sent: 23, failed: 1 };
  const zero = { uncounted: 0, unreadable: 0, implausible: 0, unverified: 0, disputed: 0 };

  it('has one for each batch, and its counts once it is settled', () => {
    expect(tallyOf(pending())).toEqual({ pending: 1 });
    expect(tallyOf({ ...submitted('1'), twice: true })).toEqual({ submitted: 1, twice: 1 });
    expect(tallyOf({ ...settled(), twice: true })).toEqual({
      settled: 1,
      'receipt-delivered': 1,
      twice: 1,
      ...zero,
      ...counted,
    });
  });

  it('has why a batch was refused, where its list is gone', () => {
    const refused = (code: 'audience-gone' | 'not-after'): Batch => {
      return { ...submitted('1'), state: 'refused', refusedAt: 1, failure: { code } } as Batch;
    };

    expect(tallyOf(refused('audience-gone'))).toEqual({ refused: 1, 'audience-gone': 1 });
    expect(tallyOf(refused('not-after'))).toEqual({ refused: 1 });
    expect(tallyOf({ ...refused('audience-gone'), twice: true })).toMatchObject({ twice: 1 });
  });

  it('has what is odd about a receipt', () => {
    expect(tallyOf(settled(nothing))).toMatchObject({ uncounted: 1, unreadable: 0, total: 0 });
    expect(tallyOf(settled(nothing, 5))).toMatchObject({ uncounted: 1, unreadable: 1 });
    expect(tallyOf(settled({}, 5))).toMatchObject({ uncounted: 0, unreadable: 0 });
    expect(tallyOf(settled({ total: 26 }))).toMatchObject({ implausible: 1 });
    expect(tallyOf(settled({ unverified: true }))).toMatchObject({ unverified: 1 });
    expect(tallyOf(settled({ ...nothing, unverified: true }))).toMatchObject({ unverified: 0 });
    expect(tallyOf(settled({ disputed: true }))).toMatchObject({ disputed: 1 });
    const nobody = { total: 0, eligible: 0, sent: 0, failed: 0 };
    expect(tallyOf(settled(nobody))).toMatchObject({ 'nobody-no-followers': 1 });
    expect(tallyOf(settled({ ...nobody, status: 'failed' }))).not.toHaveProperty(
      'nobody-no-followers',
    );
  });

  it('changes by what a batch was and is, and its version by what an operator sees', () => {
    expect(tallyChange(null, pending())).toEqual([
      ['pending', 1],
      ['version', 1],
    ]);
    expect(tallyChange(pending(), submitted('1'))).toEqual([
      ['pending', -1],
      ['submitted', 1],
    ]);
    expect(tallyChange(pending(), pending())).toEqual([]);
    const held = { ...submitted('1'), state: 'held' } as unknown as Batch;
    const refused = { ...held, state: 'refused', failure: { code: 'not-after' } } as Batch;
    const version = ['version', 1];
    expect(tallyChange(held, submitted('1'))).toContainEqual(version);
    expect(tallyChange(submitted('1'), held)).toContainEqual(version);
    expect(tallyChange(refused, pending())).toContainEqual(version);
    expect(tallyChange(pending(), refused)).not.toContainEqual(version);
    expect(tallyChange(held, held)).toEqual([]);
  });

  it('knows how many there are, and how many are open', () => {
    const all = tally({
      pending: 1,
      submitting: 2,
      submitted: 4,
      held: 8,
      settled: 16,
      refused: 32,
    });

    expect(batchTotal(all)).toBe(63);
    expect(openBatches(all)).toBe(15);
  });

  it('sums what was counted, and nothing where nothing was', () => {
    expect(receiptTotals(tally({ settled: 2, uncounted: 1, ...counted }))).toEqual(counted);
    expect(receiptTotals(tally({ settled: 2, uncounted: 2 }))).toEqual(nothing);
  });
});

describe('an outcome', () => {
  it.each<[counts: Partial<Tally>, outcome: string]>([
    [{ 'receipt-delivered': 2 }, 'delivered'],
    [{ 'receipt-delivered': 2, refused: 1 }, 'partly'],
    [{ 'receipt-delivered': 2, 'receipt-refused': 1 }, 'partly'],
    [{ 'receipt-delivered': 2, cancelled: 1 }, 'partly'],
    [{ 'receipt-delivered': 2, 'receipt-failed': 1, 'receipt-unknown': 1 }, 'partly'],
    [{ 'receipt-delivered': 2, 'nobody-filtered': 1 }, 'partly'],
    [{ 'receipt-delivered': 2, 'nobody-filtered': 1, 'nobody-none-sent': 1 }, 'none'],
    [{ 'receipt-delivered': 1, 'nobody-no-followers': 1 }, 'none'],
    [{ refused: 1 }, 'none'],
    [{ cancelled: 1 }, 'none'],
    [{ 'receipt-failed': 1 }, 'none'],
    [{}, 'none'],
    [{ 'receipt-delivered': 2, 'receipt-unknown': 1 }, 'unknown'],
    [{ 'receipt-unknown': 1 }, 'unknown'],
    [{ refused: 1, 'receipt-unknown': 1 }, 'unknown'],
    [{ abandoned: 1 }, 'unknown'],
    [{ abandoned: 1, 'receipt-delivered': 9 }, 'unknown'],
  ])('of %j is %s', (counts, outcome) => {
    expect(outcomeOf(tally(counts))).toBe(outcome);
  });

  it('has a table that can be read', () => {
    expect(outcomeTable().split('\n')).toEqual([
      '| abandoned | went | not | unknown | outcome |',
      '| --- | --- | --- | --- | --- |',
      '| some | any | any | any | unknown |',
      '| 0 | some | 0 | 0 | delivered |',
      '| 0 | some | some | any | partly |',
      '| 0 | 0 | any | 0 | none |',
      '| 0 | some | 0 | some | unknown |',
      '| 0 | 0 | any | some | unknown |',
    ]);
  });
});

describe('a pause', () => {
  const word = { at: at('10:00:00'), by: 'ann' };
  const other = { at: at('11:00:00'), by: 'ben' };
  const paused = pausedBy(pausedBy(NEW_CONTROL, 'approval', word), 'operator', word);

  it('is one of several, and the first word for it stays', () => {
    expect(pauseReasons(NEW_CONTROL)).toEqual([]);
    expect(pausedBy(NEW_CONTROL, 'operator', word).pauses).toEqual({ operator: word });
    expect(pauseReasons(paused)).toEqual(['operator', 'approval']);
    expect(pausedBy(paused, 'operator', other)).toBe(paused);
    expect(paused).toEqual({ ...NEW_CONTROL, pauses: { approval: word, operator: word } });
  });

  it('is taken away by itself, with what was counted towards it', () => {
    const counting: Control = { ...paused, takenInARow: 2 };

    expect(withoutPauses(counting, ['operator'])).toStrictEqual({
      ...NEW_CONTROL,
      pauses: { approval: word },
    });
    expect(withoutPauses(counting, ['operator', 'approval'])).toStrictEqual(NEW_CONTROL);
    expect(withoutPauses(NEW_CONTROL, ['operator'])).toStrictEqual(NEW_CONTROL);
  });

  it('leaves open whether a campaign has ended, or was cut short', () => {
    expect([isEnded(NEW_CONTROL), isEnded({ phase: 'ended' })]).toEqual([false, true]);
    expect(wasCutShort(tally({ cancelled: 1, settled: 1 }))).toBe(true);
    expect(wasCutShort(tally({ settled: 1 }))).toBe(false);
    expect(wasCutShort(tally({}))).toBe(true);
    expect(rfc3339(0)).toBe('1970-01-01T00:00:00.000Z');
  });
});

describe('a lane', () => {
  const stop = { at: 1, by: 'ann', code: 'by-operator' } as const;
  const blocked = { ...stop, by: 'wechat' } as const;
  const both: LaneState = { paused: stop, sendBlocked: blocked };

  it('is stopped for all, or for lists alone', () => {
    expect(stopOf(both, 'sendall')).toBe(stop);
    expect(stopOf({ sendBlocked: blocked }, 'send')).toBe(blocked);
    expect(stopOf({ sendBlocked: blocked }, 'sendall')).toBeUndefined();
    expect(stopOf({}, 'send')).toBeUndefined();
  });

  it('is needed while there is something to call', () => {
    const submitting: Control = { phase: 'submitting' };

    expect(needsLane(submitting, { pending: 1, submitting: 0 })).toBe(true);
    expect(needsLane(submitting, { pending: 0, submitting: 1 })).toBe(true);
    expect(needsLane(submitting, { pending: 1, submitting: 1 })).toBe(true);
    expect(needsLane(submitting, { pending: 0, submitting: 0 })).toBe(false);
    expect(needsLane({ phase: 'ended' }, { pending: 1, submitting: 0 })).toBe(false);
  });

  it('says why its campaigns wait', () => {
    const sleep = { reason: 'rate', until: 100 } as const;

    expect(laneWait(aCampaign(), { sleep }, 99)).toBe(sleep);
    expect(laneWait(aCampaign(), { sleep }, 100)).toBeUndefined();
    expect(laneWait(aCampaign(), {}, 0)).toBeUndefined();
    expect(laneWait(aCampaign(), { ...both, sleep }, 0)).toEqual({
      reason: 'account-paused',
      until: null,
    });
    const everyone = aCampaign({ audience: { type: 'everyone' } });
    expect(laneWait(everyone, { sendBlocked: blocked }, 0)).toBeUndefined();
  });
});

describe('half of a batch', () => {
  const halves = (from: number, to: number, kept?: number[]) => halvesOf({ from, to }, kept);

  it('is the lower or the upper one, the lower one larger by one at most', () => {
    expect(halves(10, 14)).toEqual([
      { range: { from: 10, to: 12 }, size: 2 },
      { range: { from: 12, to: 14 }, size: 2 },
    ]);
    expect(halves(10, 15)).toEqual([
      { range: { from: 10, to: 13 }, size: 3 },
      { range: { from: 13, to: 15 }, size: 2 },
    ]);
  });

  it('has two at least, so three are not divided', () => {
    expect(halves(10, 13)).toBeNull();
    expect(halves(10, 20, [11, 12, 13])).toBeNull();
  });

  it('counts those who are left only', () => {
    expect(halves(10, 20, [10, 11, 18, 19])).toEqual([
      { range: { from: 10, to: 18 }, size: 2 },
      { range: { from: 18, to: 20 }, size: 2 },
    ]);
  });

  it('is of its own range, or of the one that its number gives', () => {
    expect(rangeOf({ no: 2, range: { from: 1, to: 3 } }, 25_000)).toEqual({ from: 1, to: 3 });
    expect(rangeOf({ no: 2 }, 20_000)).toEqual({ from: 10_000, to: 20_000 });
  });
});
