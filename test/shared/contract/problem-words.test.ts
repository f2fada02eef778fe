import { describe, expect, it } from 'vitest';
import { type Problem, type ProblemCode, STATUS } from '../../../src/shared/contract/problem.ts';
import { problemWords, titleOf } from '../../../src/shared/contract/problem-words.ts';

const codes = Object.keys(STATUS) as ProblemCode[];

/** What any of the codes may have beside it. */
const FACTS = {
  ...{ account: 'shop', createdBy: 'ann', campaignId: 'c1', owner: 'c1:2', msgId: '34182' },
  ...{ no: 3, state: 'settled', step: 'pause', messageType: 'text', upload: 'm_1' },
  ...{
    errors: [{ code: 'empty', path: 'name' }],
    flaws: [{ code: 'media-empty' }],
    names: ['shop'],
    accepted: ['gzip'],
  },
  ...{ line: 2, column: 7, key: 'name', bytes: 70_000, maxBytes: 65_536 },
  ...{ errcode: 48001, cause: 'timeout', flaw: { code: 'empty' }, of: 'requests' },
  permission: 'send',
};

describe('a problem', () => {
  it.each(codes)('%s has words in both languages, and none is a leftover of code', (code) => {
    const problem = { code, ...FACTS } as unknown as Problem;
    const [en, zh] = [problemWords(problem, 'en'), problemWords(problem, 'zh')];

    expect(en).not.toMatch(/undefined|NaN|object Object|[一-鿿]/);
    expect(zh).not.toMatch(/undefined|NaN|object Object/);
    expect(en.length).toBeGreaterThan(0);
    expect(zh).toMatch(/[一-鿿]/);
  });

  it.each([...new Set(Object.values(STATUS))])('status %i has a title in both', (status) => {
    expect(titleOf(status, 'en')).not.toBe('Error');
    expect(titleOf(status, 'zh')).not.toBe('错误');
  });

  it('repeats no key that may be an OpenID', () => {
    const key = 'oR5Gjjl_eiZoUpGozMo7dbBJ362A';
    const problem = { code: 'json-key-twice', key, line: 1, column: 2 } as const;

    expect(problemWords(problem, 'en')).not.toContain(key);
    expect(problemWords(problem, 'zh')).not.toContain(key);
  });
});
