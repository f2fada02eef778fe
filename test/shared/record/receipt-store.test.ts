/** Copies that differ, events that nobody signed, and events of what is no longer kept. */
import { describe, expect, it } from 'vitest';
import type { Receipt } from '../../../src/shared/campaign/receipt.ts';
import { HOUR, MINUTE } from '../../../src/shared/platform/time.ts';
import { makeKeys } from '../../../src/shared/record/keys.ts';
import type { Arrival } from '../../../src/shared/record/receipt-store.ts';
import { receipt } from '../../support/builders.ts';
import { testRedis } from '../../support/redis.ts';
import { testStores } from '../../support/stores.ts';

const connection = testRedis();
const { redis } = connection;
const { batches, campaigns, clock, record, laidOut } = testStores(connection);
const keys = makeKeys(record);

let used = 5_000_000;
async function submitted(account: string) {
  used += 1;
  const msgId = String(used);
  const { id } = await laidOut(1, { account });
  const ref = { campaignId: id, no: 1 };
  await batches.apply(ref, { type: 'attempt-started', at: clock.now() });
  await batches.accepted(ref, { type: 'accepted', msgId, at: clock.now() });
  return { ref, msgId, account };
}

const arrival = (msgId: string, changes: Partial<Arrival> = {}): Arrival => ({
  msgId,
  receipt: receipt(),
  createdAt: clock.now(),
  trusted: true,
  ...changes,
});
const receiptOf = async (ref: { campaignId: string; no: number }): Promise<Receipt> => {
  const batch = await batches.read(ref);
  if (batch?.state !== 'settled') throw new TypeError('settled');
  return batch.receipt;
};
const tallyOf = async (id: string) => (await campaigns.read(id))?.tally;

describe('copies of an event', () => {
  it('are in the order of their making: an older one replaces nothing', async () => {
    const { ref, msgId, account } = await submitted('order');
    const later = receipt({ status: 'refused', code: 'err(10001)', sent: 0, failed: 24 });
    await batches.take(account, arrival(msgId, { receipt: later }));

    const older = arrival(msgId, { createdAt: clock.now() - HOUR });
    expect(await batches.take(account, older)).toBe('repeated');

    expect(await receiptOf(ref)).toEqual(later);
    const newer = arrival(msgId, { createdAt: clock.now() + MINUTE });
    expect(await batches.take(account, newer)).toBe('replaced');
  });
});

describe('counts that cannot be true', () => {
  it.each([
    ['more than the batch has', { total: 10_000, eligible: 10_000, sent: 10_000, failed: 0 }],
    ['some sent of a batch that failed', { status: 'failed' as const, sent: 20, failed: 4 }],
    ['parts that do not add up', { eligible: 24, sent: 10, failed: 1 }],
    ['more sent than there are', { total: 20, eligible: 24, sent: 23, failed: 1 }],
  ])('are told from the others: %s', async (_, changes) => {
    const { ref, msgId, account } = await submitted('implausible');

    await batches.take(account, arrival(msgId, { receipt: receipt(changes) }));

    expect((await tallyOf(ref.campaignId))?.implausible).toBe(1);
  });

  it('are not those of a group, whose size only WeChat knows, nor of an ordinary batch', async () => {
    const { ref, msgId, account } = await submitted('plausible');

    await batches.take(account, arrival(msgId));

    expect((await tallyOf(ref.campaignId))?.implausible).toBe(0);
  });
});

describe('an event without readable counts', () => {
  it('is another thing than none', async () => {
    const [read, asked] = [await submitted('unreadable'), await submitted('unreadable')];
    const none = { total: null, eligible: null, sent: null, failed: null };

    await batches.take(read.account, arrival(read.msgId, { receipt: receipt(none) }));
    await batches.settleByAsking(asked.ref, asked.msgId, receipt(none));

    expect(await tallyOf(read.ref.campaignId)).toMatchObject({ uncounted: 1, unreadable: 1 });
    expect(await tallyOf(asked.ref.campaignId)).toMatchObject({ uncounted: 1, unreadable: 0 });
  });
});

