import { describe, expect, it } from 'vitest';
import { exitOf } from '../../src/cli/command.ts';
import { TEXTS } from '../../src/cli/texts.ts';
import { NEW_CONTROL } from '../../src/shared/campaign/campaign.ts';
import { OUTCOMES } from '../../src/shared/campaign/outcome.ts';
import { EMPTY_TALLY, type Tally } from '../../src/shared/campaign/progress.ts';
import { viewOf } from '../../src/shared/contract/campaign-view.ts';
import { aCampaign } from '../support/builders.ts';

const ended = (counts: Partial<Tally>) =>
  viewOf(aCampaign(), { ...NEW_CONTROL, phase: 'ended' }, { ...EMPTY_TALLY, ...counts });

const CASES = [
  ['delivered', { settled: 1, 'receipt-delivered': 1 }, 0, 'is delivered'],
  ['partly', { settled: 1, 'receipt-delivered': 1, refused: 1 }, 1, 'to some'],
  ['none', { settled: 1, 'receipt-delivered': 1, 'nobody-filtered': 1 }, 1, 'to none'],
  ['unknown', { abandoned: 1 }, 3, 'outcome is unknown'],
] as const;

describe('the exit code of a campaign that ended', () => {
  it.each(CASES)('%s is the one that the help gives', (outcome, counts, exit, words) => {
    const view = ended(counts);

    expect(view.outcome).toBe(outcome);
    expect(exitOf(view)).toBe(exit);
    const line = TEXTS.en.exitCodes
      .split('\n')
      .find((one) => one.trimStart().startsWith(`${exit} `));
    expect(line).toContain(words);
  });

  it('is tried for every outcome', () => {
    expect(CASES.map(([outcome]) => outcome)).toEqual(OUTCOMES);
  });
});
