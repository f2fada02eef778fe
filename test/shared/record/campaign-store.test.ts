import { describe, expect, it } from 'vitest';
import { advance } from '../../../src/shared/campaign/advance-batch.ts';
import { newBatch } from '../../../src/shared/campaign/batch.ts';
import type { Campaign } from '../../../src/shared/campaign/campaign.ts';
import { campaignId } from '../../../src/shared/campaign/campaign-id.ts';
import { DAY, HOUR, SECOND } from '../../../src/shared/platform/time.ts';
import type { Acceptance } from '../../../src/shared/record/accept-campaign.ts';
import { makeKeys } from '../../../src/shared/record/keys.ts';
import { announceWorker } from '../../support/a-worker.ts';
import { aCampaign, receipt } from '../../support/builders.ts';
import { testRedis } from '../../support/redis.ts';
import { testStores } from '../../support/stores.ts';

const connection = testRedis();
const { redis } = connection;
const { campaigns, batches, lanes, workers, clock, record, accepted, laidOut } =
  testStores(connection);

const acceptance = (changes: Partial<Acceptance> = {}): Acceptance => {
  const id = campaignId(clock.now());
  return {
    campaign: aCampaign({ id, notAfter: clock.now() + DAY }),
    message: { type: 'text', content: 'hello' },
    requestDigest: `request ${id}`,
    contentDigest: `content ${id}`,
    repeatMeant: false,
    ...changes,
  };
};

describe('accepting a campaign', () => {
  it('keeps it, and what BullMQ must still be told, in one step', async () => {
    const { campaign, ...rest } = acceptance();

    const result = await campaigns.accept({ campaign, ...rest });

    expect(result).toEqual({ kind: 'created', id: campaign.id, hasRoot: false });
    expect((await campaigns.read(campaign.id))?.campaign).toEqual(campaign);
    expect(await campaigns.open()).toContain(campaign.id);
    const outbox = await campaigns.outbox(clock.now() + SECOND);
    expect(outbox).toContainEqual({ kind: 'root', id: campaign.id });
  });

  it('with a key that was used gives the same campaign, or says that the request is another', async () => {
    const first = acceptance({ idempotencyKey: 'order-1', requestDigest: 'same' });
    const { id } = first.campaign;
    await campaigns.accept(first);

    const again = acceptance({ idempotencyKey: 'order-1', requestDigest: 'same' });
    expect(await campaigns.accept(again)).toEqual({ kind: 'existing', id });
    const other = acceptance({ idempotencyKey: 'order-1', requestDigest: 'another' });
    expect(await campaigns.accept(other)).toEqual({ kind: 'key-conflict', id });
  });

  it('under one key is one campaign, however many ask at once', async () => {
    const asked = Array.from({ length: 10 }, () =>
      acceptance({ idempotencyKey: 'order-2', requestDigest: 'same', contentDigest: 'storm' }),
    );

    const results = await Promise.all(asked.map((one) => campaigns.accept(one)));

    expect(results.filter(({ kind }) => kind === 'created')).toHaveLength(1);
    expect(new Set(results.map(({ id }) => id)).size).toBe(1);
  });

  it('refuses the same content within a day, unless it is meant', async () => {
    const content = { contentDigest: 'twice' };
    const first = acceptance(content);
    const { id } = first.campaign;
    await campaigns.accept(first);

    expect(await campaigns.accept(acceptance(content))).toEqual({ kind: 'same-content', id });
    const made = acceptance({ ...content, idempotencyKey: 'order-3' });
    expect(await campaigns.accept(made)).toEqual({ kind: 'same-content', id });
    const meant = acceptance({ ...content, repeatMeant: true });
    expect(await campaigns.accept(meant)).toMatchObject({ kind: 'created' });
  });

  it('remembers every campaign of a content: one that was cancelled hides none before it', async () => {
    const content = { contentDigest: 'cancelled-between' };
    const first = acceptance(content);
    const { id } = first.campaign;
    await campaigns.accept(first);
    const second = acceptance({ ...content, repeatMeant: true });
    await campaigns.accept(second);
    await campaigns.end(second.campaign.id, { code: 'record-lost' });

    expect(await campaigns.accept(acceptance(content))).toEqual({ kind: 'same-content', id });
  });

  it('refuses the same content while the earlier one is open, however long ago it was accepted', async () => {
    const content = { contentDigest: 'scheduled-twins' };
    const { campaign, ...rest } = acceptance(content);
    const later = { ...campaign, sendAt: clock.now() + 3 * DAY, notAfter: clock.now() + 4 * DAY };
    await campaigns.accept({ campaign: later, ...rest });

    clock.turn(2 * DAY);

    const again = await campaigns.accept(acceptance(content));
    expect(again).toEqual({ kind: 'same-content', id: campaign.id });
  });

  it('counts the day of the same content from the last call, and keeps no content for good', async () => {
    const content = { contentDigest: 'sent-long-after' };
    const first = acceptance(content);
    const { id } = first.campaign;
    await campaigns.accept(first);
    await campaigns.layBatches(id, [newBatch(1, 25)], { recipients: 25 });
    clock.turn(20 * HOUR);
    const ref = { campaignId: id, no: 1 };
    await batches.apply(ref, { type: 'attempt-started', at: clock.now() });
    await batches.accepted(ref, { type: 'accepted', msgId: '77001', at: clock.now() });
    const arrival = { msgId: '77001', receipt: receipt(), createdAt: clock.now(), trusted: true };
    await batches.take('default', arrival);
    await campaigns.end(id);

    clock.turn(23 * HOUR);
    expect(await campaigns.accept(acceptance(content))).toEqual({ kind: 'same-content', id });
    clock.turn(2 * HOUR);
    expect(await campaigns.accept(acceptance(content))).toMatchObject({ kind: 'created' });
    expect(
      await redis.pttl(makeKeys(record).content('default', 'sent-long-after')),
    ).toBeGreaterThan(DAY);
  });

  it('takes the same content again when the earlier one ended before anything went out', async () => {
    const content = { contentDigest: 'failed-before' };
    const first = acceptance(content);
    await campaigns.accept(first);
    await campaigns.end(first.campaign.id, { code: 'record-lost' });

    expect(await campaigns.accept(acceptance(content))).toMatchObject({ kind: 'created' });
  });
});

