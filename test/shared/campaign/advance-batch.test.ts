import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { advance, type BatchEvent, onStop } from '../../../src/shared/campaign/advance-batch.ts';
import { type Batch, batchKey, isFinal, newBatch } from '../../../src/shared/campaign/batch.ts';
import { campaignId } from '../../../src/shared/campaign/campaign-id.ts';
import { submitBatchJob } from '../../../src/shared/queue/jobs.ts';
import { anyEvent, isPersons, live, machineEvent } from '../../support/batch-events.ts';
import { at, pending, receipt, submitted, submitting } from '../../support/builders.ts';

const started = (time = '09:00:00'): BatchEvent => ({ type: 'attempt-started', at: at(time) });
const accepted = (msgId: string): BatchEvent => ({ type: 'accepted', msgId, at: at('09:00:01') });
const refused: BatchEvent = {
  type: 'refused',
  errcode: 45002,
  failure: { code: 'refused-by-wechat', errcode: 45002 },
  at: at('09:00:01'),
};
const unknown: BatchEvent = { type: 'outcome-unknown', nextAttemptAt: at('09:01:05') };
const heldFor = (reason: 'outcome-unknown' | 'message-id-taken'): BatchEvent => ({
  type: 'held',
  reason,
  at: at('09:30:00'),
});
const arrived = (msgId: string, changes = {}): BatchEvent => ({
  type: 'receipt-arrived',
  msgId,
  receipt: receipt(changes),
  at: at('09:10:00'),
});
const lived = (start: Batch, ...events: BatchEvent[]): Batch => events.reduce(advance, start);
const held = lived(pending(), started(), unknown, heldFor('outcome-unknown'));
const illegal = expect.objectContaining({ code: 'BATCH_TRANSITION_ILLEGAL' });

