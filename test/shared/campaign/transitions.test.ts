/** What each event does to a batch in each state; and what stays with it. */
import { describe, expect, it } from 'vitest';
import {
  advance,
  type BatchEvent,
  latenessOf,
  onStop,
} from '../../../src/shared/campaign/advance-batch.ts';
import {
  awaits,
  BATCH_STATES,
  type Batch,
  type BatchState,
  inFlight,
} from '../../../src/shared/campaign/batch.ts';
import { receipt } from '../../support/builders.ts';

const COMMON = {
  no: 3,
  size: 25,
  generation: 2,
  run: 4,
  attempts: 5,
  version: 7,
  range: { from: 50, to: 75 },
  without: ['a_0123456789'],
  resolved: { as: 'given-up', seen: 6 },
} as const;
const UNKNOWN = { firstAttemptAt: 10, reason: 'outcome-unknown', errcode: 45066 } as const;
const CALLED = { firstAttemptAt: 10, lastAttemptAt: 20, asked: 2 } as const;
const BAD = { code: 'refused-by-wechat', errcode: 40008 } as const;
const SENT = { msgId: '1000001', msgDataId: '2000001', submittedAt: 30, adopted: true } as const;

/** With all that it may have. */
const BATCHES: { readonly [State in BatchState]: Extract<Batch, { state: State }> } = {
  pending: { ...COMMON, state: 'pending', nextAttemptAt: 40, reason: 'rate', errcode: 45011 },
  submitting: {
    ...COMMON,
    ...CALLED,
    state: 'submitting',
    unanswered: false,
    answered: true,
    nextAttemptAt: 40,
    reason: 'rate',
    errcode: 45011,
  },
  submitted: { ...COMMON, ...SENT, state: 'submitted' },
  settled: {
    ...COMMON,
    ...SENT,
    state: 'settled',
    settledAt: 50,
    receipt: receipt(),
    reportedAt: 45,
  },
  refused: { ...COMMON, state: 'refused', refusedAt: 30, errcode: 40003, failure: BAD },
  held: { ...COMMON, ...UNKNOWN, state: 'held', heldAt: 60 },
  abandoned: { ...COMMON, ...UNKNOWN, state: 'abandoned', abandonedAt: 70 },
  cancelled: { ...COMMON, state: 'cancelled', cancelledAt: 30 },
};
const silent: Batch = { ...BATCHES.submitting, unanswered: true, answered: false };

const MSG = SENT.msgId;
const EVENTS: { readonly [Type in BatchEvent['type']]: Extract<BatchEvent, { type: Type }> } = {
  'attempt-started': { type: 'attempt-started', at: 100 },
  accepted: { type: 'accepted', msgId: MSG, at: 100 },
  'accepted-late': { type: 'accepted-late', msgId: MSG, generation: 2, at: 100 },
  refused: { type: 'refused', failure: BAD, at: 100 },
  'put-back': { type: 'put-back', reason: 'daily-quota', nextAttemptAt: 200 },
  'outcome-unknown': { type: 'outcome-unknown', nextAttemptAt: 200 },
  held: { type: 'held', reason: 'message-id-missing', at: 100 },
  'receipt-arrived': { type: 'receipt-arrived', msgId: MSG, receipt: receipt(), at: 100 },
  cancelled: { type: 'cancelled', at: 100 },
  rerun: { type: 'rerun' },
  'resolved-sent': { type: 'resolved-sent', msgId: MSG, at: 100 },
  'resolved-not-sent': { type: 'resolved-not-sent' },
  'resolved-given-up': { type: 'resolved-given-up', at: 100 },
  retried: { type: 'retried' },
};

