/** One errcode of each kind, at each step: what helps, and what it means for the batch and its lane. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../../../src/shared/platform/time.ts';
import type { Answer } from '../../../src/shared/wechat/client.ts';
import { refusesAll, remedyFor } from '../../../src/shared/wechat/remedies.ts';
import { lastLook } from '../../../src/workers/lane/last-look.ts';
import {
  readSubmission,
  readTokenFailure,
  refusedByWechat,
  type Situation,
  silence,
  stopsLane,
} from '../../../src/workers/lane/read-submission.ts';

const CODES = [
  40001, -1, 42010, 45066, 45011, 45009, 45028, 40007, 40003, 48001, 45106, 45103, 40164, 50002,
  89503, 89504, 89506, 89507, 45065, 46007, 1234567,
] as const;
const STEPS = {
  token: '/cgi-bin/stable_token',
  'old token': 'token',
  send: '/cgi-bin/message/mass/send',
  sendall: 'message/mass/sendall',
  uploadnews: '/cgi-bin/media/uploadnews',
  upload: '/cgi-bin/media/upload',
  // Their names begin or end like others.
  'not a token': 'x/token/y',
  'not a send': 'message/mass/send/x',
  'not uploadnews': 'media/uploadnews/x',
} as const;

const NOW = Date.parse('2026-11-23T10:00:00+08:00');
const AT: Situation = {
  now: NOW,
  asked: 1,
  unknownRetryMs: 65 * SECOND,
  accountKind: 'service',
  api: 'send',
};

const refusal = (errcode: number, path: string) =>
  ({ kind: 'refused', errcode, errmsg: '', path, remedy: remedyFor(path, errcode) }) as const;

/** Times as seconds from now. */
const told = (value: unknown): string =>
  JSON.stringify(value, (_, one) =>
    typeof one === 'number' && one > NOW / 2 ? `+${(one - NOW) / SECOND} s` : one,
  ).replaceAll('"', '');

describe('an errcode', () => {
  it.each(CODES)('%s has its remedy at each step', (errcode) => {
    const remedies = Object.entries(STEPS).map(
      ([step, path]) => `${step}: ${told(remedyFor(path, errcode))}`,
    );

    expect(`\n${remedies.join('\n')}\n`).toMatchSnapshot();
  });

  it.each(CODES)('%s means this for a batch and its lane', (errcode) => {
    const path = STEPS.send;
    const readings = {
      'to OpenIDs': readSubmission(refusal(errcode, path), AT),
      'to all': readSubmission(refusal(errcode, STEPS.sendall), { ...AT, api: 'sendall' }),
      'of a subscription account': readSubmission(refusal(errcode, path), {
        ...AT,
        accountKind: 'subscription',
      }),
      'with room soon': readSubmission(refusal(errcode, path), { ...AT, roomAt: NOW + SECOND }),
      'of a used-up month': readSubmission(refusal(errcode, path), { ...AT, monthIsUsedUp: true }),
      'for the token': readTokenFailure(refusal(errcode, STEPS.token), AT),
      'at the upload': readSubmission(refusal(errcode, STEPS.upload), AT),
      'at uploadnews': readSubmission(refusal(errcode, STEPS.uploadnews), AT),
    };
    const lines = Object.entries(readings).map(([what, reading]) => `${what}: ${told(reading)}`);

    expect(`\n${lines.join('\n')}\n`).toMatchSnapshot();
  });
});

describe('an answer that is none', () => {
  const timeout = { kind: 'unknown', cause: 'timeout' } as const;
  const unreadable = { kind: 'unknown', cause: 'answer-unreadable' } as const;
  const away = { kind: 'not-sent', cause: 'connection-failed' } as const;

  it('is silence, unless it cannot be read', () => {
    expect(silence(timeout)).toBe('wechat-busy');
    expect(silence(away)).toBe('wechat-busy');
    expect(silence(unreadable)).toBe('wechat-unreadable');
    expect(silence(refusal(40003, STEPS.send))).toBe('wechat-busy');
  });

  it('for the token makes no call, and waits a little', () => {
    const wait = (failure: Exclude<Answer<string>, { kind: 'ok' }>) =>
      readTokenFailure(failure, AT);
    const none = { lane: { kind: 'none' } };

    expect(wait(timeout)).toEqual({
      wait: { reason: 'wechat-busy', nextAttemptAt: NOW + 5 * SECOND },
      ...none,
    });
    expect(wait(unreadable)).toEqual({
      wait: { reason: 'wechat-unreadable', nextAttemptAt: NOW + 5 * SECOND },
      ...none,
    });
  });

  it('is asked about again, and a call that was not made is made soon', () => {
    expect(readSubmission(timeout, AT)).toMatchObject({
      event: { type: 'outcome-unknown', nextAttemptAt: NOW + 65 * SECOND },
      lane: { kind: 'sleep', reason: 'outcome-unknown', until: NOW + 65 * SECOND },
    });
    expect(readSubmission(away, AT)).toStrictEqual({
      kind: 'event',
      event: { type: 'put-back', reason: 'wechat-busy', nextAttemptAt: NOW + 5 * SECOND },
      lane: { kind: 'none' },
    });
  });
});

describe('a refusal', () => {
  it('concerns everything of its account or api, or one batch', () => {
    expect(refusesAll(refusal(48001, STEPS.send))).toBe(true);
    expect(refusesAll(refusal(40003, STEPS.send))).toBe(false);
    expect(refusesAll({ kind: 'unknown' })).toBe(false);
    expect(refusesAll({ kind: 'refused' })).toBe(true);
  });

  it('names the call, where it is known', () => {
    expect(refusedByWechat(40003)).toStrictEqual({ code: 'refused-by-wechat', errcode: 40003 });
    expect(refusedByWechat(40003, 'a/b')).toStrictEqual({
      code: 'refused-by-wechat',
      errcode: 40003,
      path: 'a/b',
    });
    const stop = { kind: 'stop', scope: 'send', code: 'refused-by-wechat', errcode: 1 };
    expect(stopsLane('send', 1)).toStrictEqual(stop);
    expect(stopsLane('send', 1, 'a/b')).toStrictEqual({ ...stop, path: 'a/b' });
  });
});

describe('the last look before a call', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW, toFake: ['Date', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const look = (until = NOW + HOUR, now = () => Date.now()) => lastLook({ at: NOW, until, now });

  it('lets a call go within four seconds of its intent', () => {
    const whyNot = look();

    expect(whyNot()).toBeNull();
    vi.advanceTimersByTime(4 * SECOND);
    expect(whyNot()).toBeNull();
    vi.advanceTimersByTime(1);
    expect(whyNot()).toBe('too long after its intent');
  });

  it('lets no call go at its end', () => {
    expect(look(NOW + SECOND)()).toBeNull();
    expect(look(NOW)()).toBe('its time has passed');
    expect(look(NOW - 1)()).toBe('its time has passed');
  });

  it('goes by the clock that says most', () => {
    const stands = look(NOW + HOUR, () => NOW);
    const ahead = look(NOW + HOUR, () => NOW + 5 * SECOND);

    expect(ahead()).toBe('too long after its intent');
    vi.setSystemTime(NOW + MINUTE);
    expect(stands()).toBe('too long after its intent');
    vi.setSystemTime(NOW);
    expect(stands()).toBeNull();
    vi.advanceTimersByTime(5 * SECOND);
    vi.setSystemTime(NOW);
    expect(stands()).toBe('too long after its intent');
  });
});
