import { describe, expect, it } from 'vitest';
import { faultOf } from '../../src/producer/http/faults.ts';
import { leaveRoomInRedis } from '../../src/producer/leave-room-in-redis.ts';
import { DAY } from '../../src/shared/platform/time.ts';
import { openRecord, type Stores } from '../../src/shared/record/record.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { aWorld } from './world.ts';

const { redis, url, prefix } = testRedis();

function opened(used: () => number): Stores {
  const stores = openRecord({
    ...{ redis, prefix, retainMs: DAY, submitTimeoutMs: 1, now: Date.now },
    identityOf: (name: string) => name,
  });
  return leaveRoomInRedis(stores as unknown as Stores, async () => used());
}

describe('a Redis that is nearly full', () => {
  it('takes no file, list or draft any more, and says so', async () => {
    const { media, composed, audiences } = opened(() => 0.91);
    const body = { account: 'default', name: 'Spring' };
    const list = (async function* () {
      yield Buffer.from(openIds(10).join('\n'));
    })();
    for (const keep of [
      () => media.put(new Uint8Array(1)),
      () => composed.begin('ann', body),
      () => composed.save('ann', { id: 'x'.repeat(16), body }),
      () => audiences.ingest(list, { format: 'text' }),
    ]) {
      const error = await keep().catch((one: unknown) => one);
      expect(faultOf(error)).toEqual({ code: 'redis-full' });
    }
    expect(await composed.list('ann')).toEqual([]);
  });

  it('ends a list that fills it, and keeps nothing of it', async () => {
    let used = 0.5;
    const { audiences } = opened(() => used);
    const before = (await audiences.list({ limit: 10 })).lists.length;
    const list = (async function* () {
      for (;;) {
        yield Buffer.from(`${openIds(20_000).join('\n')}\n`);
        used = 0.95;
        // Looked at once a second.
        await new Promise((wake) => setTimeout(wake, 50));
      }
    })();

    const error = await audiences.ingest(list, { format: 'text' }).catch((one: unknown) => one);

    expect(faultOf(error)).toEqual({ code: 'redis-full' });
    expect((await audiences.list({ limit: 10 })).lists).toHaveLength(before);
  });

  it('is what the producer looks at', async () => {
    const world = await aWorld({ url, prefix: `${prefix}-own` });

    expect((await world.post('/v1/drafts', { account: 'default', name: 'x' })).status).toBe(201);
  });
});