/** `=` is no news, `-` cannot be. */
const TABLE = `
event             pending    submitting submitted settled refused   held      abandoned cancelled
attempt-started   submitting submitting -         -       -         -         -         -
accepted          -          submitted  =         =       -         submitted submitted -
accepted-late     submitted  submitted  =         =       submitted submitted submitted submitted
refused           refused    refused    -         -       =         -         -         -
put-back          pending    pending    -         -       -         -         -         -
outcome-unknown   -          submitting -         -       -         -         -         -
held              -          held       -         -       -         =         -         -
receipt-arrived   -          -          settled   =       -         -         -         -
cancelled         cancelled  -          -         -       -         -         -         =
rerun             pending    submitting submitted -       -         held      -         -
resolved-sent     -          -          =         =       -         submitted submitted -
resolved-not-sent -          -          -         -       -         pending   pending   -
resolved-given-up -          -          -         -       -         abandoned -         -
retried           -          -          -         -       pending   -         -         -`;

const [HEAD = [], ...ROWS] = TABLE.trim()
  .split('\n')
  .map((line) => line.split(/ +/));
const CELLS = ROWS.flatMap(([type = '', ...cells]) =>
  cells.map((cell, at) => [type, HEAD[at + 1] ?? '', cell] as const),
) as unknown as readonly (readonly [keyof typeof EVENTS, BatchState, string])[];

const STAYS = ['no', 'size', 'range', 'without', 'resolved'] as const;
const pick = (batch: Batch) => Object.fromEntries(STAYS.map((name) => [name, batch[name]]));

describe('a batch', () => {
  it('has a row for each event and a column for each state', () => {
    expect(HEAD.slice(1)).toEqual(BATCH_STATES);
    expect(ROWS.map(([type]) => type)).toEqual(Object.keys(EVENTS));
    expect(CELLS).toHaveLength(BATCH_STATES.length * Object.keys(EVENTS).length);
  });

  it.each(CELLS)('after %s while %s is: %s', (type, state, becomes) => {
    const [batch, event] = [BATCHES[state], EVENTS[type]];
    if (becomes === '-') {
      expect(() => advance(batch, event)).toThrow(
        expect.objectContaining({
          code: 'BATCH_TRANSITION_ILLEGAL',
          message: `${type} while ${state}`,
          details: { no: 3, state, event: type },
        }),
      );
    } else if (becomes === '=') {
      expect(advance(batch, event)).toBe(batch);
    } else {
      const after = advance(batch, event);
      expect(after.state).toBe(becomes);
      expect(after.version).toBe(type === 'rerun' ? 7 : 8);
      if (!type.startsWith('resolved')) expect(pick(after)).toEqual(pick(batch));
    }
  });
});

