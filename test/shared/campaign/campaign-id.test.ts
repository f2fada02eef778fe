import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchKey } from '../../../src/shared/campaign/batch.ts';
import { acceptedAt, campaignId, shardIn } from '../../../src/shared/campaign/campaign-id.ts';
import { CAMPAIGN_ID } from '../../../src/shared/contract/campaigns.ts';

const someTime = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2900, 0, 1) });

describe('a campaign id', () => {
  it('says when its campaign was accepted', () => {
    fc.assert(
      fc.property(someTime, (at) => {
        expect(acceptedAt(campaignId(at))).toBe(at);
      }),
    );
  });

  it('sorts by age', () => {
    fc.assert(
      fc.property(someTime, fc.integer({ min: 1, max: 1e9 }), (at, later) => {
        expect(campaignId(at) < campaignId(at + later)).toBe(true);
      }),
    );
  });

  it('says its shard, and is as long and sorts as in shard 0', () => {
    fc.assert(
      fc.property(someTime, fc.integer({ min: 0, max: 1_023 }), (at, shard) => {
        const id = campaignId(at, shard);
        expect(shardIn(id)).toBe(shard);
        expect(acceptedAt(id)).toBe(at);
        expect(id).toMatch(CAMPAIGN_ID);
        expect(id < campaignId(at + 1)).toBe(true);
      }),
    );
  });

  it.each(['0123456789abcdeu0u', 'u00', '0123456789abcdefgh', '', 'constructor'])(
    'is in shard 0 where it was not made here: %s',
    (id) => expect(shardIn(id)).toBe(0),
  );

  it('leaves room for a million batches and a thousand generations in 32 ASCII bytes', () => {
    fc.assert(
      fc.property(
        someTime,
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 0, max: 999 }),
        (at, no, generation) => {
          expect(batchKey(campaignId(at), { no, generation })).toMatch(/^[0-9a-z-]{1,32}$/);
        },
      ),
    );
  });
});