describe('laying out batches', () => {
  it('is done once, however often the root comes round', async () => {
    const { id, account } = await laidOut(250, { account: 'laid' });
    await batches.apply({ campaignId: id, no: 1 }, { type: 'attempt-started', at: clock.now() });

    const again = (await batches.all(id)).map((batch) => ({ ...batch, attempts: 9 }));
    await campaigns.layBatches(id, again, {});

    expect((await campaigns.view(id))?.batches).toMatchObject({ total: 250, submitting: 1 });
    expect(await lanes.work(account)).toBe(250);
    expect((await batches.all(id)).map(({ no }) => no)).toEqual(
      Array.from({ length: 250 }, (_, i) => i + 1),
    );
  });
});

const refusal = () =>
  ({ type: 'refused', failure: { code: 'record-lost' }, at: clock.now() }) as const;

async function refusedCampaign(): Promise<Campaign> {
  const campaign = await laidOut(1);
  await batches.apply({ campaignId: campaign.id, no: 1 }, refusal());
  return campaign;
}

/** All refused batches again, as an operator's retry does it. */
const retried = (campaign: Campaign) =>
  batches.decide(campaign, async ({ batches: all }) => ({
    changed: all.map((before) => ({ before, after: advance(before, { type: 'retried' }) })),
    audit: { at: clock.now(), by: 'ann', action: 'retry', as: 'is' },
  }));

describe('ending a campaign', () => {
  it('is refused while a batch is open', async () => {
    const { id } = await laidOut(1);

    expect(await campaigns.end(id)).toBe(false);
    expect(await campaigns.open()).toContain(id);
  });

  it('is refused before its batches are laid out, as a restored Redis may have it again', async () => {
    const { id } = await accepted();

    expect(await campaigns.end(id)).toBe(false);
    expect((await campaigns.view(id))?.state).toBe('scheduled');
    expect(await campaigns.open()).toContain(id);
  });

  it('never happens over a batch that is opened again at that moment', async () => {
    for (let round = 0; round < 20; round += 1) {
      const campaign = await refusedCampaign();
      const { id } = campaign;

      await Promise.all([campaigns.end(id), retried(campaign)]);

      const view = await campaigns.view(id);
      expect(view?.batches.pending).toBe(1);
      expect(view?.state).toBe('submitting');
      expect(await campaigns.open()).toContain(id);
    }
  });

  it('is written down once, and its keys go after the retention', async () => {
    const { id } = await refusedCampaign();

    const ends = await Promise.all([campaigns.end(id), campaigns.end(id), campaigns.end(id)]);

    expect(ends).toEqual([true, true, true]);
    const entries = await campaigns.audit(id);
    expect(entries.filter(({ action }) => action === 'ended')).toHaveLength(1);
    expect(await campaigns.open()).not.toContain(id);
    expect(await redis.pttl(`${record}:campaign:${id}`)).toBeGreaterThan(29 * DAY);
  });

  it('is taken back by a retry, which keeps the campaign and its idempotency key', async () => {
    const first = acceptance({ idempotencyKey: 'order-4' });
    const { id } = first.campaign;
    await campaigns.accept(first);
    await campaigns.layBatches(id, [newBatch(1, 25)], {});
    await batches.apply({ campaignId: id, no: 1 }, refusal());
    await campaigns.end(id, { code: 'record-lost' });

    await retried(first.campaign);

    expect(await campaigns.open()).toContain(id);
    const key = (await redis.hget(`${record}:campaign:${id}`, 'idempotency')) ?? '';
    expect(await redis.pttl(`${record}:campaign:${id}`)).toBe(-1);
    expect(await redis.pttl(key)).toBe(-1);
    expect(await campaigns.view(id)).not.toHaveProperty('error');
  });
});