/** What each way leaves of a batch that has everything, and no more. */
describe('a way from one state to another', () => {
  const { attempts: _, ...REST } = COMMON;
  const common = { ...COMMON, version: 8 };
  const resolved = (as: string, more = {}) => ({ ...common, resolved: { as, seen: 7, ...more } });
  const become = (state: BatchState, event: Partial<BatchEvent> & Pick<BatchEvent, 'type'>) =>
    advance(BATCHES[state], { ...EVENTS[event.type], ...event } as BatchEvent);

  it.each<[what: string, way: () => Batch, is: object]>([
    [
      'a first call',
      () => become('pending', { type: 'attempt-started' }),
      {
        ...common,
        state: 'submitting',
        attempts: 6,
        firstAttemptAt: 100,
        lastAttemptAt: 100,
        asked: 1,
        unanswered: false,
        answered: false,
      },
    ],
    [
      'a repeat',
      () => become('submitting', { type: 'attempt-started' }),
      {
        ...common,
        state: 'submitting',
        attempts: 6,
        firstAttemptAt: 10,
        lastAttemptAt: 100,
        asked: 3,
        unanswered: false,
        answered: false,
      },
    ],
    [
      'a repeat of a call without an answer',
      () => advance({ ...BATCHES.submitting, answered: false }, EVENTS['attempt-started']),
      {
        ...common,
        state: 'submitting',
        attempts: 6,
        firstAttemptAt: 10,
        lastAttemptAt: 100,
        asked: 3,
        unanswered: true,
        answered: false,
      },
    ],
    [
      'an acceptance',
      () => become('submitting', { type: 'accepted' }),
      { ...common, state: 'submitted', msgId: MSG, submittedAt: 100 },
    ],
    [
      'an acceptance with all that WeChat may say',
      () => become('held', { type: 'accepted', msgDataId: '9', adopted: true }),
      {
        ...common,
        state: 'submitted',
        msgId: MSG,
        msgDataId: '9',
        submittedAt: 100,
        adopted: true,
      },
    ],
    [
      'a late acceptance of the same key',
      () => become('held', { type: 'accepted-late', msgDataId: '9' }),
      { ...common, state: 'submitted', run: 5, msgId: MSG, msgDataId: '9', submittedAt: 100 },
    ],
    [
      'a late acceptance of an earlier key, before the next one was called',
      () => become('pending', { type: 'accepted-late', generation: 1 }),
      { ...common, state: 'submitted', generation: 1, run: 5, msgId: MSG, submittedAt: 100 },
    ],
    ...(['submitting', 'held', 'abandoned'] as const).map(
      (state): [string, () => Batch, object] => [
        `a late acceptance of an earlier key while a later one is ${state}`,
        () => become(state, { type: 'accepted-late', generation: 1 }),
        {
          ...common,
          state: 'submitted',
          generation: 1,
          run: 5,
          msgId: MSG,
          submittedAt: 100,
          twice: true,
        },
      ],
    ),
    [
      'a late acceptance of another message of what is sent',
      () => become('submitted', { type: 'accepted-late', msgId: '3' }),
      { ...BATCHES.submitted, version: 8, twice: true },
    ],
    [
      'a late acceptance of another message of what is settled',
      () => become('settled', { type: 'accepted-late', msgId: '3' }),
      { ...BATCHES.settled, version: 8, twice: true },
    ],
    [
      'a refusal',
      () => become('submitting', { type: 'refused', errcode: 40008 }),
      { ...common, state: 'refused', errcode: 40008, failure: BAD, refusedAt: 100 },
    ],
    [
      'a refusal without a number',
      () => become('pending', { type: 'refused' }),
      { ...common, state: 'refused', failure: BAD, refusedAt: 100 },
    ],
    [
      'a refusal after a call without an answer',
      () => advance(silent, { ...EVENTS.refused, errcode: 40008 }),
      {
        ...common,
        state: 'held',
        errcode: 40008,
        heldAt: 100,
        firstAttemptAt: 10,
        reason: 'outcome-unknown',
      },
    ],
    [
      'a "not now"',
      () => become('submitting', { type: 'put-back', errcode: 45009 }),
      {
        ...common,
        state: 'pending',
        reason: 'daily-quota',
        nextAttemptAt: 200,
        errcode: 45009,
      },
    ],
    [
      'a "not now" before a call',
      () => become('pending', { type: 'put-back' }),
      { ...common, state: 'pending', reason: 'daily-quota', nextAttemptAt: 200 },
    ],
    [
      'a "not now" after a call without an answer',
      () => advance(silent, { ...EVENTS['put-back'], errcode: 45009 }),
      {
        ...silent,
        version: 8,
        answered: true,
        reason: 'daily-quota',
        nextAttemptAt: 200,
        errcode: 45009,
      },
    ],
    [
      'a silence',
      () => become('submitting', { type: 'outcome-unknown', errcode: -1 }),
      {
        ...BATCHES.submitting,
        version: 8,
        unanswered: true,
        answered: true,
        nextAttemptAt: 200,
        reason: 'outcome-unknown',
        errcode: -1,
      },
    ],
    [
      'a silence without a number',
      () => become('submitting', { type: 'outcome-unknown' }),
      {
        ...BATCHES.submitting,
        version: 8,
        unanswered: true,
        nextAttemptAt: 200,
        reason: 'outcome-unknown',
      },
    ],
    [
      'a hold',
      () => become('submitting', { type: 'held', takenMsgId: '5' }),
      {
        ...common,
        state: 'held',
        heldAt: 100,
        firstAttemptAt: 10,
        reason: 'message-id-missing',
        takenMsgId: '5',
        errcode: 45011,
      },
    ],
    [
      'a receipt',
      () => become('submitted', { type: 'receipt-arrived', reportedAt: 90 }),
      { ...common, ...SENT, state: 'settled', settledAt: 100, receipt: receipt(), reportedAt: 90 },
    ],
    [
      'another receipt',
      () =>
        become('settled', {
          type: 'receipt-arrived',
          receipt: receipt({ sent: 1 }),
          reportedAt: 45,
        }),
      {
        ...common,
        ...SENT,
        state: 'settled',
        settledAt: 50,
        receipt: receipt({ sent: 1 }),
        reportedAt: 45,
      },
    ],
    [
      'a receipt that was asked for',
      () => become('settled', { type: 'receipt-arrived', receipt: receipt({ sent: 1 }) }),
      { ...common, ...SENT, state: 'settled', settledAt: 50, receipt: receipt({ sent: 1 }) },
    ],
    [
      'a cancel',
      () => become('pending', { type: 'cancelled' }),
      { ...common, state: 'cancelled', cancelledAt: 100 },
    ],
    ['another run', () => become('held', { type: 'rerun' }), { ...BATCHES.held, run: 5 }],
    [
      'a resolution as sent',
      () => become('held', { type: 'resolved-sent' }),
      { ...resolved('sent'), state: 'submitted', run: 5, msgId: MSG, submittedAt: 100 },
    ],
    [
      'a resolution as not sent',
      () => become('abandoned', { type: 'resolved-not-sent', together: 9 }),
      {
        ...resolved('not-sent', { together: 9 }),
        state: 'pending',
        generation: 3,
        run: 5,
        attempts: 0,
      },
    ],
    [
      'a resolution as given up',
      () => become('held', { type: 'resolved-given-up' }),
      { ...resolved('given-up'), ...UNKNOWN, state: 'abandoned', abandonedAt: 100 },
    ],
    [
      'a retry',
      () => become('refused', { type: 'retried' }),
      { ...REST, version: 8, state: 'pending', generation: 3, run: 5, attempts: 0 },
    ],
    [
      'a retry of a part',
      () =>
        become('refused', { type: 'retried', range: { from: 1, to: 5 }, without: ['x'], size: 3 }),
      {
        ...REST,
        version: 8,
        state: 'pending',
        generation: 3,
        run: 5,
        attempts: 0,
        range: { from: 1, to: 5 },
        without: ['x'],
        size: 3,
      },
    ],
  ])('leaves, by %s, what is known and no more', (_, way, is) => {
    expect(way()).toStrictEqual(is);
  });

  it('adds nothing to a batch that has nothing', () => {
    const bare = { no: 1, size: null, generation: 0, run: 0, attempts: 1, version: 1 } as const;
    const called = { ...bare, ...CALLED, state: 'submitting', unanswered: false, answered: false };
    const [batch, common] = [called as Batch, { ...bare, version: 2 }];

    expect(advance(batch, EVENTS.accepted)).toStrictEqual({
      ...common,
      state: 'submitted',
      msgId: MSG,
      submittedAt: 100,
    });
    expect(advance(batch, EVENTS.held)).toStrictEqual({
      ...common,
      state: 'held',
      heldAt: 100,
      firstAttemptAt: 10,
      reason: 'message-id-missing',
    });
    const submitted = advance(batch, EVENTS.accepted);
    expect(advance(submitted, EVENTS['receipt-arrived'])).toStrictEqual({
      ...common,
      version: 3,
      state: 'settled',
      msgId: MSG,
      submittedAt: 100,
      settledAt: 100,
      receipt: receipt(),
    });
  });

  it('keeps the mark of what may be received twice', () => {
    const twice: Batch = { ...BATCHES.submitted, twice: true };

    expect(advance(twice, EVENTS['receipt-arrived'])).toMatchObject({ twice: true });
    expect(advance(twice, { ...EVENTS['accepted-late'], msgId: '3' })).toBe(twice);
  });

  it('takes the later of two receipts, in whatever order they come', () => {
    const other = { ...EVENTS['receipt-arrived'], receipt: receipt({ sent: 1 }) };
    const settled = BATCHES.settled;

    expect(advance(settled, { ...other, reportedAt: 44 })).toBe(settled);
    expect(advance(settled, { ...other, reportedAt: 46 })).toMatchObject({ reportedAt: 46 });
    const { reportedAt: _, ...asked } = settled;
    expect(advance(asked, { ...other, reportedAt: 0 })).toMatchObject({ reportedAt: 0 });
    expect(() => advance(settled, { ...other, msgId: '3' })).toThrow('receipt-arrived while');
    expect(() => advance(settled, { ...EVENTS.accepted, msgId: '3' })).toThrow('accepted while');
  });
});

