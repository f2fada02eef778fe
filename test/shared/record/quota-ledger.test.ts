import { describe, expect, it } from 'vitest';
import { beijingDay } from '../../../src/shared/campaign/quota-window.ts';
import { DAY } from '../../../src/shared/platform/time.ts';
import { makeKeys } from '../../../src/shared/record/keys.ts';
import { makeQuotaLedger } from '../../../src/shared/record/quota-ledger.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const record = `${prefix}:record`;
const now = () => Date.parse('2026-11-28T12:00:00+08:00');

describe('the ledger of calls', () => {
  it('keeps a day for little more than a month, however often it is written to', async () => {
    const ledger = makeQuotaLedger({ redis, record, identityOf: (name) => name, now });
    await ledger.count('default', 'message/mass/send');
    await ledger.count('default', 'message/mass/send');

    const left = await redis.pttl(makeKeys(record).calls('default', beijingDay(now())));

    expect(left).toBeGreaterThan(31 * DAY);
    expect(left).toBeLessThanOrEqual(40 * DAY);
    expect(await ledger.today('default')).toMatchObject({ 'message/mass/send': 2 });
  });
});
