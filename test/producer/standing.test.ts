/** How a campaign or an account stands, for every cause that there is. */
import { describe, expect, it } from 'vitest';
import { accountStanding, campaignChip, campaignWhy } from '../../src/producer/page/standing.ts';
import { wordsFor } from '../../src/producer/page/words.ts';
import { WAIT_REASONS, type WaitReason } from '../../src/shared/campaign/batch.ts';
import { STOP_CODES } from '../../src/shared/campaign/lane.ts';
import { EMPTY_TALLY } from '../../src/shared/campaign/progress.ts';
import { ACCOUNT_WARNINGS } from '../../src/shared/contract/account-words.ts';
import type { AccountDetails } from '../../src/shared/contract/accounts.ts';
import { viewOf } from '../../src/shared/contract/campaign-view.ts';
import { HOUR } from '../../src/shared/platform/time.ts';
import { aCampaign } from '../support/builders.ts';

const NOW = Date.parse('2026-12-01T09:00:00+08:00');
const UNTIL = new Date(NOW + HOUR).toISOString();
/** Nothing goes on before somebody has acted, whenever the system looks again. */
const NEEDS_SOMEBODY: readonly WaitReason[] = [
  ...(['account-paused', 'wechat-approval', 'address-refused', 'no-worker'] as const),
  'account-unknown',
];
const words = { en: wordsFor('en', undefined), zh: wordsFor('zh', undefined) };

describe.each(WAIT_REASONS)('a campaign that waits: %s', (reason) => {
  const view = viewOf(
    aCampaign({ sendAt: NOW, notAfter: NOW + 24 * HOUR }),
    { phase: 'submitting', waiting: { reason, until: NOW + HOUR } },
    EMPTY_TALLY,
  );

  it('has a time to go on only where it goes on by itself', () => {
    for (const lang of ['en', 'zh'] as const) {
      const why = campaignWhy(view, {}, words[lang]).join();
      const goesOn = why.includes(words[lang].facts.resumesAt('2026-12-01 10:00'));
      expect(goesOn).toBe(!NEEDS_SOMEBODY.includes(reason));
    }
  });

  it('is red where somebody has to act, and not else', () => {
    const { tone } = campaignChip(view, words.en);
    expect(tone === 'bad').toBe(NEEDS_SOMEBODY.includes(reason));
  });
});

const account = (changes: Partial<AccountDetails> = {}): AccountDetails => ({
  ...{ name: 'shop', kind: 'service', newsRoute: 'auto', approval: 'never', callsPerMinute: 60 },
  picturePosts: true,
  ...{ quota: {}, token: null, lastEvent: null, warnings: [] },
  lane: { state: 'open', pending: 0 },
  ...changes,
});
const standing = (changes: Partial<AccountDetails>) =>
  accountStanding(account(changes), {}, words.en);

describe('an account', () => {
  it('is well only where nothing is known against it', () => {
    expect(standing({})).toMatchObject({ tone: 'good', weight: 0, lines: [] });
  });

  it.each(STOP_CODES)('that is stopped says so, with the cause: %s', (code) => {
    const lane = { ...{ state: 'paused', pending: 1 }, code, why: 'the cause', pausedBy: 'ann' };
    const found = standing({ lane: { ...lane, state: 'paused' } });
    expect(found.tone).not.toBe('good');
    expect(`${found.text} ${found.lines}`).toMatch(/the cause|ann/);
    expect(found.weight).toBeGreaterThan(standing({}).weight);
  });

  it.each(WAIT_REASONS)('that waits says why, and until when only by itself: %s', (reason) => {
    const found = standing({ lane: { state: 'asleep', pending: 1, reason, until: UNTIL } });
    expect(found.tone).not.toBe('good');
    expect(found.lines).toEqual([words.en.waits[reason]]);
    expect(found.text.includes('2026-12-01 10:00')).toBe(!NEEDS_SOMEBODY.includes(reason));
  });

  it.each(ACCOUNT_WARNINGS)('of which something was found says what: %s', (code) => {
    const warnings = [{ code, message: 'what was found', byDraft: false }];
    const found = standing({ warnings });
    expect(found.lines).toEqual(['what was found']);
    // What only costs calls stops nothing.
    expect(found.tone === 'good').toBe(code === 'plain-mode' || code === 'paces-differ');
  });
});
