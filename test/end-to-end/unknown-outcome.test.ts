/** WeChat is silent, or says nothing that can be read: the same key, until somebody knows. */
import { afterAll, describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import { aRequest, toOpenIds } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

const scope = { onTestFinished: (end: () => Promise<void>) => afterAll(end) };
const accounts = Array.from({ length: 16 }, (_, i) => ({ name: `a${i + 1}` }));
const patient = await startWorld(scope, { accounts });
/** Gives WeChat up soon, where it is silent; elsewhere a slow machine would pass for silence. */
const impatient = await startWorld(scope, { accounts, submitTimeoutMs: 5 * SECOND });

describe('a campaign reaches each follower once, though', () => {
  it.each([
    ['WeChat goes silent after accepting', 'silent-after-accepting', {}, [0, 45065]],
    ['WeChat goes silent before it looks', 'silent-before', {}, ['silent', 0]],
    ['the connection breaks before WeChat looks', 'reset-before', {}, ['reset', 0]],
    ['the connection breaks after accepting', 'reset-after-accepting', {}, ['reset', 45065]],
    ['a gateway answers for WeChat, which looked', 'status-502', { processed: true }, [502, 45065]],
    ['a gateway answers for WeChat, which did not', 'status-502', {}, [502, 0]],
    ['the answer is cut off', 'truncated-json', {}, [0, 45065]],
    ['a login page answers', 'html-answer', {}, [0, 0]],
    ['WeChat is busy, and did it', 'errcode', { errcode: -1, processed: true }, [-1, 45065]],
    ['WeChat is busy (-1)', 'errcode', { errcode: -1 }, [-1, 0]],
    ['WeChat has too many tasks', 'errcode', { errcode: 9500002 }, [9500002, 0]],
    ['WeChat says a number nobody knows', 'errcode', { errcode: 1234567 }, [1234567, 0]],
    ['WeChat finds the key used too soon', 'errcode', { errcode: 45066 }, [45066, 0]],
  ] as const)('%s', async (_, fault, details, calls) => {
    const world = fault.startsWith('silent') ? impatient : patient;
    const account = world.nextAccount();
    world.faults.set(fault, { account, path: 'message/mass/send', ...details });

    const id = await world.create(aRequest(account));
    const view = await world.ended(id);

    expect(view).toMatchObject({ state: 'completed', outcome: 'delivered' });
    expect(world.messages(account)).toEqual({ 1: 25 });
    const answers = world.sendCalls(account).map((call) => (call === 'silent' ? 'silent' : call));
    expect(answers.at(-1)).toBe(calls[1]);
    expect(answers).toHaveLength(2);
    const keys = new Set(
      world.ledger
        .requests('message/mass/send')
        .filter((call) => call.account === account)
        .map(({ body = '' }) => (JSON.parse(body) as { clientmsgid: string }).clientmsgid),
    );
    expect([...keys]).toEqual([`${id}-1-0`]);
  });

  it('an unanswered call stops its own lane, until it is answered, and no other', async () => {
    const world = patient;
    const [account, other] = [world.nextAccount(), world.nextAccount()];
    const silent = world.faults.set('status-502', { account, times: 2, path: 'message/mass/send' });
    const first = await world.create(aRequest(account));
    await world.until('the call is unanswered', async () => {
      const batch = await world.batch(first).catch(() => null);
      return batch?.state === 'submitting' && batch.answered;
    });

    const second = await world.create(aRequest(account));
    const elsewhere = await world.create(aRequest(other));
    await world.ended(elsewhere);
    await world.ended(second);

    expect(silent.fired).toBe(2);
    const order = world.ledger
      .requests('message/mass/send')
      .filter((call) => call.account === account)
      .map(({ body = '' }) => (body.includes(`"${first}-1-0"`) ? 'first' : 'second'));
    expect(order).toEqual(['first', 'first', 'first', 'second']);
    expect(world.messages(account)).toEqual({ 2: 25 });
  });
});

describe('an unanswered batch', () => {
  it('is asked about after 1, 2, 5, 15, 30 and then 55 units, and held after 23 hours', async (t) => {
    const own = await startWorld(t, { unknownRetryMs: MINUTE, pace: { keyRepeatMs: MINUTE } });
    await own.ended(await own.create(aRequest('default')));
    const before = own.sendCalls('default').length;
    own.faults.set('status-502', { path: 'message/mass/send', times: null });
    const id = await own.create(aRequest('default'));

    const steps: number[] = [];
    for (let call = 1; call <= 7; call += 1) {
      const batch = await own.until(`answer ${call}`, async () => {
        const found = await own.batch(id).catch(() => null);
        return found?.state === 'submitting' && found.answered && found.attempts === call && found;
      });
      await own.until('it sleeps', () => own.queues.lane('default').getDelayedCount());
      const { lastAttemptAt, nextAttemptAt = 0 } = batch;
      steps.push(Math.round((nextAttemptAt - lastAttemptAt) / MINUTE));
      if (call < 7) await own.jump(nextAttemptAt - own.clock.now());
    }
    expect(steps).toEqual([1, 2, 5, 15, 30, 55, 55]);

    await own.jump(23 * HOUR);
    await own.sweep();
    expect(await own.reaches(id, 'held')).toMatchObject({ batches: { held: 1 } });
    expect(await own.batch(id)).toMatchObject({ state: 'held', reason: 'outcome-unknown' });

    await own.jump(2 * HOUR);
    await own.sweep();
    expect(own.sendCalls('default')).toHaveLength(before + 7);
  });

  it('is held when notAfter passes, the batches not called yet are cancelled, and nothing is called', async (t) => {
    const own = await startWorld(t, { unknownRetryMs: 60 * SECOND });
    // One at a time: the others must not be called before the first has its answer.
    await own.stores.lanes.set('default', 'narrowUntil', own.clock.now() + DAY);
    own.faults.set('status-502', { path: 'message/mass/send', bodyIncludes: '-1-0"', times: null });
    const notAfter = new Date(own.clock.now() + HOUR).toISOString();
    const id = await own.create(aRequest('default', { audience: toOpenIds(25_000), notAfter }));
    await own.until('the first is unanswered', async () => {
      const batch = await own.batch(id).catch(() => null);
      return batch?.state === 'submitting' && batch.answered;
    });

    await own.jump(HOUR + SECOND);
    await own.sweep();
    await own.until('held', async () => (await own.batch(id)).state === 'held');

    const after = await own.untilView(id, 'settled', ({ batches }) => batches.submitted === 0);
    expect(after.batches).toMatchObject({ held: 1, cancelled: 2, submitting: 0 });
    expect(own.sendCalls('default')).toEqual([502]);

    await own.steer.resolve(id, 1, { as: 'given-up' }, 'ann');
    expect(await own.ended(id)).toMatchObject({ error: { code: 'not-after' } });
  });

  it('is taken in although it was held, when WeChat accepts it after all', async (t) => {
    const own = await startWorld(t, { submitTimeoutMs: 30 * SECOND });
    // Pushed by hand: one under way while the clock is turned would be a day old when it arrives.
    own.faults.set('event-never', { times: 1 });
    const hold = own.faults.hold({ path: 'message/mass/send' });
    const id = await own.create(aRequest('default'));
    await hold.arrived;
    await own.jump(23 * HOUR + 1);
    await own.sweep();
    expect(await own.batch(id)).toMatchObject({ state: 'held', reason: 'outcome-unknown' });

    hold.release();
    await own.reaches(id, 'awaiting-receipts');
    await own.events.pushAll();

    expect(await own.ended(id)).toMatchObject({ state: 'completed', outcome: 'delivered' });
    expect(own.messages('default')).toEqual({ 1: 25 });
  });
});
