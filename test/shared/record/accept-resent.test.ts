/** A command whose answer was lost with Redis is sent again, and must find what it did itself. */
import { describe, expect, it } from 'vitest';
import { DAY, SECOND } from '../../../src/shared/platform/time.ts';
import type { Acceptance } from '../../../src/shared/record/accept-campaign.ts';
import { openRecord } from '../../../src/shared/record/record.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const { campaigns } = openRecord({
  redis,
  prefix,
  retainMs: DAY,
  submitTimeoutMs: SECOND,
  now: Date.now,
});

const acceptance = (id: string, more: Partial<Acceptance>): Acceptance => ({
  campaign: {
    v: 1,
    id,
    account: 'default',
    identity: 'default',
    name: 'hello',
    audience: { type: 'everyone' },
    counts: null,
    messageType: 'text',
    createdAt: Date.now(),
    sendAt: Date.now(),
    notAfter: Date.now() + DAY,
    createdBy: 'test',
    priority: 5,
  },
  message: { type: 'text', content: id },
  requestDigest: `request of ${id}`,
  contentDigest: `content of ${id}`,
  repeatMeant: false,
  ...more,
});

describe('a campaign whose acceptance is sent twice', () => {
  it.each([
    ['without a key', {}],
    ['with a key', { idempotencyKey: 'k-1' }],
    ['meant to repeat another', { repeatMeant: true }],
  ])('is created both times, %s: it is no repeat, and its list stays', async (what, more) => {
    const id = `resent-${what.replaceAll(' ', '-')}`;
    const first = await campaigns.accept(acceptance(id, more));

    const second = await campaigns.accept(acceptance(id, more));

    expect(first).toEqual({ kind: 'created', id, hasRoot: false });
    expect(second).toEqual({ kind: 'created', id, hasRoot: false });
  });

  it('is found under its key when another campaign has said the same since', async () => {
    const keyed = { idempotencyKey: 'k-2', contentDigest: 'the same' };
    await campaigns.accept(acceptance('first', keyed));
    await campaigns.accept(acceptance('other', { ...keyed, idempotencyKey: 'k-3' }));

    expect(await campaigns.accept(acceptance('first', keyed))).toEqual({
      kind: 'created',
      id: 'first',
      hasRoot: false,
    });
  });
});