describe('control of a campaign', () => {
  it('loses no change, though many come at once', async () => {
    const { id } = await accepted();

    await Promise.all(
      Array.from({ length: 15 }, () =>
        campaigns.control(id, (control) => ({
          ...control,
          takenInARow: (control.takenInARow ?? 0) + 1,
        })),
      ),
    );

    expect((await campaigns.read(id))?.control.takenInARow).toBe(15);
  });

  it('writes nothing down where nothing changes, or the change is refused', async () => {
    const { id } = await accepted();
    const audit = { at: clock.now(), by: 'ann', action: 'pause' } as const;

    await campaigns.control(id, (control) => control, { audit });
    await campaigns.control<{ why: string }>(id, () => ({ refused: { why: 'no' } }), { audit });

    expect((await campaigns.audit(id)).map(({ action }) => action)).toEqual(['accepted']);
  });
});

describe('the list of campaigns', () => {
  it('is newest first, goes on after a cursor, and may be one account’s', async () => {
    const account = 'listed';
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const { id } = await accepted({ account, createdAt: clock.now() + i * SECOND });
      ids.unshift(id);
    }

    const first = await campaigns.list({ account, limit: 3 });
    const second = await campaigns.list({
      account,
      limit: 3,
      ...(first.next ? { cursor: first.next } : {}),
    });

    expect(first.campaigns.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect(second.campaigns.map(({ id }) => id)).toEqual(ids.slice(3));
  });
});

describe('a campaign whose batches wait in a lane that stands still', () => {
  const until = clock.now() + 365 * DAY;
  const closed = { ...{ at: 1, by: 'wechat', errcode: 48001 }, code: 'refused-by-wechat' } as const;

  it.each([
    ['paused', { paused: closed }, { reason: 'account-paused', until: null }],
    ['blocked', { sendBlocked: closed }, { reason: 'account-paused', until: null }],
    [
      'asleep',
      { sleep: { reason: 'daily-quota', until } },
      { reason: 'daily-quota', until: new Date(until).toISOString() },
    ],
  ] as const)('says so, though no batch of it was looked at (%s)', async (name, state, waiting) => {
    clock.turn(2 * SECOND);
    await announceWorker({ workers }, [{ name }]);
    const { id } = await laidOut(1, { account: name });
    const [[field, value]] = Object.entries(state) as [[keyof typeof state, never]];
    await lanes.set(name, field, value);

    expect((await campaigns.view(id))?.waiting).toMatchObject(waiting);
    await lanes.release(name);
    expect((await campaigns.view(id))?.waiting).toBeUndefined();
  });
});

describe('a campaign that is no longer kept', () => {
  it('is not brought back by what comes late, though its specification is still in memory', async () => {
    const campaign = await laidOut(1);
    const { id } = campaign;
    await campaigns.read(id);
    const keys = makeKeys(record);
    const all = [keys.campaign(id), keys.batches(id), keys.tally(id), keys.audit(id)];
    await redis.del(...all);

    await campaigns.waits(id, { reason: 'wechat-approval', until: null });
    await campaigns.webhookFailed(id, { why: 'HTTP 500', attempts: 1, nextAt: null });
    await campaigns.note(id, { at: 1, by: 'ann', action: 'webhook-replay' });
    await campaigns.keepDraftSource(id, '[]').catch(() => undefined);

    expect(await redis.exists(...all)).toBe(0);
    for (const kind of ['wechat-approval', 'webhook-failing']) {
      expect(await redis.zscore(keys.attention(kind), `${campaign.account}/${id}`)).toBeNull();
    }
  });

  it('leaves every index of it, those of its account among them', async () => {
    const account = 'forgotten';
    const keys = makeKeys(record);
    await redis.hset(keys.installation(), `account:${account}`, '{}');
    const { id } = await accepted({ account });
    await campaigns.end(id, { code: 'audience-gone' });
    const indexes = [
      keys.campaigns(),
      keys.campaignsOf(account),
      keys.endedAs('failed'),
      keys.endedAs('failed', account),
    ];
    for (const index of indexes) expect(await redis.zscore(index, id)).not.toBeNull();
    await redis.del(keys.campaign(id));

    await testStores(connection).campaigns.reclaim(0, 1_000);

    for (const index of indexes) expect(await redis.zscore(index, id)).toBeNull();
  });
});
