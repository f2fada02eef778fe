import { describe, expect, it } from 'vitest';
import { batchOpenIds } from '../../../src/shared/actions/batch-open-ids.ts';
import { makeRetryRefused, type RetryHow } from '../../../src/shared/actions/retry-refused.ts';
import { type Batch, newBatch } from '../../../src/shared/campaign/batch.ts';
import type { Campaign, Control } from '../../../src/shared/campaign/campaign.ts';
import { DAY } from '../../../src/shared/platform/time.ts';
import { openIds } from '../../support/open-ids.ts';
import { testRedis } from '../../support/redis.ts';
import { testStores } from '../../support/stores.ts';

const connection = testRedis();
const { redis } = connection;
const stores = testStores(connection);
const { batches, campaigns, audiences, clock, record, accepted } = stores;
/** One moment, however long the test takes. */
const AT = clock.now();
const now = (): number => AT;
const retryRefused = makeRetryRefused({ stores, now });

/** Its batches, each with so many OpenIDs of one list; the numbers in `refused` were refused. */
async function sent(sizes: readonly number[], refused: readonly number[]): Promise<Campaign> {
  const recipients = sizes.reduce((sum, size) => sum + size, 0);
  const list = await audiences.create(openIds(recipients), { account: 'default' });
  const campaign = await accepted({
    audience: { type: 'list', listId: list.id },
    counts: { received: recipients, duplicates: 0, invalid: 0, recipients },
  });
  let from = 0;
  const laid = sizes.map((size, at) => {
    from += size;
    return { ...newBatch(at + 1, size), range: { from: from - size, to: from } };
  });
  await campaigns.layBatches(campaign.id, laid, { recipients });
  for (const no of refused) await refuse(campaign, no);
  return campaign;
}

async function refuse({ id }: Campaign, no: number): Promise<void> {
  const ref = { campaignId: id, no };
  await batches.apply(ref, { type: 'attempt-started', at: now() });
  await batches.apply(ref, {
    type: 'refused',
    at: now(),
    failure: { code: 'media-gone' } as never,
  });
}

const retry = (campaign: Campaign, how: RetryHow) => retryRefused(campaign, how, 'anna');

/** Whom each batch goes to, as numbers of the one series. */
async function followersOf(campaign: Campaign): Promise<number[][]> {
  const control = (await campaigns.read(campaign.id))?.control as Control;
  const all = await batches.all(campaign.id);
  return Promise.all(
    all.map(async (batch) => {
      const found = (await batchOpenIds(audiences, { campaign, control, batch })) ?? [];
      return found.map((openId) => Number(openId.slice(-21, -1)));
    }),
  );
}

const told = (all: readonly Batch[]) =>
  all.map(({ state, generation, size }) => `${state} ${generation} ${size}`);

const from = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at);

describe('a retry of what was refused', () => {
  it('gives those a new key, and leaves the others', async () => {
    const campaign = await sent([4, 4, 4], [1, 3]);

    expect(await retry(campaign, { as: 'is' })).toBeNull();

    expect(told(await batches.all(campaign.id))).toEqual([
      'pending 1 4',
      'pending 0 4',
      'pending 1 4',
    ]);
    const audit = (await campaigns.audit(campaign.id)).filter(({ action }) => action === 'retry');
    expect(audit).toEqual(
      [1, 3].map((batch) => ({ at: now(), by: 'anna', action: 'retry', as: 'is', batch })),
    );
  });

  it('is refused where nothing was', async () => {
    const nothing = { refused: { code: 'nothing-refused' } };
    const campaign = await sent([4], []);

    expect(await retry(campaign, { as: 'is' })).toEqual(nothing);
    expect(await retry(campaign, { as: 'halves' })).toEqual(nothing);
  });

  it('is done on the version that was seen, and on no other', async () => {
    const campaign = await sent([4], [1]);
    const { version } = (await campaigns.read(campaign.id))?.tally ?? { version: -1 };
    const moved = { refused: { code: 'moved' } };

    for (const seen of [version - 1, version + 1]) {
      expect(await retry(campaign, { as: 'is', seen })).toEqual(moved);
    }
    expect(await retry(campaign, { as: 'is', seen: version })).toBeNull();
  });

  it('is refused from `notAfter` on, and done a moment before it', async () => {
    const campaign = await sent([4], [1]);

    expect(await retry({ ...campaign, notAfter: now() }, { as: 'is' })).toEqual({
      refused: { code: 'not-after-passed' },
    });
    expect(await retry({ ...campaign, notAfter: now() + 1 }, { as: 'is' })).toBeNull();
  });

  it('is refused after a cancel', async () => {
    const campaign = await sent([4], [1]);
    const stop = { at: now(), by: 'anna', reason: 'operator' } as const;
    await campaigns.control(campaign.id, (control) => ({ ...control, cancelled: stop }));

    expect(await retry(campaign, { as: 'is' })).toEqual({
      refused: { code: 'campaign-over', step: 'retry' },
    });
  });
});