describe('an event that is not signed', () => {
  const links = { articleUrls: [{ index: 1, url: 'https://evil.example/' }] };

  it('gives a status; its counts are marked, its links are not kept', async () => {
    const { ref, msgId, account } = await submitted('plain');
    const plain = arrival(msgId, { trusted: false, receipt: receipt(links) });

    expect(await batches.take(account, plain)).toBe('unconfirmed');
    const parked = await batches.parked(account, msgId);
    await batches.settleByAsking(ref, msgId, parked?.receipt ?? receipt(), parked ?? plain);

    expect(await receiptOf(ref)).toEqual({ ...receipt(), unverified: true });
    expect((await tallyOf(ref.campaignId))?.unverified).toBe(1);
  });

  it('that says something else than the one before is said, and changes no count', async () => {
    const { ref, msgId, account } = await submitted('plain');
    await batches.take(account, arrival(msgId, { trusted: false }));
    const parked = await batches.parked(account, msgId);
    if (!parked) throw new TypeError('parked');
    await batches.settleByAsking(ref, msgId, parked.receipt, parked);

    const other = receipt({ sent: 1, failed: 23 });
    for (let copy = 0; copy < 3; copy += 1) {
      await batches.take(account, arrival(msgId, { trusted: false, receipt: other }));
    }

    expect(await receiptOf(ref)).toMatchObject({ sent: 23, disputed: true });
    expect((await tallyOf(ref.campaignId))?.disputed).toBe(1);
    const audit = await campaigns.audit(ref.campaignId);
    expect(audit.filter(({ by, batch }) => by === 'wechat' && batch === 1)).toHaveLength(1);
  });

  it('is known to differ before WeChat was asked, too', async () => {
    const { msgId, account } = await submitted('plain');
    await batches.take(account, arrival(msgId, { trusted: false }));

    const other = receipt({ sent: 1, failed: 23 });
    await batches.take(account, arrival(msgId, { trusted: false, receipt: other }));

    expect((await batches.parked(account, msgId))?.receipt).toMatchObject({ disputed: true });
  });

  it('that says the same again wakes nobody: it is no news', async () => {
    const { msgId, account } = await submitted('plain');
    const plain = arrival(msgId, { trusted: false });

    expect(await batches.take(account, plain)).toBe('unconfirmed');
    expect(await batches.take(account, plain)).toBe('repeated');
  });
});

describe('parked events of one account on one day', () => {
  it('end at a count, and go on the next day; one of our own batch is kept all the same', async () => {
    const account = 'flooded';
    const today = keys.parkedOn(account, Math.floor(clock.now() / (24 * HOUR)));
    await redis.hset(today, 'count', 5_000, 'bytes', 1_000);

    expect(await batches.take(account, arrival('9990001'))).toBe('too-many');
    expect(await batches.parked(account, '9990001')).toBeNull();
    const { msgId } = await submitted(account);
    expect(await batches.take(account, arrival(msgId, { trusted: false }))).toBe('unconfirmed');

    clock.turn(24 * HOUR);
    expect(await batches.take(account, arrival('9990001'))).toBe('parked');
  });

  it('end at so many bytes', async () => {
    const account = 'heavy';
    const today = keys.parkedOn(account, Math.floor(clock.now() / (24 * HOUR)));
    await redis.hset(today, 'count', 1, 'bytes', 8 * 1024 * 1024);

    expect(await batches.take(account, arrival('9990002'))).toBe('too-many');
  });
});

describe('an event of what is no longer there', () => {
  it('is said to be outdated, and fails for nobody', async () => {
    const gone = await submitted('gone');
    await redis.del(keys.campaign(gone.ref.campaignId), keys.batches(gone.ref.campaignId));
    expect(await batches.take('gone', arrival(gone.msgId))).toBe('outdated');

    const { ref } = await submitted('gone');
    await redis.set(keys.messageId('gone', '9990003'), `${ref.campaignId}/1`);
    expect(await batches.take('gone', arrival('9990003'))).toBe('outdated');
  });
});
