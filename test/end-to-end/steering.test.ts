/** What a person says, in the middle of it. */
import { afterAll, describe, expect, it } from 'vitest';
import { makeSteerCampaign } from '../../src/shared/actions/steer-campaign.ts';
import { DAY, HOUR } from '../../src/shared/platform/time.ts';
import type { Queues } from '../../src/shared/queue/queues.ts';
import { anImage, aRequest, toOpenIds } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  {
    accounts: [
      ...Array.from({ length: 28 }, (_, i) => ({ name: `a${i + 1}` })),
      { name: 'asks', approval: 'always' },
    ],
  },
);
const SEND = 'message/mass/send';
const ofCampaign = (id: string) =>
  world.ledger.messagesPerFollower((send) => send.clientMsgId?.startsWith(id) ?? false);

/** One call under way and held, the rest of the batches not called yet. */
async function inTheMiddle(account: string, audience = toOpenIds(50_000)) {
  await world.stores.lanes.set(account, 'narrowUntil', Date.now() + HOUR);
  await world.queues.lane(account).setGlobalConcurrency(1);
  const hold = world.faults.hold({ account, path: SEND });
  const id = await world.create(aRequest(account, { audience }));
  await hold.arrived;
  return { id, hold };
}

async function heldBatch(account: string): Promise<string> {
  world.faults.set('key-taken', { account, msgId: 'none' });
  const id = await world.create(aRequest(account));
  await world.reaches(id, 'held');
  return id;
}

describe('a cancel', () => {
  it('stops what was not called, and the rest goes on to its receipt', async () => {
    const account = world.nextAccount('a');
    const { id, hold } = await inTheMiddle(account);

    await world.steer.cancel(id, 'ann');
    expect((await world.view(id)).batches).toMatchObject({ submitting: 1, cancelled: 4 });
    hold.release();

    expect(await world.ended(id)).toMatchObject({
      state: 'cancelled',
      batches: { settled: 1, cancelled: 4 },
      receipt: { sent: 10_000 },
    });
    expect(ofCampaign(id)).toEqual({ 1: 10_000 });
    expect(await world.audit(id)).toContain('ann: cancel');
  });

  it('before its time ends a scheduled campaign, and nothing is called', async () => {
    const account = world.nextAccount('a');
    const sendAt = new Date(Date.now() + HOUR).toISOString();
    const id = await world.create(aRequest(account, { sendAt, message: anImage() }));
    expect((await world.view(id)).state).toBe('scheduled');

    await world.steer.cancel(id, 'ann');

    expect(await world.ended(id)).toMatchObject({ state: 'cancelled' });
    expect(world.ledger.calls(account)).toEqual({});
  });

  it('asked for twice is one cancel', async () => {
    const account = world.nextAccount('a');
    const { id, hold } = await inTheMiddle(account);

    await world.steer.cancel(id, 'ann');
    expect(await world.steer.cancel(id, 'ann')).toMatchObject({ id });
    hold.release();

    await world.ended(id);
    expect((await world.audit(id)).filter((entry) => entry === 'ann: cancel')).toHaveLength(1);
  });
});

