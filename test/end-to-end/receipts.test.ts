/** What WeChat makes of a batch, whenever and however often it says so. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/shared/campaign/receipt.ts';
import { receiptWords } from '../../src/shared/campaign/receipt-words.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { aRequest } from '../support/builders.ts';
import { startWorld, type World } from '../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  {
    accounts: [
      ...Array.from({ length: 16 }, (_, i) => ({ name: `a${i + 1}` })),
      ...Array.from({ length: 4 }, (_, i) => ({ name: `plain${i + 1}`, plain: true })),
    ],
  },
);

async function receiptOf(id: string): Promise<Receipt | undefined> {
  const batch = await world.batch(id);
  return batch.state === 'settled' ? batch.receipt : undefined;
}

/** Long enough that it does not pass by itself. */
const DEADLINE = 10 * MINUTE;

/** Its job has done what it could for now. */
const restsAgain = (own: World, id: string) =>
  own.until('its job sleeps again', async () =>
    (await own.queues.receipts.getDelayed()).some(
      (job) => job.data.campaignId === id && job.attemptsStarted > 0,
    ),
  );

async function submittedMsgId(id: string): Promise<string> {
  const batch = await world.until('submitted', async () => {
    const found = await world.batch(id).catch(() => null);
    return found?.state === 'submitted' && found;
  });
  return batch.msgId;
}