describe('a stop', () => {
  it('cancels what is pending, holds what WeChat put off, and leaves the rest', () => {
    const stops = BATCH_STATES.map((state) => onStop(BATCHES[state], 100));

    expect(stops.slice(0, 2)).toEqual([
      { type: 'cancelled', at: 100 },
      { type: 'held', reason: 'outcome-unknown', at: 100 },
    ]);
    expect(stops.slice(2)).toEqual(Array(6).fill(null));
    expect(onStop(silent, 100)).toBeNull();
    expect(onStop({ ...BATCHES.submitting, reason: 'outcome-unknown' }, 100)).toBeNull();
  });
});

describe('an acceptance', () => {
  const late = (state: BatchState, more: object = {}, generation: number | undefined = 2) =>
    latenessOf(BATCHES[state], { ...EVENTS.accepted, ...more }, generation);
  const event = { type: 'accepted-late', msgId: MSG, generation: 2, at: 100 };

  it('is late once the batch was decided about, or goes by another key', () => {
    for (const state of ['submitting', 'held', 'abandoned'] as const) {
      expect(late(state)).toBeNull();
      expect(late(state, {}, 1)).toEqual({ ...event, generation: 1 });
    }
    for (const state of ['pending', 'refused', 'cancelled'] as const) {
      expect(late(state)).toStrictEqual(event);
    }
    expect(late('pending', { msgDataId: '9' })).toEqual({ ...event, msgDataId: '9' });
  });

  it('is not late where it is of the same message, or not of a call', () => {
    expect(late('submitted')).toBeNull();
    expect(late('settled')).toBeNull();
    expect(late('submitted', { msgId: '3' })).toEqual({ ...event, msgId: '3' });
    expect(latenessOf(BATCHES.pending, EVENTS['resolved-sent'], undefined)).toBeNull();
    expect(latenessOf(BATCHES.pending, EVENTS['resolved-sent'], 2)).toStrictEqual(event);
  });
});

describe('an answer', () => {
  it('is awaited from the newest call of the current key, while it is open', () => {
    const called = BATCHES.submitting;

    expect(awaits(called, called)).toBe(true);
    expect(awaits({ ...called, attempts: 6 }, called)).toBe(false);
    expect(awaits({ ...called, generation: 3 }, called)).toBe(false);
    // A Redis that went back counted another call as the same attempt.
    expect(awaits({ ...called, lastAttemptAt: called.lastAttemptAt + 1 }, called)).toBe(false);
    expect(awaits(BATCHES.held, called)).toBe(false);
  });
});

describe('what a stop cannot call back', () => {
  it('is what WeChat has, and what is being called', () => {
    const batches = [...BATCH_STATES.map((state) => BATCHES[state]), silent];

    expect(inFlight('c', batches)).toEqual([
      { no: 3, clientMsgId: 'c-3-2', why: 'unanswered' },
      { no: 3, clientMsgId: 'c-3-2', why: 'accepted' },
      { no: 3, clientMsgId: 'c-3-2', why: 'calling' },
    ]);
  });
});
