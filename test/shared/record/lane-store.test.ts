import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testRedis } from '../../support/redis.ts';
import { testStores } from '../../support/stores.ts';

const connection = testRedis();
const { lanes, batches, clock, record, laidOut } = testStores(connection);
const stop = { at: 1, by: 'wechat', errcode: 50002, code: 'refused-by-wechat' } as const;

describe('a lane', () => {
  it('is busy while WeChat must still be called for a batch', async () => {
    const { id, account } = await laidOut(2, { account: 'busy' });
    expect(await lanes.busy()).toContain(account);
    expect(await lanes.work(account)).toBe(2);

    for (const no of [1, 2]) {
      await batches.apply({ campaignId: id, no }, { type: 'cancelled', at: clock.now() });
    }

    expect(await lanes.busy()).not.toContain(account);
  });

  it('remembers why it stands still until that is taken back', async () => {
    await lanes.set('still', 'paused', stop);
    await lanes.set('still', 'narrowUntil', 5);
    expect(await lanes.read('still')).toEqual({ paused: stop, narrowUntil: 5 });

    await lanes.release('still');
    expect(await lanes.read('still')).toEqual({ narrowUntil: 5 });
  });

  it('tells every worker at once when it stops, is released or gets work', async () => {
    const listener = new Redis(connection.url);
    onTestFinished(() => listener.disconnect());
    const heard: string[] = [];
    await listener.subscribe(`${record}:lane-feed`);
    const all = new Promise<void>((resolve) => {
      listener.on('message', (_, account) => {
        heard.push(account);
        if (heard.length === 3) resolve();
      });
    });

    await lanes.set('told', 'paused', stop);
    await lanes.release('told');
    await laidOut(1, { account: 'told' });

    await all;
    expect(heard).toEqual(['told', 'told', 'told']);
  });

  it('has work again when a batch is opened again', async () => {
    const { id } = await laidOut(1, { account: 'again' });
    const ref = { campaignId: id, no: 1 };
    await batches.apply(ref, { type: 'attempt-started', at: clock.now() });
    await batches.apply(ref, {
      type: 'refused',
      failure: { code: 'record-lost' },
      at: clock.now(),
    });
    expect(await lanes.work('again')).toBe(0);

    await batches.apply(ref, { type: 'retried' });
    expect(await lanes.work('again')).toBe(1);
  });
});

describe('the workers’ heartbeat', () => {
  it('is the newest of any worker, or none', async () => {
    expect(await lanes.heartbeat()).toBeNull();

    await lanes.beat(17);

    expect(await lanes.heartbeat()).toBe(17);
  });
});
