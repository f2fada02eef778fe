import { describe, expect, it } from 'vitest';
import { needsApproval } from '../../../src/shared/campaign/approval.ts';
import type { Audience } from '../../../src/shared/campaign/audience.ts';

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
