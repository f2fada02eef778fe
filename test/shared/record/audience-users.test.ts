import { describe, expect, it, vi } from 'vitest';
import { advance } from '../../../src/shared/campaign/advance-batch.ts';
import type { Batch } from '../../../src/shared/campaign/batch.ts';
import type { Campaign } from '../../../src/shared/campaign/campaign.ts';
import { makeKeys } from '../../../src/shared/record/keys.ts';
import { testRedis } from '../../support/redis.ts';
import { testStores } from '../../support/stores.ts';

const connection = testRedis();
const { redis } = connection;
const { batches, campaigns, clock, record, accepted, laidOut } = testStores(connection);
const keys = makeKeys(record);

const failure = { code: 'refused-by-wechat', errcode: 40003 } as const;
const refused = { type: 'refused', errcode: 40003, failure } as const;
const RETRY = { by: 'crm', action: 'retry', as: 'without' } as const;

async function refuseAll(id: string): Promise<void> {
  for (const { no } of await batches.all(id)) {
    const ref = { campaignId: id, no };
    await batches.apply(ref, { type: 'attempt-started', at: clock.now() });
    await batches.apply(ref, { ...refused, at: clock.now() });
  }
}

async function retryWithout(campaign: Campaign, list: string): Promise<void> {
  const retried = (before: Batch) => ({
    before,
    after: advance(before, { type: 'retried', without: [list], size: 24 }),
  });
  await batches.decide(campaign, async (found) => ({
    changed: found.batches.map(retried),
    audit: { ...RETRY, at: clock.now() },
  }));
}

describe('the open campaign that refers to a list', () => {
  it('is found by its own list and by those it leaves out, until it has ended', async () => {
    const audience = { type: 'list', listId: 'a_own' } as const;
    const { id } = await laidOut(1, { audience, exclude: ['a_out'] });
    expect(await campaigns.userOf('a_own')).toBe(id);
    expect(await campaigns.userOf('a_out')).toBe(id);
    expect(await campaigns.userOf('a_other')).toBeNull();

    await refuseAll(id);
    expect(await campaigns.end(id)).toBe(true);

    expect(await campaigns.userOf('a_own')).toBeNull();
    expect(await campaigns.userOf('a_out')).toBeNull();
    expect(await redis.keys(keys.audienceUsers('*').replace(/[{}]/g, '?'))).toEqual([]);
  });

  it('is found again once it is opened again, and by the lists that its batches leave out', async () => {
    const audience = { type: 'list', listId: 'a_again' } as const;
    const campaign = await laidOut(2, { audience });
    const { id } = campaign;
    await refuseAll(id);
    await campaigns.end(id);

    await retryWithout(campaign, 'a_left');
    expect(await campaigns.userOf('a_again')).toBe(id);
    expect(await campaigns.userOf('a_left')).toBe(id);

    await refuseAll(id);
    await retryWithout(campaign, 'a_left-too');
    expect(await campaigns.userOf('a_left')).toBe(id);
    expect(await campaigns.userOf('a_left-too')).toBe(id);

    await refuseAll(id);
    expect(await campaigns.end(id)).toBe(true);
    for (const list of ['a_again', 'a_left', 'a_left-too']) {
      expect(await campaigns.userOf(list)).toBeNull();
    }
  });

  it('is found by the list of its followers while that is read, and not by one given up', async () => {
    const { id } = await accepted({ audience: { type: 'followers' } });
    await campaigns.control(id, (control) => ({ ...control, listId: 'a_first' }));
    expect(await campaigns.userOf('a_first')).toBe(id);

    await campaigns.control(id, (control) => ({ ...control, listId: 'a_second' }));

    expect(await campaigns.userOf('a_first')).toBeNull();
    expect(await campaigns.userOf('a_second')).toBe(id);
  });

  it('is put back with a campaign that Redis has lost from its indexes', async () => {
    const { id } = await laidOut(1, { audience: { type: 'list', listId: 'a_lost' } });
    await redis.del(keys.audienceUsers('a_lost'));
    await redis.zrem(keys.open(), id);

    await campaigns.reclaim(0, 1_000);

    expect(await campaigns.userOf('a_lost')).toBe(id);
  });

  it('is not one that has gone, and costs no more commands with more open campaigns', async () => {
    const used = await accepted({ audience: { type: 'list', listId: 'a_used' } });
    await redis.sadd(keys.audienceUsers('a_used'), '000000000000000000');
    const sent = vi.spyOn(redis, 'sendCommand');
    const cost = async () => {
      sent.mockClear();
      expect(await campaigns.userOf('a_used')).toBe(used.id);
      return sent.mock.calls.length;
    };
    const few = await cost();
    for (let i = 0; i < 30; i++) await accepted({ audience: { type: 'list', listId: `a_${i}` } });

    expect(await cost()).toBe(few);
    expect(few).toBe(2);
  });
});
