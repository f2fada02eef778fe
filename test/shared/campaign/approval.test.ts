import { describe, expect, it } from 'vitest';
import { isSamePerson, needsApproval } from '../../../src/shared/campaign/approval.ts';
import type { Audience } from '../../../src/shared/campaign/audience.ts';

describe('a person', () => {
  it('is the same with a key and on the page, and no other whose name looks alike', () => {
    expect(isSamePerson('shop', 'board:shop')).toBe(true);
    expect(isSamePerson('board:shop', 'shop')).toBe(true);
    expect(isSamePerson('old-board:shop', 'old-shop')).toBe(false);
    expect(isSamePerson('shop', 'ben')).toBe(false);
  });
});

describe('a campaign', () => {
  it.each<[Audience, boolean]>([
    [{ type: 'everyone' }, true],
    [{ type: 'followers' }, true],
    [{ type: 'followers', tagId: 2 }, false],
    [{ type: 'tag', tagId: 2 }, false],
    [{ type: 'list', listId: 'a_list' }, false],
  ])('to %j waits for a second person by policy', (audience, toAll) => {
    expect(needsApproval('everyone', audience)).toBe(toAll);
    expect(needsApproval('always', audience)).toBe(true);
    expect(needsApproval('never', audience)).toBe(false);
  });
});
