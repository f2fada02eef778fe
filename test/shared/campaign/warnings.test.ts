import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/shared/campaign/failure.ts';
import {
  WARNING_CODES,
  type Warning,
  warningWords,
} from '../../../src/shared/campaign/warnings.ts';
import {
  FAILURE_CODES,
  failureWords,
  inWords,
} from '../../../src/shared/contract/campaign-words.ts';

describe('a warning', () => {
  it('is a code with facts, and a sentence only where it is read', () => {
    const warnings = [{ code: 'held', batches: 1 }] as const;

    expect(inWords({ warnings }, 'en').warnings).toEqual([
      { code: 'held', batches: 1, message: expect.stringMatching(/^1 batch held/) },
    ]);
    expect(inWords({ warnings }, 'zh').warnings[0]?.message).toMatch(/^1 个批次/);
  });

  it.each(WARNING_CODES)('%s has words in both languages', (code) => {
    const facts = { batches: 2, at: '2026-01-05T09:30:00.000Z', read: 20, total: 30 };
    const warning = { code, ...facts } as Warning;

    expect(warningWords(warning, 'en')).toMatch(
      /^2 batches|2026-01-05|listed 20 followers and counts 30/,
    );
    expect(warningWords(warning, 'zh')).toMatch(/[一-鿿]/);
  });
});

it.each(FAILURE_CODES)('the error %s has words in both languages', (code) => {
  const facts = {
    audience: 'tag',
    id: '9',
    known: [],
    flaws: [{ code: 'picture-not-decoded', as: 'thumb' }],
  };
  const more = { upload: 'm_1', errcode: 40137, note: '日期有误', recipients: 1 };
  const of = code === 'media-id-unknown' ? 'thumb' : 'image';
  const failure = { code, of, ...facts, ...more } as unknown as Failure;

  expect(failureWords(failure, 'en')).toMatch(/^(?!.*undefined)./);
  expect(failureWords(failure, 'zh')).toMatch(/^(?!.*undefined).*[一-鿿]/);
});