describe('an event', () => {
  it('may come before the answer to the send', async () => {
    const account = world.nextAccount('a');
    world.faults.set('event-early', { account });

    const id = await world.create(aRequest(account));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', receipt: { sent: 25 } });
  });

  it('may come before the answer that is never heard', async () => {
    const account = world.nextAccount('a');
    world.faults.set('reset-after-accepting', { account });

    const id = await world.create(aRequest(account));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', receipt: { sent: 25 } });
    expect(world.messages(account)).toEqual({ 1: 25 });
  });

  it('counts once, though it comes three times', async () => {
    const account = world.nextAccount('a');
    world.faults.set('event-duplicate', { account, copies: 3 });

    const id = await world.create(aRequest(account));
    await world.ended(id);
    await world.events.settled();

    expect(await world.view(id)).toMatchObject({ receipt: { total: 25, sent: 25 } });
    const pushes = world.ledger.pushes().filter((push) => push.account === account);
    expect(pushes.map(({ taken }) => taken)).toEqual([true, true, true]);
  });

  it('replaces what an earlier copy said, and the change is noted', async () => {
    const account = world.nextAccount('a');
    const id = await world.create(aRequest(account));
    await world.ended(id);
    const batch = await world.batch(id);
    const msgId = 'msgId' in batch ? batch.msgId : '';

    await world.events.pushFields(account, {
      ...world.events.fieldsOf(account, msgId),
      SentCount: '20',
      ErrorCount: '5',
    });

    const view = await world.untilView(id, 'replaced', ({ receipt }) => receipt.sent !== 25);
    expect(view).toMatchObject({ receipt: { total: 25, sent: 20, failed: 5 } });
    expect(await world.audit(id)).toContain('wechat: receipt-replaced');
  });

  it('of somebody else’s send is answered with success and settles nothing', async () => {
    const account = world.nextAccount('a');
    world.faults.set('event-never', { account });
    const id = await world.create(aRequest(account));
    const msgId = await submittedMsgId(id);

    const fields = { ...world.events.fieldsOf(account, msgId), MsgID: '4000000001' };
    expect(await world.events.pushFields(account, fields)).toBe(true);
    expect((await world.view(id)).state).toBe('awaiting-receipts');

    await world.events.push(account, msgId);
    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('of one account settles nothing of another whose message has the same id', async () => {
    const [account, other] = [world.nextAccount('a'), world.nextAccount('a')];
    world.faults.set('event-never', { account });
    const id = await world.create(aRequest(account));
    const msgId = await submittedMsgId(id);

    const same = await world.create(aRequest(other));
    await world.ended(same);
    expect((await world.batch(same)) as { msgId: string }).toMatchObject({ msgId });
    expect((await world.view(id)).state).toBe('awaiting-receipts');
    await world.events.push(account, msgId);
    await world.ended(id);
  });

  it.each([
    ['err(10001)', 'refused', 'none'],
    ['err(20001)', 'refused', 'none'],
    ['err(30003)', 'refused', 'none'],
    ['err(40001)', 'refused', 'none'],
    ['err(20431)', 'refused', 'none'],
    ['send fail', 'failed', 'none'],
    ['sendsuccess', 'delivered', 'delivered'],
  ])('that says %s settles the batch as %s', async (eventStatus, status, outcome) => {
    const account = world.nextAccount('a');
    world.faults.set('event-status', { account, eventStatus });

    const id = await world.create(aRequest(account));

    expect(await world.ended(id)).toMatchObject({ state: 'completed', outcome });
    const receipt = await receiptOf(id);
    expect(receipt).toMatchObject({ status, code: eventStatus });
    expect(receiptWords(receipt as Receipt, 'en')).toMatch(/\w+ \w+|sent/);
  });

  it('of a fifth campaign to the same followers in a month says that none got it, and the likely cause', async (t) => {
    const own = await startWorld(t, { limits: { followerPerMonth: 4 } });
    const outcomes: unknown[] = [];
    let last = '';

    for (let count = 0; count < 5; count += 1) {
      last = await own.create(aRequest('default', { repeat: true }));
      outcomes.push((await own.ended(last)).outcome);
    }

    expect(outcomes).toEqual([...Array(4).fill('delivered'), 'none']);
    const { receipt, warnings } = await own.view(last);
    expect(receipt).toMatchObject({ eligible: 0, sent: 0, failed: 0 });
    expect(warnings).toEqual([{ code: 'sent-to-nobody', batches: 1, likely: 'filtered' }]);
  });

  it('that says success and sent to nobody is no delivery', async () => {
    const account = world.nextAccount('a');
    world.faults.set('event-sent-zero', { account });

    const id = await world.create(aRequest(account));

    const view = await world.ended(id);
    expect(view).toMatchObject({ outcome: 'none', receipt: { sent: 0 } });
    expect(view.warnings).toEqual([{ code: 'sent-to-nobody', batches: 1, likely: 'none-sent' }]);
  });
});

describe('a batch whose event never comes', () => {
  it('settles without counts at its deadline, and a late event fills them in', async (t) => {
    const own = await startWorld(t, { receiptDeadlineMs: DEADLINE });
    own.faults.set('event-never');
    const id = await own.create(aRequest('default'));
    await own.reaches(id, 'awaiting-receipts');

    await own.jump(DEADLINE);

    const view = await own.ended(id);
    expect(view).toMatchObject({
      outcome: 'delivered',
      receipt: { total: null, eligible: null, sent: null, failed: null },
      warnings: [{ code: 'no-counts', batches: 1 }],
    });

    const batch = await own.batch(id);
    await own.events.push('default', 'msgId' in batch ? batch.msgId : '');
    const filled = await own.untilView(id, 'filled in', ({ receipt }) => receipt.sent !== null);
    expect(filled).toMatchObject({
      receipt: { total: 25, sent: 25 },
      warnings: [{ code: 'corrected' }],
    });
  });

  it('says that nobody knows, if WeChat does not say either', async (t) => {
    const own = await startWorld(t, { receiptDeadlineMs: DEADLINE });
    own.faults.set('event-never');
    own.faults.set('errcode', { path: 'message/mass/get', errcode: 40059, times: null });
    const id = await own.create(aRequest('default'));
    await own.reaches(id, 'awaiting-receipts');

    await own.jump(DEADLINE);
    await own.until('asked', () => own.ledger.calls('default')['message/mass/get']);
    await restsAgain(own, id);
    expect((await own.view(id)).state).toBe('awaiting-receipts');

    await own.jump(73 * DEADLINE);
    expect(await own.ended(id)).toMatchObject({ outcome: 'unknown', receipt: { sent: null } });
  });

  it('is not asked about before its deadline, whoever promotes its job', async () => {
    const account = world.nextAccount('a');
    world.faults.set('event-never', { account });
    const id = await world.create(aRequest(account));
    const msgId = await submittedMsgId(id);
    const job = await world.until('asleep', async () => {
      const found = await world.queues.receipts.getJob(`m-${account}-${msgId}`);
      return (await found?.isDelayed()) && found;
    });

    await job.promote();
    await world.until('asleep again', async () => {
      const found = await world.queues.receipts.getJob(job.id ?? '');
      return (await found?.isDelayed()) && (found?.attemptsStarted ?? 0) > 0;
    });

    expect(world.ledger.calls(account)['message/mass/get']).toBeUndefined();
    await world.events.push(account, msgId);
    await world.ended(id);
  });
});

describe('in plain mode, where anybody can write an event', () => {
  it('an event settles its batch once WeChat says the same', async () => {
    const account = world.nextAccount('plain');

    const id = await world.create(aRequest(account));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', receipt: { sent: 25 } });
    expect(world.ledger.calls(account)['message/mass/get']).toBeGreaterThanOrEqual(1);
  });

  it('a forged event settles nothing, and the true one does', async () => {
    const account = world.nextAccount('plain');
    world.faults.set('event-never', { account });
    const id = await world.create(aRequest(account));
    const msgId = await submittedMsgId(id);

    const forged = { ...world.events.fieldsOf(account, msgId), Status: 'err(20001)' };
    await world.events.pushFields(account, forged);
    await world.until('asked', () => world.ledger.calls(account)['message/mass/get']);
    await restsAgain(world, id);
    expect((await world.view(id)).state).toBe('awaiting-receipts');

    await world.events.push(account, msgId);
    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', receipt: { sent: 25 } });
  });

  it('a forged event does not keep a batch open beyond its deadline', async (t) => {
    const own = await startWorld(t, {
      accounts: [{ name: 'default', plain: true }],
      receiptDeadlineMs: DEADLINE,
    });
    own.faults.set('event-never');
    const id = await own.create(aRequest('default'));
    await own.reaches(id, 'awaiting-receipts');
    const batch = await own.batch(id);
    const msgId = 'msgId' in batch ? batch.msgId : '';
    const forged = { ...own.events.fieldsOf('default', msgId), Status: 'err(20001)' };
    await own.events.pushFields('default', forged);

    await own.jump(DEADLINE);

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered', receipt: { sent: null } });

    await own.events.push('default', msgId);
    // WeChat was asked at the deadline, and is not asked again at once.
    await own.until(
      'its job sleeps',
      async () => (await own.queues.receipts.getDelayedCount()) > 0,
    );
    await own.jump(DEADLINE / 4);
    const filled = await own.untilView(id, 'filled in', ({ receipt }) => receipt.sent !== null);
    expect(filled).toMatchObject({ receipt: { total: 25, sent: 25 } });
  });
});
