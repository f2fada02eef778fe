/** The laws of `npm run chaos`, each held against a history that breaks it. */
import { describe, expect, it } from 'vitest';
import type { AccountAct, Act, Enqueued, History, Look } from './history.ts';
import { breachesOf } from './laws.ts';

const GOOD: History = {
  asks: [],
  enqueued: [],
  acts: [],
  accountActs: [],
  looks: [],
  calls: [],
  sends: [],
  overlaps: [],
};

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

const call = (startedAt: number, key = 'c-1-0', account = 'shop') => ({ key, account, startedAt });

const accountAct = (step: AccountAct['step'], more: Partial<AccountAct> = {}): AccountAct => ({
  account: 'shop',
  ...{ step, by: 'anna', begunAt: 100, answeredAt: 200, answer: 'done' },
  ...more,
});

describe('a campaign', () => {
  it('is not lost once its enqueuer was told that it is accepted', () => {
    expect(breaches({ enqueued: [enqueued({ ids: [] })] })).toEqual([
      'hello was accepted and is gone',
    ]);
    expect(breaches({ enqueued: [enqueued({ ids: [], isAcknowledged: false })] })).toEqual([]);
  });

  it('is not lost where a job was added for it, and nothing else is known of it', () => {
    const asked = { name: 'hello', begunAt: 1, answeredAt: 2, answer: 'done' } as const;
    const gone = ['hello was accepted and is gone'];

    expect(breaches({ asks: [asked] })).toEqual(gone);
    expect(
      breaches({ asks: [asked], enqueued: [enqueued({ ids: [], isAcknowledged: false })] }),
    ).toEqual(gone);
    expect(breaches({ asks: [{ ...asked, answer: 'unknown', answeredAt: null }] })).toEqual([]);
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
  const sends = [{ key: 'c-1-0', at: 0, received: 25 }];
  const look = (begunAt: number, sent: number | null) => {
    return { campaign: 'c', begunAt, answeredAt: begunAt + 10, counts: { sent } };
  };

  it('never goes back', () => {
    const went = ['c showed 5 sent, and then 4'];
    expect(breaches({ sends, looks: [look(0, 5), look(20, 4)] })).toEqual(went);
    expect(breaches({ sends, looks: [look(0, 5), look(20, null), look(40, 4)] })).toEqual(went);
    expect(breaches({ sends, looks: [look(0, 5), look(20, null), look(40, 6)] })).toEqual([]);
  });

  it('may be undone by a failover between the two answers, or shortly before', () => {
    const looks = [look(20_000, 5), look(50_000, 4)];
    expect(breaches({ sends, looks, failovers: [40_000] })).toEqual([]);
    expect(breaches({ sends, looks, failovers: [10_000] })).toEqual([]);
    expect(breaches({ sends, looks, failovers: [-20_000, 60_000] })).toHaveLength(1);
  });

  it('may be lower in an answer that was asked for at the same time', () => {
    expect(breaches({ sends, looks: [look(0, 5), look(5, 4)] })).toEqual([]);
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

describe('an act on an account', () => {
  it('is answered: done, refused, or not heard, and never a fault', () => {
    expect(breaches({ accountActs: [accountAct('pause', { answer: 'fault' })] })).toEqual([
      'pause of the account shop failed',
    ]);
    const unheard = accountAct('pause', { answer: 'unknown', answeredAt: null });
    expect(
      breaches({ accountActs: [accountAct('pause', { answer: 'refused' }), unheard] }),
    ).toEqual([]);
  });
});

describe('an enqueuer', () => {
  const ask = (id: string, begunAt = 100) => {
    return { name: 'hello', begunAt, answeredAt: begunAt + 10, answer: 'done', id } as const;
  };

  it('is told of one campaign, however often it asks under the same key', () => {
    const other = ['hello was accepted as d, and is c'];
    expect(breaches({ asks: [ask('c'), ask('d')], enqueued: [enqueued()] })).toEqual(other);
    expect(breaches({ asks: [ask('c'), ask('c', 300)], enqueued: [enqueued()] })).toEqual([]);
    const gone = ['hello was accepted and is gone', 'hello was accepted as c, and is gone'];
    expect(breaches({ asks: [ask('c')], enqueued: [enqueued({ ids: [] })] })).toEqual(gone);
  });

  it('finds its campaign in every answer that it asks for after the acceptance', () => {
    const missing = (begunAt: number): Look => {
      return { campaign: 'c', begunAt, answeredAt: begunAt + 5, counts: {}, isMissing: true };
    };
    expect(breaches({ asks: [ask('c')], looks: [missing(90)] })).toEqual([]);
    expect(breaches({ asks: [ask('c')], looks: [missing(120)] })).toEqual([
      'c was known, and then not found',
    ]);
    const seen: Look = { campaign: 'c', begunAt: 10, answeredAt: 20, counts: {} };
    expect(breaches({ looks: [seen, missing(30)] })).toHaveLength(1);
  });
});

describe('a receipt', () => {
  const look = (counts: Look['counts']): Look => {
    return { campaign: 'c', begunAt: 100, answeredAt: 200, counts };
  };
  const send = (at: number, key = 'c-1-0') => ({ key, at, received: 25 });

  it('is of a send that WeChat had accepted', () => {
    const none = ['c showed 1 settled, and WeChat had accepted 0'];
    expect(breaches({ looks: [look({ settled: 1 })] })).toEqual(none);
    expect(breaches({ looks: [look({ settled: 1 })], sends: [send(250)] })).toEqual(none);
    expect(breaches({ looks: [look({ settled: 1 })], sends: [send(150, 'd-1-0')] })).toEqual(none);
    expect(breaches({ looks: [look({ settled: 1, sent: 25 })], sends: [send(150)] })).toEqual([]);
    const twice = [send(150), send(160, 'c-1-1')];
    expect(breaches({ looks: [look({ settled: 2 })], sends: twice })).toHaveLength(1);
  });

  it('counts nobody who did not get it', () => {
    expect(breaches({ looks: [look({ settled: 1, sent: 26 })], sends: [send(150)] })).toEqual([
      'c showed 26 sent, and 25 had got it',
    ]);
  });
});

describe('what is read', () => {
  const read = (begunAt: number, isPaused: boolean, more: Partial<Look> = {}): Look => {
    return { campaign: 'c', begunAt, answeredAt: begunAt + 10, counts: {}, isPaused, ...more };
  };
  const misread = (looks: Look[], acts: Act[] = []): string[] => breaches({ looks, acts });
  const pause = act('pause');

  it('shows a pause from its answer until a resume may have been heard', () => {
    const resume = act('resume', { begunAt: 300, answeredAt: 400 });
    expect(misread([read(250, true), read(450, false)], [pause, resume])).toEqual([]);
    expect(misread([read(250, false)], [pause])).toEqual([
      'c was read as not paused at 250, out of any order',
    ]);
    expect(misread([read(450, true)], [pause, resume])).toHaveLength(1);
    expect(misread([read(50, true)], [pause])).toHaveLength(1);
    expect(misread([read(250, true)])).toHaveLength(1);
  });

  it('may be either while an act runs, and does not go back after it was seen', () => {
    expect(misread([read(110, false), read(150, true)], [pause])).toEqual([]);
    expect(misread([read(110, true), read(150, true)], [pause])).toEqual([]);
    expect(misread([read(110, true), read(150, false)], [pause])).toHaveLength(1);
  });

  it('may be undone by a failover where the act was not answered, and only there', () => {
    const unheard = act('pause', { answer: 'unknown', answeredAt: null });
    const looks = [read(900, true), read(950, false)];
    expect(breaches({ looks, acts: [unheard], failovers: [920] })).toEqual([]);
    expect(breaches({ looks, acts: [unheard], failovers: [] })).toHaveLength(1);
    expect(breaches({ looks, acts: [pause], failovers: [920] })).toHaveLength(1);
  });

  it('may come of an act that nobody heard the answer to, at any time or never', () => {
    const unheard = act('pause', { answer: 'unknown', answeredAt: null });
    expect(misread([read(900, true)], [unheard])).toEqual([]);
    expect(misread([read(900, false)], [unheard])).toEqual([]);
    expect(misread([read(900, true), read(950, false)], [unheard])).toHaveLength(1);
  });

  it('fits one order for all reads, with acts that ran beside each other', () => {
    const resume = act('resume', { begunAt: 120, answeredAt: 180 });
    expect(misread([read(250, true)], [pause, resume])).toEqual([]);
    expect(misread([read(250, false)], [pause, resume])).toEqual([]);
    expect(misread([read(250, true), read(270, false)], [pause, resume])).toHaveLength(1);
  });

  it('never takes a cancel back, and knows one by an operator or by notAfter only', () => {
    const cancelled = (begunAt: number, isCancelled: boolean): Look => {
      return { campaign: 'c', begunAt, answeredAt: begunAt + 10, counts: {}, isCancelled };
    };
    const cancel = act('cancel');
    expect(misread([cancelled(50, false), cancelled(250, true)], [cancel])).toEqual([]);
    expect(misread([cancelled(250, false)], [cancel])).toHaveLength(1);
    expect(misread([cancelled(250, true)])).toHaveLength(1);
    const late = { enqueued: [enqueued({ notAfter: 200 })] };
    expect(breaches({ ...late, looks: [cancelled(250, true)] })).toEqual([]);
    expect(breaches({ ...late, looks: [cancelled(150, true)] })).toHaveLength(1);
    const acts = [act('cancel', { begunAt: 300, answeredAt: 400 })];
    expect(breaches({ ...late, acts, looks: [cancelled(450, false)] })).toEqual([]);
    expect(misread([cancelled(450, false)], acts)).toHaveLength(1);
  });
});

describe('a paused account', () => {
  const pause = accountAct('pause');

  it('begins no call', () => {
    expect(breaches({ accountActs: [pause], calls: [call(6_201)] })).toEqual([
      'c-1-0 was called 6001 ms after the answer to a pause of shop',
    ]);
  });

  it('lets calls go whose intent was on record, four of them', () => {
    const calls = [1, 2, 3, 4].map((no) => call(200 + no, `c-${no}-0`));

    expect(breaches({ accountActs: [pause], calls })).toEqual([]);
    expect(breaches({ accountActs: [pause], calls: [...calls, call(300, 'c-5-0')] })).toEqual([
      'c-5-0 was called 100 ms after the answer to a pause of shop',
    ]);
  });

  it.each([
    ['before it was paused', [pause], call(150)],
    ['of another account', [pause], call(9_000, 'c-1-0', 'other')],
    ['of a pause that was not heard', [{ ...pause, answeredAt: null }], call(9_000)],
    ['of a pause that was refused', [{ ...pause, answer: 'refused' as const }], call(9_000)],
    ['after its resume', [pause, accountAct('resume', { begunAt: 8_000 })], call(9_000)],
    [
      'after a resume beside the pause',
      [pause, accountAct('resume', { begunAt: 50, answeredAt: 150 })],
      call(9_000),
    ],
  ])('is not broken by a call %s', (_, accountActs, one) => {
    expect(breaches({ accountActs, calls: [one] })).toEqual([]);
  });

  it('stays so for a resume that was over before', () => {
    const before = accountAct('resume', { begunAt: 10, answeredAt: 20 });

    expect(breaches({ accountActs: [before, pause], calls: [call(9_000)] })).toHaveLength(1);
  });
});
