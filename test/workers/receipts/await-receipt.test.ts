import { describe, expect, it } from 'vitest';
import type { Receipt } from '../../../src/shared/campaign/receipt.ts';
import { HOUR, MINUTE, SECOND } from '../../../src/shared/platform/time.ts';
import type { WechatClient } from '../../../src/shared/wechat/client.ts';
import { receipt } from '../../support/builders.ts';
import { aJob, testParts } from '../../support/parts.ts';
import { testRedis } from '../../support/redis.ts';

const { laidOut, clock, batches, config, parts } = testParts(testRedis(), ['plain']);
const { now } = clock;

let used = 6_000_000;

/** A submitted batch, its job, and a WeChat that gives one status. */
async function submitted(status: string, receiptDeadlineMs = 40 * MINUTE) {
  used += 1;
  const msgId = String(used);
  const account = 'plain';
  const { id: campaignId } = await laidOut(1, { account });
  const ref = { campaignId, no: 1 };
  await batches.apply(ref, { type: 'attempt-started', at: now() });
  await batches.accepted(ref, { type: 'accepted', msgId, at: now() });
  let calls = 0;
  const post: WechatClient['post'] = async (_path, _body, { answer }) => {
    calls += 1;
    return { kind: 'ok', value: answer.parse({ msg_id: msgId, msg_status: status }) };
  };
  const { awaitReceipt } = parts({
    config: { ...config, pace: { ...config.pace, receiptDeadlineMs } },
    wechatFor: () => ({ post }) as WechatClient,
  });
  const payload = { campaignId, no: 1, account, msgId };
  return {
    forge: (changes: Partial<Receipt> = {}) =>
      batches.take(account, {
        msgId,
        receipt: receipt(changes),
        createdAt: now(),
        trusted: false,
      }),
    /** @returns how long it sleeps now, ms; null where it has done its work. */
    async run(): Promise<number | null> {
      const wait = await awaitReceipt(payload, aJob({ queueName: 'receipts' }));
      return wait?.kind === 'until' ? wait.at - now() : null;
    },
    batch: () => batches.read(ref),
    calls: () => calls,
  };
}

describe('a batch whose event nobody signed', () => {
  it('costs one look a pause, however many copies somebody writes', async () => {
    const one = await submitted('SENDING');

    for (let copy = 0; copy < 40; copy += 1) {
      await one.forge({ sent: copy });
      expect(await one.run()).toBeGreaterThan(0);
    }
    expect(one.calls()).toBe(1);

    clock.turn(6 * SECOND);
    await one.run();
    expect(one.calls()).toBe(2);
  });

  it.each([
    ['DELETE', 'refused'],
    ['SEND_FAIL', 'refused'],
    ['SEND_FAIL', 'failed'],
    ['SEND_SUCCESS', 'delivered'],
  ] as const)('is believed when WeChat says %s and the event %s', async (said, status) => {
    const one = await submitted(said);
    await one.forge({ status, sent: status === 'delivered' ? 23 : 0 });

    expect(await one.run()).toBeNull();

    expect(await one.batch()).toMatchObject({
      state: 'settled',
      receipt: { status, unverified: true },
    });
  });

  it.each([
    ['DELETE', 'delivered'],
    ['SEND_SUCCESS', 'refused'],
    ['SENDING', 'delivered'],
  ] as const)('is not when WeChat says %s and the event %s', async (said, status) => {
    const one = await submitted(said);
    await one.forge({ status });

    expect(await one.run()).toBeGreaterThan(0);

    expect(await one.batch()).toMatchObject({ state: 'submitted' });
  });
});

describe('a batch that WeChat says nothing of', () => {
  it('is given up after two days, and not before', async () => {
    const one = await submitted('SENDING', 2 * HOUR);

    clock.turn(47 * HOUR);
    expect(await one.run()).toBeGreaterThan(0);
    expect(await one.batch()).toMatchObject({ state: 'submitted' });

    clock.turn(5 * HOUR);
    expect(await one.run()).toBeNull();
    expect(await one.batch()).toMatchObject({ receipt: { status: 'unknown', sent: null } });
  });
});
