import { describe, expect, it } from 'vitest';
import { DAY, MINUTE } from '../../../src/shared/platform/time.ts';
import type { Answer } from '../../../src/shared/wechat/client.ts';
import { remedyFor } from '../../../src/shared/wechat/remedies.ts';
import { laterOf } from '../../../src/workers/lane/try-later.ts';

const NOW = Date.parse('2026-11-23T10:00:00+08:00');
const refusal = (errcode: number): Answer<unknown> => ({
  kind: 'refused',
  errcode,
  errmsg: '',
  remedy: remedyFor('/cgi-bin/media/upload', errcode),
});

describe('an upload that WeChat does not take just now', () => {
  it.each([
    ['busy', -1, 'wechat-busy'],
    ['still at its film', 46007, 'wechat-busy'],
    ['asked too often this minute', 45011, 'rate'],
    ['asked too often today', 45009, 'daily-quota'],
  ])('waits for a WeChat that is %s (%i) as %s', (_what, errcode, reason) => {
    expect(laterOf(refusal(errcode), { now: NOW, accountKind: 'service', tries: 1 })).toMatchObject(
      { reason },
    );
  });
});

describe('an upload with ten calls a day that is not answered', () => {
  it('is asked for again soon at first, and eight times in a day at most', () => {
    const unanswered: Answer<unknown> = { kind: 'unknown', cause: 'timeout' };
    const calls = [NOW];
    while ((calls.at(-1) ?? 0) < NOW + DAY) {
      const at = { now: calls.at(-1) ?? 0, accountKind: 'service', tries: calls.length } as const;
      calls.push(laterOf(unanswered, { ...at, isScarce: true })?.at ?? Number.POSITIVE_INFINITY);
    }

    expect((calls[1] ?? 0) - NOW).toBe(MINUTE);
    expect(calls.filter((at) => at < NOW + DAY).length).toBeLessThanOrEqual(8);
  });
});