describe('a batch', () => {
  it('goes from pending to settled by way of one submission and its receipt', () => {
    const life = lived(pending(), started(), accepted('1000001'), arrived('1000001'));

    expect(life).toEqual({
      ...newBatch(1, 25),
      attempts: 1,
      version: 3,
      state: 'settled',
      msgId: '1000001',
      submittedAt: at('09:00:01'),
      settledAt: at('09:10:00'),
      receipt: receipt(),
    });
  });

  it('remembers that a call of it was never answered, once the next one starts', () => {
    const again = lived(submitting(), started('09:02:00'));

    expect(again).toMatchObject({ attempts: 2, asked: 2, unanswered: true, answered: false });
  });

  it('counts the calls that may have been accepted, not those that WeChat had put back', () => {
    const putBack: BatchEvent = { type: 'put-back', reason: 'rate', nextAttemptAt: 0 };

    const batch = lived(pending(), started(), putBack, started(), putBack, started(), unknown);

    expect(batch).toMatchObject({ attempts: 3, asked: 1, unanswered: true });
  });

  it('goes back to pending when WeChat said "not now", and keeps its key', () => {
    const back = lived(submitting(), {
      type: 'put-back',
      reason: 'daily-quota',
      errcode: 45009,
      nextAttemptAt: at('10:00:00'),
    });

    expect(back).toMatchObject({ state: 'pending', reason: 'daily-quota', generation: 0 });
  });

  it('stays unanswered when WeChat says "not now" to a repeat: the first call may have gone through', () => {
    const putBack: BatchEvent = { type: 'put-back', reason: 'rate', nextAttemptAt: 0 };

    expect(lived(submitting(), unknown, started(), putBack)).toMatchObject({
      state: 'submitting',
      unanswered: true,
      answered: true,
    });
  });

  it('is held, not refused, when WeChat says no to the repeat of an unanswered call', () => {
    expect(lived(submitting(), unknown, started(), refused)).toMatchObject({
      state: 'held',
      reason: 'outcome-unknown',
    });
    expect(lived(submitting(), refused)).toMatchObject({ state: 'refused', errcode: 45002 });
  });

  it('is not submitted again once WeChat has accepted it', () => {
    expect(() => advance(submitted('1000001'), started())).toThrow(illegal);
    expect(() => advance(submitted('1000001'), { type: 'cancelled', at: 0 })).toThrow(illegal);
  });

  it('takes its acceptance in once, and never another’s', () => {
    const batch = submitted('1000001');

    expect(advance(batch, accepted('1000001'))).toBe(batch);
    expect(() => advance(batch, accepted('2000002'))).toThrow(illegal);
  });

  it('is taken in although it was held: WeChat’s word is worth more than our not knowing', () => {
    expect(advance(held, accepted('1000001'))).toMatchObject({ state: 'submitted' });
  });

  it('takes a receipt in once, though WeChat may push it three times', () => {
    const settled = advance(submitted('1000001'), arrived('1000001'));

    expect(advance(settled, arrived('1000001'))).toBe(settled);
  });

  it('takes a later receipt with other counts in place of the earlier one', () => {
    const settled = lived(
      submitted('1000001'),
      arrived('1000001'),
      arrived('1000001', { sent: 20 }),
    );

    expect(settled).toMatchObject({ state: 'settled', receipt: { sent: 20 } });
  });

  it('rejects the receipt of another message', () => {
    expect(() => advance(submitted('1000001'), arrived('2000002'))).toThrow(illegal);
  });

  it('gets a new key by a person’s word only', () => {
    expect(advance(held, { type: 'resolved-not-sent' })).toMatchObject({
      state: 'pending',
      generation: 1,
      attempts: 0,
    });
    expect(lived(submitting(), refused, { type: 'retried' })).toMatchObject({
      state: 'pending',
      generation: 1,
    });
  });

  it('waits for a receipt when a person says that it was sent, and is over when given up', () => {
    const sent: BatchEvent = { type: 'resolved-sent', msgId: '1000009', at: at('10:00:00') };

    expect(advance(held, sent)).toMatchObject({ state: 'submitted', msgId: '1000009' });
    expect(advance(held, { type: 'resolved-given-up', at: 0 })).toMatchObject({
      state: 'abandoned',
      reason: 'outcome-unknown',
      firstAttemptAt: at('09:00:00'),
    });
  });

  it('that was given up is never retried, and is still open to what is found out later', () => {
    const abandoned = advance(held, { type: 'resolved-given-up', at: 0 });
    const sent: BatchEvent = { type: 'resolved-sent', msgId: '1000009', at: at('10:00:00') };

    expect(() => advance(abandoned, { type: 'retried' })).toThrow(illegal);
    expect(advance(abandoned, sent)).toMatchObject({ state: 'submitted', msgId: '1000009' });
    expect(advance(abandoned, { type: 'resolved-not-sent' })).toMatchObject({ generation: 1 });
    expect(advance(abandoned, accepted('1000001'))).toMatchObject({ state: 'submitted' });
  });

  it('remembers the last decision about it, and the version that was decided on', () => {
    const again = advance(held, { type: 'resolved-not-sent' });

    expect(again.version).toBe(held.version + 1);
    expect(again.resolved).toEqual({ as: 'not-sent', seen: held.version });
  });
});

describe('a stop', () => {
  const putBack: BatchEvent = { type: 'put-back', reason: 'daily-quota', nextAttemptAt: 0 };
  const stop = (batch: Batch) => onStop(batch, at('09:30:00'))?.type;

  it('cancels what was not called, and leaves alone what WeChat has or is asked about', () => {
    expect(stop(pending())).toBe('cancelled');
    expect(stop(lived(submitting(), putBack))).toBe('cancelled');
    expect(stop(submitting())).toBeUndefined();
    expect(stop(lived(submitting(), unknown))).toBeUndefined();
    expect(stop(submitted('1000001'))).toBeUndefined();
  });

  it('holds a batch whose repeat was put off: to repeat it once more could send it', () => {
    expect(stop(lived(submitting(), unknown, started(), putBack))).toBe('held');
  });
});

