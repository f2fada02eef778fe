import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '../../../src/shared/platform/time.ts';
import type { Answer } from '../../../src/shared/wechat/client.ts';
import { remedyFor } from '../../../src/shared/wechat/remedies.ts';
import {
  readSubmission,
  type Situation,
  type Submission,
} from '../../../src/workers/lane/read-submission.ts';

const NOW = Date.parse('2026-11-23T10:00:00+08:00');
const UNIT = 65 * SECOND;
const situation = (changes: Partial<Situation> = {}): Situation => ({
  now: NOW,
  asked: 1,
  unknownRetryMs: UNIT,
  accountKind: 'service',
  api: 'send',
  ...changes,
});
const refusal = (errcode: number, msgId?: string): Answer<Submission> => ({
  kind: 'refused',
  errcode,
  errmsg: '',
  remedy: remedyFor('/cgi-bin/message/mass/send', errcode),
  ...(msgId === undefined ? {} : { msgId }),
});
const none = { kind: 'none' };

describe('an answer at the send step', () => {
  it('that accepts gives the batch its message id', () => {
    const answer: Answer<Submission> = { kind: 'ok', value: { msgId: '1', msgDataId: '2' } };

    expect(readSubmission(answer, situation())).toEqual({
      kind: 'event',
      event: { type: 'accepted', msgId: '1', msgDataId: '2', at: NOW },
      lane: none,
    });
  });

  it('that says the key exists is adopted with its id, and held without one', () => {
    expect(readSubmission(refusal(45065, '7'), situation())).toMatchObject({
      event: { type: 'accepted', msgId: '7', adopted: true },
    });
    expect(readSubmission(refusal(45065), situation())).toMatchObject({
      event: { type: 'held', reason: 'message-id-missing' },
    });
  });

  it.each([
    ['never came', { kind: 'unknown', cause: 'timeout' } as const],
    ['is "busy" (-1)', refusal(-1)],
    ['is "same key too soon" (45066)', refusal(45066)],
    ['is a number nobody knows', refusal(1234567)],
  ])('that %s leaves the outcome unknown, and the lane waits for it', (_, answer) => {
    const reading = readSubmission(answer, situation({ asked: 3 }));

    expect(reading).toMatchObject({
      event: { type: 'outcome-unknown', nextAttemptAt: NOW + 5 * UNIT },
      lane: { kind: 'sleep', until: NOW + 5 * UNIT, reason: 'outcome-unknown' },
    });
  });

  it.each([42010, 9500002])(
    'that is "too fast" (%i) leaves the outcome unknown, and the lane goes one by one',
    (errcode) => {
      expect(readSubmission(refusal(errcode), situation())).toMatchObject({
        event: { type: 'outcome-unknown', errcode },
        lane: { kind: 'narrow', until: NOW + UNIT, oneByOneUntil: NOW + 10 * MINUTE },
      });
    },
  );

  it('that could not even be asked for is asked for again soon, and holds up nobody', () => {
    expect(
      readSubmission({ kind: 'not-sent', cause: 'connection-failed' }, situation()),
    ).toMatchObject({
      event: { type: 'put-back', nextAttemptAt: NOW + 5 * SECOND },
      lane: none,
    });
  });

  it.each([
    [45011, 'service', 'rate', NOW + MINUTE],
    [45009, 'service', 'daily-quota', Date.parse('2026-11-24T08:00:00+08:00')],
    [45028, 'subscription', 'daily-quota', Date.parse('2026-11-24T08:00:00+08:00')],
    [45028, 'service', 'send-quota', Date.parse('2026-11-24T08:00:00+08:00')],
    [45040, 'service', 'monthly-quota', Date.parse('2026-12-01T08:00:00+08:00')],
  ] as const)(
    '%i of a %s account puts the batch back, and the lane sleeps (%s)',
    (errcode, accountKind, reason, until) => {
      expect(readSubmission(refusal(errcode), situation({ accountKind }))).toMatchObject({
        event: { type: 'put-back', reason, nextAttemptAt: until, errcode },
        lane: { kind: 'sleep', until, reason },
      });
    },
  );

  it('45028 of a service account at sendall puts back that send alone', () => {
    expect(readSubmission(refusal(45028), situation({ api: 'sendall' }))).toMatchObject({
      event: { type: 'put-back', reason: 'send-quota' },
      lane: none,
    });
  });

  it('45028 of a service account waits for the next month where its four sends are known', () => {
    const at = situation({ api: 'sendall', monthIsUsedUp: true });

    expect(readSubmission(refusal(45028), at)).toMatchObject({
      event: { reason: 'monthly-quota', nextAttemptAt: Date.parse('2026-12-01T08:00:00+08:00') },
      lane: none,
    });
  });

  it.each([89504, 89505])('%i waits for the administrator, the lane does not', (errcode) => {
    expect(readSubmission(refusal(errcode), situation())).toMatchObject({
      event: { type: 'put-back', reason: 'wechat-approval', nextAttemptAt: NOW + HOUR / 2 },
      lane: none,
    });
  });

  it('50002 stops the account, 48001 its sends to OpenIDs alone', () => {
    expect(readSubmission(refusal(50002), situation())).toMatchObject({
      event: { type: 'put-back', reason: 'account-paused' },
      lane: { kind: 'stop', scope: 'account', errcode: 50002 },
    });
    expect(readSubmission(refusal(48001), situation())).toMatchObject({
      lane: { kind: 'stop', scope: 'send' },
    });
    expect(readSubmission(refusal(48001), situation({ api: 'sendall' }))).toMatchObject({
      lane: { kind: 'stop', scope: 'account' },
    });
  });

  it('40164 asks another host soon', () => {
    expect(readSubmission(refusal(40164), situation())).toMatchObject({
      event: { type: 'put-back', reason: 'address-refused', nextAttemptAt: NOW + 5 * MINUTE },
      lane: { kind: 'stop', scope: 'account' },
    });
  });

  it('40007 has the media made anew; a definite no is an outcome', () => {
    expect(readSubmission(refusal(40007), situation())).toEqual({
      kind: 'new-media',
      errcode: 40007,
    });
    expect(readSubmission(refusal(45002), situation())).toMatchObject({
      event: { type: 'refused', errcode: 45002, at: NOW },
      lane: none,
    });
  });

  it('never lets a batch be called again within the minute that WeChat keeps a key busy', () => {
    for (let errcode = 40_000; errcode < 50_100; errcode += 1) {
      const reading = readSubmission(refusal(errcode), situation());
      if (reading.kind !== 'event' || reading.event.type !== 'outcome-unknown') continue;
      expect(reading.event.nextAttemptAt).toBeGreaterThanOrEqual(NOW + MINUTE);
      expect(reading.event.nextAttemptAt).toBeLessThan(NOW + DAY);
    }
  });
});