describe('a pause', () => {
  it('stops where it stands, and resume goes on from there', async () => {
    const account = world.nextAccount('a');
    const { id, hold } = await inTheMiddle(account);

    await world.steer.pause(id, 'ann');
    hold.release();
    const paused = await world.untilView(id, 'settled', ({ batches }) => batches.settled === 1);

    expect(paused).toMatchObject({ state: 'paused', batches: { pending: 4 } });
    expect(world.sendCalls(account)).toEqual([0]);

    await world.steer.resume(id, 'ann');
    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(ofCampaign(id)).toEqual({ 1: 50_000 });
  });

  it('may come twice, and a third time', async () => {
    const account = world.nextAccount('a');
    const { id, hold } = await inTheMiddle(account);
    await world.steer.pause(id, 'ann');
    hold.release();
    await world.untilView(id, 'settled', ({ batches }) => batches.settled === 1);

    for (const settled of [2, 3]) {
      const next = world.faults.hold({ account, path: SEND });
      await world.steer.resume(id, 'ann');
      await next.arrived;
      await world.steer.pause(id, 'ann');
      next.release();
      const view = await world.untilView(
        id,
        'settled',
        ({ batches }) => batches.settled === settled,
      );
      expect(view.state).toBe('paused');
    }

    await world.steer.resume(id, 'ann');
    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(ofCampaign(id)).toEqual({ 1: 50_000 });
    expect(world.sendCalls(account)).toEqual([0, 0, 0, 0, 0]);
  });

  it('while its files go up holds it before the first send', async () => {
    const account = world.nextAccount('a');
    const hold = world.faults.hold({ account, path: 'media/upload' });
    const id = await world.create(aRequest(account, { message: anImage() }));
    await hold.arrived;

    await world.steer.pause(id, 'ann');
    hold.release();
    await world.until('it waits for a word', async () =>
      (await world.queues.campaigns.getDelayed()).some(({ id: job }) => job === `p-${id}`),
    );
    expect(world.sendCalls(account)).toEqual([]);

    await world.steer.resume(id, 'ann');
    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('whose resume was recorded, and its recorder killed, ends when resume is said again', async () => {
    const account = world.nextAccount('a');
    const { id, hold } = await inTheMiddle(account, toOpenIds(20_000));
    await world.steer.pause(id, 'ann');
    hold.release();
    await world.until('asleep', async () =>
      (await world.queues.campaigns.getDelayed()).some(({ id: job }) => job === `p-${id}`),
    );
    await world.stores.campaigns.control(id, ({ pauses: _, ...rest }) => rest);

    await world.steer.resume(id, 'ann');

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('is over at once, though a receipt of what was called is still awaited', async () => {
    const account = world.nextAccount('a');
    world.faults.set('event-never', { account });
    const { id, hold } = await inTheMiddle(account, toOpenIds(30_000));
    await world.steer.pause(id, 'ann');
    hold.release();
    await world.untilView(id, 'submitted', ({ batches }) => batches.submitted === 1);
    await world.until('its job sleeps', async () =>
      (await world.queues.receipts.getDelayed()).some(({ data }) => data.campaignId === id),
    );

    await world.steer.resume(id, 'ann');

    const view = await world.untilView(id, 'gone on', ({ batches }) => batches.settled === 2);
    expect(view).toMatchObject({ state: 'awaiting-receipts', batches: { submitted: 1 } });
    await world.events.pushAll();
    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(ofCampaign(id)).toEqual({ 1: 30_000 });
  });

  it('ends with notAfter: what was not called is cancelled', async (t) => {
    const own = await startWorld(t);
    const notAfter = new Date(own.clock.now() + HOUR).toISOString();
    const hold = own.faults.hold({ path: SEND, bodyIncludes: '-1-0"' });
    await own.queues.lane('default').setGlobalConcurrency(1);
    await own.stores.lanes.set('default', 'narrowUntil', Date.now() + 2 * DAY);
    const id = await own.create(aRequest('default', { audience: toOpenIds(20_000), notAfter }));
    await hold.arrived;
    await own.steer.pause(id, 'ann');
    hold.release();
    await own.untilView(id, 'settled', ({ batches }) => batches.settled === 1);

    await own.jump(HOUR + 1);
    await own.sweep();

    expect(await own.ended(id)).toMatchObject({
      state: 'completed',
      outcome: 'partly',
      batches: { settled: 1, cancelled: 1 },
      error: { code: 'not-after' },
    });
    expect(own.sendCalls('default')).toEqual([0]);
  });
});

describe('a held batch', () => {
  it('that a person says was sent waits for the receipt of that message', async () => {
    const account = world.nextAccount('a');
    world.faults.set('event-never', { account });
    const elsewhere = await world.create(aRequest(account));
    await world.until('submitted', async () => (await world.view(elsewhere)).batches.submitted);
    const id = await heldBatch(account);

    // The owner's own id is refused; a message that nobody owns is taken.
    const owner = await world.batch(elsewhere);
    const msgId = 'msgId' in owner ? owner.msgId : '';
    const taken = await world.steer.resolve(id, 1, { as: 'sent', msgId }, 'ann');
    expect(taken).toMatchObject({ refused: { code: 'message-id-taken' } });

    const sent = await world.steer.resolve(
      id,
      1,
      { as: 'sent', msgId: '4100000001', note: 'seen in the console' },
      'ann',
    );
    expect(sent).toMatchObject({ state: 'awaiting-receipts' });
    const again = await world.steer.resolve(id, 1, { as: 'sent', msgId: '4100000001' }, 'ann');
    expect(again).toMatchObject({ state: 'awaiting-receipts' });
    const fields = { ...world.events.fieldsOf(account, msgId), MsgID: '4100000001' };
    await world.events.pushFields(account, fields);

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', receipt: { sent: 25 } });
    const entries = await world.stores.campaigns.audit(id);
    expect(entries.filter(({ action }) => action === 'resolve')).toMatchObject([
      { by: 'ann', batch: 1, as: 'sent', note: 'seen in the console' },
    ]);
    await world.events.push(account, msgId);
  });

  it('that a person says was not sent goes out under a new key, once', async () => {
    const account = world.nextAccount('a');
    const id = await heldBatch(account);
    const hold = world.faults.hold({ account, path: SEND });

    await world.steer.resolve(id, 1, { as: 'not-sent' }, 'ann');
    await hold.arrived;
    expect(await world.steer.resolve(id, 1, { as: 'not-sent' }, 'bob')).toMatchObject({ id });
    hold.release();

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.messages(account)).toEqual({ 1: 25 });
    const [send] = world.ledger.sends((one) => one.account === account);
    expect(send?.clientMsgId).toBe(`${id}-1-1`);
    const entries = await world.stores.campaigns.audit(id);
    expect(entries.filter(({ action }) => action === 'resolve')).toMatchObject([
      { by: 'ann', as: 'not-sent' },
    ]);
  });

  it('that a person gives up ends its campaign, once', async () => {
    const account = world.nextAccount('a');
    const id = await heldBatch(account);

    await world.steer.resolve(id, 1, { as: 'given-up' }, 'ann');
    expect(await world.steer.resolve(id, 1, { as: 'given-up' }, 'ann')).toMatchObject({ id });

    expect(await world.ended(id)).toMatchObject({ state: 'completed', outcome: 'unknown' });
    expect((await world.audit(id)).filter((entry) => /: resolve/.test(entry))).toHaveLength(1);
    expect(world.sendCalls(account)).toEqual([45065]);
  });

  it('follows one of two people who decide differently at once, and tells the other', async () => {
    const account = world.nextAccount('a');
    const id = await heldBatch(account);

    const { version: seen } = await world.batch(id);
    const answers = await Promise.all([
      world.steer.resolve(id, 1, { as: 'given-up', seen }, 'ann'),
      world.steer.resolve(id, 1, { as: 'not-sent', seen }, 'bob'),
    ]);

    const refused = answers.filter((answer) => 'refused' in answer);
    expect(refused).toMatchObject([{ refused: { code: 'moved' } }]);
    const isGivenUp = 'refused' in answers[1];
    expect(await world.ended(id)).toMatchObject({ outcome: isGivenUp ? 'unknown' : 'delivered' });
  });

  it('may be settled for all at once, but not as one message', async () => {
    const account = world.nextAccount('a');
    world.faults.set('key-taken', { account, msgId: 'none', times: 3 });
    const id = await world.create(aRequest(account, { audience: toOpenIds(25_000) }));
    await world.untilView(id, 'held', ({ batches }) => batches.held === 3);

    const one = await world.steer.resolve(id, 'all-held', { as: 'sent', msgId: '1' }, 'ann');
    expect(one).toMatchObject({ refused: { code: 'one-msg-id' } });
    await world.steer.resolve(id, 'all-held', { as: 'not-sent' }, 'ann');

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(ofCampaign(id)).toEqual({ 1: 25_000 });
  });

  it('is decided alone: one goes on while another still waits for a word', async () => {
    const account = world.nextAccount('a');
    world.faults.set('key-taken', { account, msgId: 'none', times: 2 });
    const id = await world.create(aRequest(account, { audience: toOpenIds(20_000) }));
    await world.untilView(id, 'held', ({ batches }) => batches.held === 2);
    await world.until('asleep', async () => {
      const sleeping = await world.queues.campaigns.getDelayed();
      return sleeping.filter(({ id: job }) => job?.startsWith(`h-${id}`)).length === 2;
    });

    await world.steer.resolve(id, 1, { as: 'not-sent' }, 'ann');

    await world.untilView(id, 'settled', ({ batches }) => batches.settled === 1);
    expect(await world.view(id)).toMatchObject({ state: 'held', batches: { held: 1 } });
    await world.steer.resolve(id, 2, { as: 'not-sent' }, 'ann');
    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(ofCampaign(id)).toEqual({ 1: 20_000 });
  });

  it('is not called under its new key once WeChat says late that it had the old one', async (t) => {
    const own = await startWorld(t, { submitTimeoutMs: 60_000 });
    const hold = own.faults.hold({ path: SEND });
    const id = await own.create(aRequest('default'));
    await hold.arrived;
    await own.jump(23 * HOUR + 60_000);
    await own.sweep();
    await own.until('held', async () => (await own.batch(id)).state === 'held');
    await own.steerAccount.pause('default', 'ann');
    const notSent = await own.steer.resolve(id, 1, { as: 'not-sent' }, 'ann');
    expect(notSent).toMatchObject({ id });

    hold.release();

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered', warnings: [] });
    await own.steerAccount.resume('default', 'ann');
    const [send, ...more] = own.ledger.sends();
    expect(more).toEqual([]);
    expect(send?.clientMsgId).toBe(`${id}-1-0`);
    expect(await own.batch(id)).toMatchObject({ generation: 0, msgId: send?.msgId });
    expect(await own.audit(id)).toContain('wechat: accepted-after-all');
  });
});

describe('a retry', () => {
  it('submits the refused batches only, under new keys', async () => {
    const account = world.nextAccount('a');
    world.faults.set('errcode', { account, path: SEND, errcode: 45002, bodyIncludes: '-2-0"' });
    const id = await world.create(aRequest(account, { audience: toOpenIds(30_000) }));
    expect(await world.ended(id)).toMatchObject({
      outcome: 'partly',
      batches: { refused: 1, settled: 2 },
    });

    await world.steer.retry(id, 'ann');

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', batches: { settled: 3 } });
    expect(ofCampaign(id)).toEqual({ 1: 30_000 });
    expect(await world.batch(id, 2)).toMatchObject({ generation: 1 });
    expect((await world.audit(id)).filter((entry) => entry === 'ann: retry')).toHaveLength(1);
  });

  it('is refused where no batch was refused', async () => {
    const account = world.nextAccount('a');
    const id = await world.create(aRequest(account));
    await world.ended(id);

    expect(await world.steer.retry(id, 'ann')).toMatchObject({
      refused: { code: 'nothing-refused' },
    });
    expect(world.sendCalls(account)).toEqual([0]);
  });
});

describe('an approval', () => {
  it('comes from somebody else than whoever enqueued it', async () => {
    const id = await world.create(aRequest('asks'));
    expect(await world.view(id)).toMatchObject({ state: 'paused', pausedFor: ['approval'] });
    expect(await world.steer.resume(id, 'ann')).toMatchObject({
      refused: { code: 'approval-needed' },
    });
    expect(await world.steer.approve(id, 'test')).toMatchObject({
      refused: { code: 'approval-by-another' },
    });

    await world.steer.approve(id, 'ann');

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
  });
});

describe('a decision whose recorder died before anything was woken', () => {
  const died = new Error('died');
  const dying = makeSteerCampaign({
    wechatFor: world.wechatFor,
    stores: world.stores,
    queues: new Proxy({} as Queues, {
      get() {
        throw died;
      },
    }),
    enqueueRoot: () => Promise.reject(died),
    now: world.clock.now,
  });
  const asleep = (job: string) =>
    world.until('asleep', async () =>
      (await world.queues.campaigns.getDelayed()).some(({ id }) => id === job),
    );

  async function paused(): Promise<string> {
    const { id, hold } = await inTheMiddle(world.nextAccount('a'), toOpenIds(20_000));
    await world.steer.pause(id, 'ann');
    hold.release();
    await asleep(`p-${id}`);
    return id;
  }

  async function unapproved(): Promise<string> {
    const id = await world.create(aRequest('asks'));
    await asleep(`p-${id}`);
    return id;
  }

  async function scheduled(): Promise<string> {
    const sendAt = new Date(Date.now() + HOUR).toISOString();
    const id = await world.create(aRequest(world.nextAccount('a'), { sendAt }));
    await asleep(`c-${id}`);
    return id;
  }

  async function held(): Promise<string> {
    const id = await heldBatch(world.nextAccount('a'));
    await asleep(`h-${id}-1-0`);
    return id;
  }

  it.each([
    ['resume', paused, (id: string) => dying.resume(id, 'ann'), 'delivered'],
    ['cancel', paused, (id: string) => dying.cancel(id, 'ann'), 'partly'],
    ['approve', unapproved, (id: string) => dying.approve(id, 'ann'), 'delivered'],
    ['cancel', unapproved, (id: string) => dying.cancel(id, 'ann'), 'none'],
    ['cancel', scheduled, (id: string) => dying.cancel(id, 'ann'), 'none'],
    ['resolve', held, (id: string) => dying.resolve(id, 1, { as: 'not-sent' }, 'ann'), 'delivered'],
  ] as const)('takes effect with the next sweep: %s, %o', async (_, begin, decide, outcome) => {
    const id = await begin();
    await expect(decide(id)).rejects.toBe(died);

    await world.sweep();

    expect(await world.ended(id)).toMatchObject({ outcome });
  });
});