describe('a retry in halves', () => {
  it('keeps the number for the lower half, and adds the upper ones behind all', async () => {
    const campaign = await sent([5, 4, 8], [1, 3]);

    expect(await retry(campaign, { as: 'halves' })).toBeNull();

    expect(told(await batches.all(campaign.id))).toEqual([
      ...['pending 1 3', 'pending 0 4', 'pending 1 4'],
      ...['pending 0 2', 'pending 0 4'],
    ]);
    expect(await followersOf(campaign)).toEqual([
      ...[from(0, 3), from(5, 4), from(9, 4)],
      ...[from(3, 2), from(13, 4)],
    ]);
  });

  it('leaves one that is too small refused, and is refused where all are', async () => {
    const small = await sent([3], [1]);
    const both = await sent([3, 4], [1, 2]);

    expect(await retry(small, { as: 'halves' })).toEqual({ refused: { code: 'nothing-refused' } });
    expect(await retry(both, { as: 'halves' })).toBeNull();
    expect(told(await batches.all(both.id))).toEqual(['refused 0 3', 'pending 1 2', 'pending 0 2']);
  });

  it('divides those who are left where some go without', async () => {
    const campaign = await sent([4, 9], [2]);
    const [, ...rest] = openIds(13).slice(4);
    await retry(campaign, { as: 'without', openIds: openIds(13).slice(4, 5) });
    await refuse(campaign, 2);

    expect(await retry(campaign, { as: 'halves' })).toBeNull();

    expect(rest).toHaveLength(8);
    expect(await followersOf(campaign)).toEqual([from(0, 4), from(5, 4), from(9, 4)]);
    expect(told(await batches.all(campaign.id))).toEqual([
      'pending 0 4',
      'pending 2 4',
      'pending 0 4',
    ]);
  });

  it('leaves out in the upper half, too, who was left out of the whole', async () => {
    const campaign = await sent([8], [1]);
    await retry(campaign, { as: 'without', openIds: openIds(8).slice(7) });
    await refuse(campaign, 1);

    expect(await retry(campaign, { as: 'halves' })).toBeNull();

    expect(await followersOf(campaign)).toEqual([from(0, 4), from(4, 3)]);
    const [lower, upper] = await batches.all(campaign.id);
    expect(upper?.without).toEqual(lower?.without);
  });

  it('divides one that knows its part by its number alone', async () => {
    const list = await audiences.create(openIds(6), { account: 'default' });
    const campaign = await accepted({
      audience: { type: 'list', listId: list.id },
      counts: { received: 6, duplicates: 0, invalid: 0, recipients: 6 },
    });
    await campaigns.layBatches(campaign.id, [newBatch(1, 6)], {});
    await refuse(campaign, 1);

    expect(await retry(campaign, { as: 'halves' })).toBeNull();
    expect(await followersOf(campaign)).toEqual([from(0, 3), from(3, 3)]);
  });

  it('divides one of a campaign whose followers were read later', async () => {
    const list = await audiences.create(openIds(6), { account: 'default' });
    const campaign = await accepted({ audience: { type: 'followers' }, counts: null });
    await campaigns.control(campaign.id, (control) => ({ ...control, listId: list.id }));
    await campaigns.layBatches(campaign.id, [newBatch(1, 6)], { recipients: 6 });
    await refuse(campaign, 1);

    expect(await retry(campaign, { as: 'halves' })).toBeNull();
    expect(await followersOf(campaign)).toEqual([from(0, 3), from(3, 3)]);
  });

  it('has no half of a group that WeChat alone counts', async () => {
    const campaign = await accepted({ audience: { type: 'tag', tagId: 2 }, counts: null });
    await campaigns.layBatches(campaign.id, [newBatch(1, null)], {});
    const none = { refused: { code: 'nothing-refused' } };
    expect(await retry(campaign, { as: 'halves' })).toEqual(none);
    await refuse(campaign, 1);
    const no = { refused: { code: 'not-a-list' } };

    expect(await retry(campaign, { as: 'halves' })).toEqual(no);
    expect(await retry(campaign, { as: 'without', openIds: openIds(1) })).toEqual(no);
    expect(await retry(campaign, { as: 'is' })).toBeNull();
  });
});

describe('a retry without some', () => {
  const without = (campaign: Campaign, ...left: readonly number[]) =>
    retry(campaign, { as: 'without', openIds: left.map((at) => openIds(at + 1)[at] ?? '') });

  it('goes to the others, and again without more', async () => {
    const campaign = await sent([4, 4], [1]);

    expect(await without(campaign, 1)).toBeNull();
    expect(await followersOf(campaign)).toEqual([[0, 2, 3], from(4, 4)]);
    await refuse(campaign, 1);
    expect(await without(campaign, 0)).toBeNull();

    expect(await followersOf(campaign)).toEqual([[2, 3], from(4, 4)]);
    expect(told(await batches.all(campaign.id))).toEqual(['pending 2 2', 'pending 0 4']);
  });

  it('leaves one refused that would be too small', async () => {
    const campaign = await sent([2, 4], [1, 2]);

    expect(await without(campaign, 0, 2)).toBeNull();
    expect(told(await batches.all(campaign.id))).toEqual(['refused 0 2', 'pending 1 3']);
  });

  it('keeps two, the least that WeChat takes', async () => {
    const campaign = await sent([3], [1]);

    expect(await without(campaign, 0)).toBeNull();
    expect(told(await batches.all(campaign.id))).toEqual(['pending 1 2']);
  });

  it('needs an OpenID, and keeps no empty list', async () => {
    const campaign = await sent([4], [1]);

    expect(await retry(campaign, { as: 'without', openIds: ['?'] })).toEqual({
      refused: { code: 'no-openid' },
    });
    expect(told(await batches.all(campaign.id))).toEqual(['refused 0 4']);
  });

  it('keeps the list of those for as long as the campaign may send', async () => {
    const campaign = await sent([4], [1]);
    const notAfter = now() + 40 * DAY;

    expect(
      await retry({ ...campaign, notAfter }, { as: 'without', openIds: openIds(1) }),
    ).toBeNull();

    const [leftOut = ''] = (await batches.all(campaign.id))[0]?.without ?? [];
    const list = await audiences.describe(leftOut);
    expect(list).toMatchObject({ account: 'default', recipients: 1 });
    const kept = await redis.pttl(`${record}:audience:${leftOut}`);
    expect(kept).toBeGreaterThan(39 * DAY);
    expect(kept).toBeLessThanOrEqual(40 * DAY);
  });
});
