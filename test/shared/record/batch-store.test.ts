import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchEvent } from '../../../src/shared/campaign/advance-batch.ts';
import { type BatchRef, batchKey } from '../../../src/shared/campaign/batch.ts';
import { EMPTY_TALLY, type TallyField, tallyOf } from '../../../src/shared/campaign/progress.ts';
import { HOUR, SECOND } from '../../../src/shared/platform/time.ts';
import type { Arrival } from '../../../src/shared/record/receipt-store.ts';
import { anyEvent } from '../../support/batch-events.ts';
import { receipt } from '../../support/builders.ts';
import { testRedis } from '../../support/redis.ts';
import { SUBMIT_TIMEOUT, testStores } from '../../support/stores.ts';

const connection = testRedis();
const { redis } = connection;
const { batches, campaigns, lanes, quota, clock, record, laidOut } = testStores(connection);

let used = 1_000_000;
const freshMsgId = (): string => {
  used += 1;
  return String(used);
};
const arrival = (msgId: string, changes: Partial<Arrival> = {}): Arrival => ({
  msgId,
  receipt: receipt(),
  createdAt: clock.now(),
  trusted: true,
  ...changes,
});
const started = (): BatchEvent => ({ type: 'attempt-started', at: clock.now() });
const answer = (msgId: string) => ({ type: 'accepted', msgId, at: clock.now() }) as const;

async function called(account: string) {
  const { id } = await laidOut(1, { account });
  const ref = { campaignId: id, no: 1 };
  await batches.apply(ref, started());
  return ref;
}

/** In a storm much happens to a batch that cannot; whatever else goes wrong is a fault. */
function isIllegal(error: unknown): void {
  expect(error).toMatchObject({ code: 'BATCH_TRANSITION_ILLEGAL' });
}

describe('a commit of a batch', () => {
  it('keeps tally, lane, unanswered calls and deadlines in step, whoever does what at once', async () => {
    const BATCHES = 4;
    const event = fc.tuple(fc.integer({ min: 1, max: BATCHES }), anyEvent);
    const storms = fc.array(event, { minLength: 20, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(storms, async (storm) => {
        const account = `storm-${freshMsgId()}`;
        const { id } = await laidOut(BATCHES, { account });

        await Promise.all(
          storm.map(([no, what]) => batches.apply({ campaignId: id, no }, what).catch(isIllegal)),
        );

        const all = await batches.all(id);
        const sum: Record<TallyField, number> = { ...EMPTY_TALLY };
        for (const batch of all) {
          for (const [field, by] of Object.entries(tallyOf(batch))) sum[field as TallyField] += by;
        }
        expect({ ...(await campaigns.read(id))?.tally, version: 0 }).toEqual(sum);
        expect(await lanes.work(account)).toBe(sum.pending + sum.submitting);
        const asked = all
          .filter(({ state }) => state === 'submitting')
          .map(({ no }) => `${id}/${no}`);
        expect((await redis.zrange(`${record}:unanswered:${account}`, '0', '-1')).sort()).toEqual(
          asked,
        );
        const deadlines = await redis.zrange(`${record}:deadlines`, '0', '-1');
        expect(deadlines.filter((member) => member.startsWith(id)).sort()).toEqual(asked);
      }),
      { numRuns: 12 },
    );
  });

  it('changes nothing where `unless` says so, or where the event is no news', async () => {
    const ref = await called('a');
    const before = await batches.read(ref);

    const kept = await batches.apply(
      ref,
      { type: 'held', reason: 'outcome-unknown', at: 0 },
      { unless: () => true },
    );

    expect(kept).toEqual(before);
    expect(await batches.read(ref)).toEqual(before);
  });
});

describe('an acceptance and its event', () => {
  it('come to the same in either order, and three copies count once', async () => {
    const ends = [];
    for (const order of ['answer first', 'event first', 'event, answer, events']) {
      const account = `order-${freshMsgId()}`;
      const ref = await called(account);
      const msgId = freshMsgId();
      if (order === 'answer first') await batches.accepted(ref, answer(msgId));
      const outcomes = [await batches.take(account, arrival(msgId))];
      if (order !== 'answer first') await batches.accepted(ref, answer(msgId));
      outcomes.push(await batches.take(account, arrival(msgId)));
      outcomes.push(await batches.take(account, arrival(msgId)));
      expect(outcomes.slice(1)).toEqual(['repeated', 'repeated']);
      const { campaignId } = ref;
      const { tally } = (await campaigns.read(campaignId)) ?? {};
      const batch = await batches.read(ref);
      ends.push({
        tally,
        state: batch?.state,
        receipt: batch?.state === 'settled' && batch.receipt,
      });
    }

    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2]).toEqual(ends[0]);
    expect(ends[0]).toMatchObject({ state: 'settled', tally: { settled: 1, sent: 23, total: 25 } });
  });

  it('meet although they come at the same moment', async () => {
    for (let round = 0; round < 20; round += 1) {
      const account = `race-${freshMsgId()}`;
      const ref = await called(account);
      const msgId = freshMsgId();

      await Promise.all([
        batches.take(account, arrival(msgId)),
        batches.accepted(ref, answer(msgId)),
        batches.take(account, arrival(msgId)),
      ]);

      expect(await batches.read(ref)).toMatchObject({ state: 'settled', msgId });
      expect(await batches.parked(account, msgId)).toBeNull();
    }
  });

  it('of one account are not another’s', async () => {
    const ref = await called('one');
    const msgId = freshMsgId();
    await batches.accepted(ref, answer(msgId));

    expect(await batches.take('two', arrival(msgId))).toBe('parked');
    expect(await batches.read(ref)).toMatchObject({ state: 'submitted' });
  });
});

