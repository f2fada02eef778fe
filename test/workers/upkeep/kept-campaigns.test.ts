/** Campaigns that have ended are kept for a month; what the workers do must not grow with them. */
import { describe, expect, it, vi } from 'vitest';
import { campaignId } from '../../../src/shared/campaign/campaign-id.ts';
import { EMPTY_TALLY } from '../../../src/shared/campaign/progress.ts';
import { HOUR, MINUTE } from '../../../src/shared/platform/time.ts';
import { makeKeys } from '../../../src/shared/record/keys.ts';
import { aCampaign, aRequest, receipt, submitted } from '../../support/builders.ts';
import { startWorld, type World } from '../../support/world.ts';

const AT_ONCE = 1_000;

/** As they lie there after their end, written directly. */
async function keep({ redis, prefix, clock }: World, count: number): Promise<void> {
  const keys = makeKeys(`${prefix}:record`);
  const createdAt = clock.now() - HOUR;
  const settled = {
    ...submitted('1'),
    ...{ state: 'settled', settledAt: createdAt, receipt: receipt() },
  };
  for (let from = 0; from < count; from += AT_ONCE) {
    const pipeline = redis.pipeline();
    for (let n = 0; n < Math.min(AT_ONCE, count - from); n += 1) {
      const id = campaignId(createdAt + from + n);
      const campaign = aCampaign({ id, createdAt, sendAt: createdAt, notAfter: createdAt });
      const control = { phase: 'ended', pauses: {}, endedAt: createdAt, recipients: 25 };
      pipeline.hset(keys.campaign(id), {
        spec: JSON.stringify(campaign),
        control: JSON.stringify(control),
      });
      pipeline.hset(keys.batches(id), '1', JSON.stringify(settled));
      pipeline.hset(keys.tally(id), { ...EMPTY_TALLY, settled: 1, sent: 23 });
      pipeline.rpush(
        keys.audit(id),
        JSON.stringify({ at: createdAt, by: 'qunfa', action: 'ended' }),
      );
      for (const index of [
        keys.campaigns(),
        keys.campaignsOf('default'),
        keys.endedAs('completed'),
        keys.endedAs('completed', 'default'),
      ]) {
        pipeline.zadd(index, createdAt, id);
      }
      pipeline.hset(keys.names(), id, 'happy day');
    }
    await pipeline.exec();
  }
}

/** Of the sweep right after a start of Redis, with its recount and its search for lost roots. */
async function commandsOfSweep({ redis, prefix, jump, sweep, logged }: World): Promise<number> {
  await redis.set(makeKeys(`${prefix}:record`).counted(), 'another start');
  await jump(MINUTE);
  const sent = vi.spyOn(redis, 'sendCommand');
  await sweep();
  const count = sent.mock.calls.length;
  sent.mockRestore();
  expect(logged.lines.filter(({ level }) => level === 'error')).toEqual([]);
  return count;
}

describe('the sweep after a start of Redis', () => {
  it('sends as many commands with 20,000 kept campaigns as with 1,000', async (t) => {
    const world = await startWorld(t, { hosts: [] });
    await world.create(aRequest('default'));
    await keep(world, 1_000);
    // The newest are in memory after the first one.
    await commandsOfSweep(world);
    const few = await commandsOfSweep(world);
    await keep(world, 19_000);
    await commandsOfSweep(world);

    const many = await commandsOfSweep(world);

    expect(few).toBeGreaterThan(500);
    expect(Math.abs(many - few)).toBeLessThan(20);
  });
});
