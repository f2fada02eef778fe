/** The laws of `npm run chaos`, each held against a history that breaks it. */
import { describe, expect, it } from 'vitest';
import type { Act, Enqueued, History } from './history.ts';
import { breachesOf } from './laws.ts';

const GOOD: History = { enqueued: [], acts: [], looks: [], calls: [], overlaps: [] };

const breaches = (history: Partial<History>): string[] => breachesOf({ ...GOOD, ...history });

const act = (step: Act['step'], more: Partial<Act> = {}): Act => ({
  campaign: 'c',
  step,
  by: 'anna',
  keys: [],
  seen: 1,
  begunAt: 100,
  answeredAt: 200,
  answer: 'done',
  ...(step === 'pause' || step === 'cancel' ? { inFlight: [] } : {}),
  ...more,
});

const enqueued = (more: Partial<Enqueued> = {}): Enqueued => ({
  name: 'hello',
  isAcknowledged: true,
  ids: ['c'],
  isEnded: true,
  needsApproval: false,
  notAfter: Infinity,
  ...more,
});

const call = (startedAt: number, key = 'c-1-0') => ({ key, startedAt });

describe('a campaign', () => {
  it('is not lost once its enqueuer was told that it is accepted', () => {
    expect(breaches({ enqueued: [enqueued({ ids: [] })] })).toEqual([
      'hello was accepted and is gone',
    ]);
    expect(breaches({ enqueued: [enqueued({ ids: [], isAcknowledged: false })] })).toEqual([]);
  });

  it('is made once', () => {
    expect(breaches({ enqueued: [enqueued({ ids: ['c', 'd'] })] })).toEqual([
      'hello was made 2 times: c d',
    ]);
  });

  it('ends', () => {
    expect(breaches({ enqueued: [enqueued({ isEnded: false })] })).toEqual([
      'hello (c) has not ended',
    ]);
    expect(breaches({ enqueued: [enqueued()] })).toEqual([]);
  });
});

describe('a call', () => {
  it.each(['pause', 'cancel'] as const)('does not begin after the answer to a %s', (step) => {
    const late = [`c-1-0 was called 50 ms after the answer to a ${step}`];
    expect(breaches({ acts: [act(step)], calls: [call(250)] })).toEqual(late);
    expect(breaches({ acts: [act(step)], calls: [call(150)] })).toEqual([]);
    expect(breaches({ acts: [act(step)], calls: [call(250, 'd-1-0')] })).toEqual([]);
  });

  it('may begin if the answer named its batch as in flight', () => {
    const pause = act('pause', { inFlight: ['c-1-0'] });
    expect(breaches({ acts: [pause], calls: [call(250)] })).toEqual([]);
    expect(breaches({ acts: [pause], calls: [call(250, 'c-2-0')] })).toHaveLength(1);
  });

  it('may begin after a stop that was refused, or whose answer was not heard', () => {
    const acts = [
      act('pause', { answer: 'refused', code: 'moved', status: 409 }),
      act('cancel', { answer: 'unknown', answeredAt: null }),
    ];
    expect(breaches({ acts, calls: [call(250)] })).toEqual([]);
  });

  it('may begin again once a resume was asked for, and not after one that was refused', () => {
    const resume = act('resume', { begunAt: 240, answeredAt: 260 });
    const calls = [call(250)];
    expect(breaches({ acts: [act('pause'), resume], calls })).toEqual([]);
    const unheard = act('resume', { begunAt: 240, answeredAt: null, answer: 'unknown' });
    expect(breaches({ acts: [act('pause'), unheard], calls })).toEqual([]);
    const refused = act('resume', { begunAt: 240, answeredAt: 260, answer: 'refused' });
    expect(breaches({ acts: [act('pause'), refused], calls })).toHaveLength(1);
  });

  it('may begin after a pause beside which a resume ran', () => {
    const beside = act('resume', { begunAt: 150, answeredAt: 180 });
    expect(breaches({ acts: [act('pause'), beside], calls: [call(250)] })).toEqual([]);
    const before = act('resume', { begunAt: 50, answeredAt: 90 });
    expect(breaches({ acts: [before, act('pause')], calls: [call(250)] })).toHaveLength(1);
  });

  it('does not begin again after a cancel, whatever is resumed', () => {
    const resume = act('resume', { begunAt: 240, answeredAt: 260 });
    expect(breaches({ acts: [act('cancel'), resume], calls: [call(300)] })).toHaveLength(1);
  });

  it('does not begin before anyone approved it, nor after it was rejected', () => {
    const waiting = { enqueued: [enqueued({ needsApproval: true })], calls: [call(50)] };
    expect(breaches({ ...waiting, acts: [act('approve')] })).toEqual([
      'c-1-0 was called before anyone approved it',
    ]);
    expect(breaches({ ...waiting, calls: [call(150)], acts: [act('approve')] })).toEqual([]);
    expect(breaches({ ...waiting, calls: [call(250)], acts: [act('reject')] })).toEqual([
      'c-1-0 was called 50 ms after the answer to a reject',
      'c-1-0 was called before anyone approved it',
    ]);
  });

  it('does not begin after notAfter', () => {
    const campaign = enqueued({ notAfter: 1_000 });
    expect(breaches({ enqueued: [campaign], calls: [call(9_000)] })).toEqual([
      'c-1-0 was called 8000 ms after notAfter',
    ]);
    expect(breaches({ enqueued: [campaign], calls: [call(900)] })).toEqual([]);
  });

  it('does not begin for a batch that was given up, under any key', () => {
    const givenUp = act('resolve: given-up', { keys: ['c-1-0'] });
    expect(breaches({ acts: [givenUp], calls: [call(150)] })).toEqual([]);
    expect(breaches({ acts: [givenUp], calls: [call(250)] })).toEqual([
      'c-1-0 was called after c-1-0 was given up',
    ]);
    const calls = [call(900, 'c-1-1')];
    expect(breaches({ acts: [givenUp], calls })).toHaveLength(1);
    const notSent = act('resolve: not-sent', { keys: ['c-1-0'], begunAt: 300, answeredAt: 400 });
    expect(breaches({ acts: [givenUp, notSent], calls })).toEqual([]);
  });
});

