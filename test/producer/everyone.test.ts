import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, startWorld, type World } from './world.ts';

const { url, prefix } = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
});
afterAll(() => world.stop());

const WORDS = [
  'everyone',
  'Everyone',
  'every one',
  'all',
  'ALL',
  'is_to_all',
  '*',
  '',
  'group',
  'tag',
  'openids',
  'openid',
  'list',
  'followers',
  'users',
];

const oddValue = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, 2, -1, 1.5, '', '0', '2', [], {}, [null], ['']),
  fc.constantFrom(...WORDS),
  fc.constant(openIds(3)),
  fc.constant(openIds(1)),
);

/** What a hurried service might send: a wrong word, a wrong field, nothing where something is due. */
const oddAudience = fc.oneof(
  oddValue,
  fc.record(
    {
      type: fc.oneof(fc.constantFrom(...WORDS), oddValue),
      groupId: oddValue,
      tagId: oddValue,
      openids: oddValue,
      listId: oddValue,
      is_to_all: oddValue,
    },
    { requiredKeys: [] },
  ),
);

const saysEveryone = (audience: unknown): boolean =>
  JSON.stringify(audience) === '{"type":"everyone"}';

describe('a send to everyone', () => {
  it('comes of no audience but the one that says so', async () => {
    await fc.assert(
      fc.asyncProperty(oddAudience, async (audience) => {
        const { status, json } = await world.post('/v1/campaigns', aCampaign({ audience }));

        if (saysEveryone(audience)) {
          expect(json.audience).toEqual({ type: 'everyone' });
        } else if (status === 202) {
          expect(json.audience.type).not.toBe('everyone');
          expect(json.audience.type).toBe(
            (audience as { type: string }).type.replace('openids', 'list'),
          );
        } else {
          expect(status).toBe(422);
          expect(json.errors.length).toBeGreaterThan(0);
        }
      }),
      {
        numRuns: 200,
        examples: [
          [{ type: 'everyone' }],
          [undefined],
          [{}],
          [[]],
          ['everyone'],
          [{ type: 'everyone', groupId: '2' }],
          [{ type: 'openids', openids: [] }],
          [{ type: 'openids', openids: ['short', 'also short'] }],
          [{ type: 'group' }],
          [{ type: 'group', groupId: '' }],
          [{ type: 'group', groupId: '2', is_to_all: true }],
        ],
      },
    );
  });

  it('comes of no campaign without an audience', async () => {
    const { audience: _, ...rest } = aCampaign();

    const { status, json } = await world.post('/v1/campaigns', rest);

    expect({ status, path: json.errors[0].path }).toEqual({ status: 422, path: 'audience' });
  });
});