describe('a batch’s key', () => {
  it('fits into 32 ASCII bytes for every campaign, number and generation there can be', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 45 - 1 }),
        fc.integer({ min: 1, max: 999_999 }),
        fc.integer({ min: 0, max: 99_999 }),
        (time, no, generation) => {
          const key = batchKey(campaignId(time), { no, generation });
          expect(key).toMatch(/^[0-9a-z-]{1,32}$/);
        },
      ),
    );
  });

  it('is the stem of its job’s id, which has no colon', () => {
    const id = submitBatchJob.id({ campaignId: 'c', no: 2, generation: 1, run: 3 });

    expect(id).toBe(`${batchKey('c', { no: 2, generation: 1 })}.3`);
  });
});

const REPEATED: readonly BatchEvent['type'][] = ['accepted', 'receipt-arrived', 'cancelled'];

describe('whatever happens to a batch, in whatever order,', () => {
  const lives = fc.array(anyEvent, { maxLength: 40 }).map((events) => live(pending(), events));
  /** `law` returns whether it is about a step; it must be about some. */
  function holds(law: (step: ReturnType<typeof live>[number]) => boolean): void {
    let hits = 0;
    const count = (steps: ReturnType<typeof live>) => {
      hits += steps.filter(law).length;
    };
    fc.assert(fc.property(lives, count), { numRuns: 500 });
    expect(hits).toBeGreaterThan(0);
  }

  it('no receipt of its own message is lost', () => {
    holds(({ before, event, after: now }) => {
      if (event.type !== 'receipt-arrived' || !('msgId' in before)) return false;
      if (before.msgId !== event.msgId) return false;
      expect(now).toMatchObject({ state: 'settled', receipt: event.receipt });
      return true;
    });
  });

  it('a settled batch stays settled, with the last of its receipts', () => {
    holds(({ before, event, after: now }) => {
      if (before.state !== 'settled') return false;
      expect(now).toMatchObject({ state: 'settled', msgId: before.msgId });
      if (event.type !== 'receipt-arrived') expect(now).toBe(before);
      return true;
    });
  });

  it('it leaves no final state but by a person’s retry', () => {
    holds(({ before, event, after: now }) => {
      if (!isFinal(before) || now.state === before.state) return false;
      const ways = before.state === 'abandoned' ? /^(resolved-|accepted)/ : /^retried$/;
      expect([before.state, event.type]).toEqual([
        expect.stringMatching(/^(refused|abandoned)$/),
        expect.stringMatching(ways),
      ]);
      return true;
    });
  });

  it('it is never called after an acceptance', () => {
    holds(({ before, event, legal }) => {
      if (event.type !== 'attempt-started' || !legal) return false;
      expect(['pending', 'submitting']).toContain(before.state);
      return true;
    });
    let hits = 0;
    fc.assert(
      fc.property(lives, (steps) => {
        const first = steps.findIndex(({ after: now }) => 'msgId' in now);
        if (first < 0) return;
        hits += 1;
        for (const { after: now } of steps.slice(first)) {
          expect(['submitted', 'settled']).toContain(now.state);
        }
      }),
    );
    expect(hits).toBeGreaterThan(0);
  });

  it('its key changes by a person’s word only, by one', () => {
    holds(({ before, event, after: now }) => {
      if (now.generation === before.generation) return false;
      expect(isPersons(event)).toBe(true);
      expect(now.generation).toBe(before.generation + 1);
      return true;
    });
  });

  it('a call that may have gone through is never called not sent, but by a person', () => {
    const unaided = fc
      .array(machineEvent, { maxLength: 40 })
      .map((events) => live(pending(), events));
    let hits = 0;
    fc.assert(
      fc.property(unaided, (steps) => {
        const first = steps.findIndex(
          ({ after: now }) => now.state === 'submitting' && now.unanswered,
        );
        if (first < 0) return;
        hits += 1;
        for (const { after: now } of steps.slice(first)) {
          expect(['submitting', 'held', 'submitted', 'settled']).toContain(now.state);
        }
      }),
      { numRuns: 500 },
    );
    expect(hits).toBeGreaterThan(0);
  });

  it('the same event twice is the same as once, where WeChat may repeat itself', () => {
    holds(({ event, after: now, legal }) => {
      if (!legal || !REPEATED.includes(event.type)) {
        return false;
      }
      expect(advance(now, event)).toBe(now);
      return true;
    });
  });
});