describe('a follower', () => {
  const overlaps = [{ clientMsgIds: ['c-1-0', 'c-1-1'], followers: 25 }];

  it('gets nothing twice', () => {
    expect(breaches({ overlaps })).toEqual(['25 followers got c-1-0 and c-1-1']);
    const acts = [
      act('retry', { keys: ['c-1-0'] }),
      act('resolve: given-up', { keys: ['c-1-0'] }),
      act('resolve: not-sent', { keys: ['c-1-0'], answer: 'refused', code: 'moved' }),
    ];
    expect(breaches({ overlaps, acts })).toHaveLength(1);
  });

  it('may get it twice after an operator said that it was not sent', () => {
    const notSent = act('resolve: not-sent', { keys: ['c-1-0'] });
    expect(breaches({ overlaps, acts: [notSent] })).toEqual([]);
    const unheard = act('resolve: not-sent', { keys: ['c-1-0'], answer: 'unknown' });
    expect(breaches({ overlaps, acts: [unheard] })).toEqual([]);
  });

  it('gets it again for that key only, not for a later one', () => {
    const notSent = act('resolve: not-sent', { keys: ['c-1-0'] });
    const later = [{ clientMsgIds: ['c-1-1', 'c-1-2'], followers: 25 }];
    expect(breaches({ overlaps: later, acts: [notSent] })).toHaveLength(1);
    const thrice = [{ clientMsgIds: ['c-1-0', 'c-1-1', 'c-1-2'], followers: 25 }];
    expect(breaches({ overlaps: thrice, acts: [notSent] })).toHaveLength(1);
    const { seen: _, ...blind } = notSent;
    expect(breaches({ overlaps: later, acts: [blind] })).toEqual([]);
  });

  it('gets nothing from two campaigns of the same content', () => {
    const both = [{ clientMsgIds: ['c-1-0', 'd-1-0'], followers: 3 }];
    expect(breaches({ overlaps: both })).toEqual(['3 followers got c-1-0 and d-1-0']);
  });
});

describe('a count', () => {
  const look = (begunAt: number, sent: number | null) => {
    return { campaign: 'c', begunAt, answeredAt: begunAt + 10, counts: { sent } };
  };

  it('never goes back', () => {
    const went = ['c showed 5 sent, and then 4'];
    expect(breaches({ looks: [look(0, 5), look(20, 4)] })).toEqual(went);
    expect(breaches({ looks: [look(0, 5), look(20, null), look(40, 4)] })).toEqual(went);
    expect(breaches({ looks: [look(0, 5), look(20, null), look(40, 6)] })).toEqual([]);
  });

  it('may be lower in an answer that was asked for at the same time', () => {
    expect(breaches({ looks: [look(0, 5), look(5, 4)] })).toEqual([]);
  });
});

describe('an act', () => {
  it('is answered: done, refused, or not heard, and never a fault', () => {
    const acts = [
      act('pause'),
      act('resume', { answer: 'refused', status: 409, code: 'moved' }),
      act('cancel', { answer: 'unknown', answeredAt: null }),
    ];
    expect(breaches({ acts })).toEqual([]);
    const fault = act('retry', { answer: 'fault', status: 500, code: 'internal' });
    expect(breaches({ acts: [fault] })).toEqual(['retry of c: 500 internal']);
  });
});
