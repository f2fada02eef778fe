import type { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import type { AccountConfig } from '../../../src/shared/platform/accounts.ts';
import { MINUTE, SECOND } from '../../../src/shared/platform/time.ts';
import { openQueues } from '../../../src/shared/queue/queues.ts';
import { keepLanes, spacingOf } from '../../../src/workers/lane/keep-lanes.ts';
import { recordedLog } from '../../support/log-lines.ts';
import { testRedis } from '../../support/redis.ts';
import { testStores } from '../../support/stores.ts';

const { redis, url, prefix } = testRedis();
const { lanes, clock, record, laidOut } = testStores({ redis, prefix });

describe('a lane at its pace', () => {
  it.each([1, 5, 60, 61, 100, 600])('of %i a minute is never over it in any 60 s', (perMinute) => {
    const spacing = spacingOf(perMinute);
    // The first arrives half a second late, the one after a full allowance at once.
    expect(perMinute * spacing - SECOND / 2).toBeGreaterThanOrEqual(MINUTE);
    expect(MINUTE / spacing / perMinute).toBeGreaterThanOrEqual(0.98);
  });
});

describe('a lane that goes one by one', () => {
  it('goes on so where WeChat found it too fast again just as its time was over', async (test) => {
    const { log } = recordedLog();
    const queues = openQueues({ connection: redis, log, prefix });
    const listener = new Redis(url);
    test.onTestFinished(async () => {
      listener.disconnect();
      await queues.close();
    });
    const { account } = await laidOut(1);
    await lanes.set(account, 'narrowUntil', clock.now() - SECOND);
    const longer = clock.now() + 10 * MINUTE;
    let reads = 0;

    const keeper = await keepLanes({
      lanes: {
        ...lanes,
        // The second look is the one that finds its time over; then comes the 42010.
        async read(name) {
          const state = await lanes.read(name);
          reads += 1;
          if (reads !== 2) return state;
          await lanes.set(name, 'narrowUntil', longer);
          await queues.lane(name).setGlobalConcurrency(1);
          return state;
        },
      },
      queues,
      listener,
      channel: `${record}:lane-feed`,
      accounts: () => [{ name: account, callsPerMinute: 60 } as AccountConfig],
      serves: () => true,
      open: () => ({ close: async () => {} }) as unknown as Worker,
      serving: async () => [],
      telemetry: { callsPerMinuteDiffer: () => undefined },
      openAccounts: async () => new Set(),
      log,
      now: clock.now,
    });
    await keeper.stop();

    expect(await lanes.read(account)).toMatchObject({ narrowUntil: longer });
    expect(await queues.lane(account).getGlobalConcurrency()).toBe(1);
  });
});