describe('a message id', () => {
  it('belongs to one batch, however many claim it at once', async () => {
    const account = `claim-${freshMsgId()}`;
    const refs = await Promise.all(Array.from({ length: 5 }, () => called(account)));
    const msgId = freshMsgId();

    const outcomes = await Promise.all(refs.map((ref) => batches.accepted(ref, answer(msgId))));

    expect(outcomes.map(({ kind }) => kind).sort()).toEqual([
      'submitted',
      ...Array(4).fill('taken'),
    ]);
    const owners = (await Promise.all(refs.map(batches.read))).filter(
      (batch) => batch?.state === 'submitted' && batch.msgId === msgId,
    );
    expect(owners).toHaveLength(1);
  });

  describe('that comes after an operator said "not sent"', () => {
    async function notSent(account: string): Promise<BatchRef> {
      const ref = await called(account);
      await batches.apply(ref, { type: 'held', reason: 'outcome-unknown', at: clock.now() });
      await batches.apply(ref, { type: 'resolved-not-sent' });
      return ref;
    }

    it('stops the new key: the batch goes on to that message’s receipt', async () => {
      const ref = await notSent('late');
      const msgId = freshMsgId();

      const outcome = await batches.accepted(ref, answer(msgId), { generation: 0 });

      expect(outcome).toMatchObject({ kind: 'submitted', late: { state: 'pending' } });
      const batch = await batches.read(ref);
      expect(batch).toMatchObject({ state: 'submitted', generation: 0, msgId });
      expect(batch).not.toHaveProperty('twice');
      expect((await campaigns.audit(ref.campaignId)).at(-1)).toMatchObject({
        by: 'wechat',
        action: 'accepted-after-all',
        batch: 1,
        msgId,
        clientMsgId: batchKey(ref.campaignId, { no: 1, generation: 0 }),
      });
    });

    it('stays as a warning for good, where the new key was called already', async () => {
      const ref = await notSent('late');
      await batches.apply(ref, started());
      const [earlier, later] = [freshMsgId(), freshMsgId()];

      await batches.accepted(ref, answer(earlier), { generation: 0 });
      await batches.accepted(ref, answer(later), { generation: 1 });
      await batches.take('late', arrival(earlier));
      await batches.take('late', arrival(later));

      expect(await batches.read(ref)).toMatchObject({ state: 'settled', msgId: earlier });
      expect((await campaigns.view(ref.campaignId))?.warnings).toEqual([
        { code: 'maybe-twice', batches: 1 },
      ]);
    });

    it('is taken in although the campaign has ended, and opens it again', async () => {
      const ref = await called('late');
      await batches.apply(ref, { type: 'held', reason: 'outcome-unknown', at: clock.now() });
      await batches.apply(ref, { type: 'resolved-given-up', at: clock.now() });
      expect(await campaigns.end(ref.campaignId)).toBe(true);
      expect(await campaigns.view(ref.campaignId)).toMatchObject({ outcome: 'unknown' });

      await batches.accepted(ref, answer(freshMsgId()), { generation: 0 });

      expect(await campaigns.open()).toContain(ref.campaignId);
      expect(await campaigns.view(ref.campaignId)).toMatchObject({ state: 'awaiting-receipts' });
    });
  });
});

