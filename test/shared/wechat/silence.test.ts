import { describe, expect, it } from 'vitest';
import { CAUSES, silenceOf, silenceWords } from '../../../src/shared/wechat/silence.ts';

describe('why a call has no answer', () => {
  it.each(CAUSES)('%s is said in both languages', (cause) => {
    const silence = { cause, error: 'ECONNREFUSED', status: 502, ms: 50, errcode: 40001 };

    expect(silenceWords(silence, 'en')).toMatch(/^(?!.*undefined)[\x20-\x7e]{5,}$/);
    expect(silenceWords({ ...silence, ofToken: true }, 'zh')).toMatch(
      /^没有可用的 access_token：(?!.*undefined)./,
    );
  });

  it('is passed on as its code and facts, without what else the answer has', () => {
    const answer = { kind: 'not-sent', cause: 'timeout', ms: 10_000, ofToken: true } as const;

    expect(silenceOf(answer)).toEqual({ cause: 'timeout', ms: 10_000, ofToken: true });
    expect(silenceWords(answer, 'en')).toBe('no access token: no answer within 10 s');
  });
});