describe('an event that anybody could have written', () => {
  it('settles nothing, and does not replace what came signed', async () => {
    const ref = await called('plain');
    const msgId = freshMsgId();
    const forged = arrival(msgId, { trusted: false, receipt: receipt({ status: 'refused' }) });

    await batches.take('plain', arrival(msgId));
    expect(await batches.take('plain', forged)).toBe('parked');
    expect((await batches.parked('plain', msgId))?.trusted).toBe(true);

    await batches.accepted(ref, answer(msgId));
    expect(await batches.read(ref)).toMatchObject({ receipt: { status: 'delivered' } });
    expect(await batches.take('plain', forged)).toBe('repeated');
  });
});

describe('what WeChat says when it is asked', () => {
  it('does not take the place of counts that came meanwhile', async () => {
    const ref = await called('asked');
    const msgId = freshMsgId();
    await batches.accepted(ref, answer(msgId));
    await batches.take('asked', arrival(msgId));

    const uncounted = receipt({ total: null, eligible: null, sent: null, failed: null });
    await batches.settleByAsking(ref, msgId, uncounted);

    expect(await batches.read(ref)).toMatchObject({ receipt: { sent: 23 } });
  });
});

describe('a call', () => {
  it('counts as unanswered once its answer is overdue, or is known to be missing', async () => {
    const account = `due-${freshMsgId()}`;
    const ref = await called(account);
    expect(await batches.unanswered(account)).toEqual([]);

    clock.turn(SUBMIT_TIMEOUT + 2 * SECOND);
    expect(await batches.unanswered(account)).toEqual([ref]);

    await batches.accepted(ref, answer(freshMsgId()));
    expect(await batches.unanswered(account)).toEqual([]);
  });

  it('is overdue 23 hours after it was first made, however often it is repeated', async () => {
    const ref = await called('overdue');
    const overdue = async () => (await batches.overdue()).map((one) => one.ref);
    await batches.apply(ref, { type: 'outcome-unknown', nextAttemptAt: clock.now() });
    clock.turn(22 * HOUR);
    await batches.apply(ref, started());
    expect(await overdue()).not.toContainEqual(ref);

    clock.turn(HOUR);
    expect(await overdue()).toContainEqual(ref);
  });
});

describe('an intent to call', () => {
  async function intent(account: string) {
    const { id } = await laidOut(1, { account });
    const ref = { campaignId: id, no: 1 };
    const batch = await batches.read(ref);
    const control = (await campaigns.read(id))?.control;
    if (!batch || !control) throw new TypeError('it was laid out');
    return async (at = clock.now()) => {
      const started = await batches.startAttempt({ ref, batch, control, api: 'send', at });
      return started === 'moved' ? started : started.state;
    };
  }

  it.each([
    ['an hour ago or later', HOUR, 'submitting'],
    ['longer ago, as in a restored Redis', HOUR + 1, 'moved'],
  ])('is recorded only where a worker lived: %s', async (_, agoMs, expected) => {
    const start = await intent(`beaten-${agoMs}`);
    const now = clock.now();
    await redis.set(`${record}:heartbeat`, now - agoMs);

    const started = await start(now);
    await redis.del(`${record}:heartbeat`);

    expect(started).toBe(expected);
  });

  it('counts the call that it is of, and none that is not made', async () => {
    const account = 'counted';
    const start = await intent(account);

    expect(await start()).toBe('submitting');
    expect(await start()).toBe('moved');

    expect(await quota.today(account)).toEqual({ 'message/mass/send': 1 });
    expect(await quota.minuteHasRoom(account, 'message/mass/send')).not.toBeNull();
  });

  it.each([
    ['since Redis was restored', 'restored', 'redis-restored'],
    ['by an operator', 'paused', 'by-operator'],
    ['of OpenIDs alone', 'sendBlocked', 'refused-by-wechat'],
  ] as const)('is not recorded while its account is stopped %s', async (_, field, code) => {
    const account = `stopped-${field}`;
    const start = await intent(account);
    const facts = { at: clock.now(), by: 'qunfa', minutes: 90, errcode: 48001 };
    await lanes.set(account, field, { ...facts, code });
    expect(await start()).toBe('moved');

    await lanes.release(account);
    expect(await start()).toBe('submitting');
  });
});
