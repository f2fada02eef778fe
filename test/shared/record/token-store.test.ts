import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { makeTokenStore } from '../../../src/shared/record/token-store.ts';
import { makeTokenSource } from '../../../src/shared/wechat/tokens.ts';
import { testRedis } from '../../support/redis.ts';

const MINUTE = 60_000;
const { redis, url, prefix } = testRedis();
const connections: Redis[] = [];

afterAll(() => {
  for (const connection of connections) connection.disconnect();
});

let accounts = 0;
const aStore = (account = `a${++accounts}`) =>
  makeTokenStore({ redis, record: prefix, identity: account });
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('the shared token', () => {
  it('is read back as written', async () => {
    const store = aStore();
    expect(await store.read()).toBeNull();

    await store.write({ token: 'T', expiresAt: 1_700_000_000_000 });

    expect(await store.read()).toEqual({ token: 'T', expiresAt: 1_700_000_000_000 });
  });

  it("is one account's only", async () => {
    await aStore('one').write({ token: 'T', expiresAt: 1 });

    expect(await aStore('other').read()).toBeNull();
  });

  it('is not replaced by an older one that comes late', async () => {
    const store = aStore();
    await store.write({ token: 'NEW', expiresAt: 2_000 });
    await store.write({ token: 'OLD', expiresAt: 1_000 });

    expect(await store.read()).toEqual({ token: 'NEW', expiresAt: 2_000 });
  });

  it('is dropped only while it is the one', async () => {
    const store = aStore();
    await store.write({ token: 'NEW', expiresAt: 1 });

    await store.dropIf('OLD');
    expect(await store.read()).not.toBeNull();
    await store.dropIf('NEW');
    expect(await store.read()).toBeNull();
  });

  it('does not stay for ever', async () => {
    await aStore('tidy').write({ token: 'T', expiresAt: 1 });

    expect(await redis.pttl(`${prefix}:token:tidy`)).toBeGreaterThan(0);
  });
});

describe('the right to fetch', () => {
  it("is one process's until it gives it back", async () => {
    const store = aStore();
    const release = await store.lock(MINUTE);

    expect(await store.lock(MINUTE)).toBeNull();
    await release?.();
    expect(await store.lock(MINUTE)).not.toBeNull();
  });

  it('runs out, and is then not given back by who had it before', async () => {
    const store = aStore();
    const late = await store.lock(1);
    await expect.poll(() => store.lock(MINUTE), { interval: 5 }).not.toBeNull();

    await late?.();

    expect(await store.lock(MINUTE)).toBeNull();
  });
});

describe('16 cold processes', () => {
  /** As separate as processes are: each with a connection, a store and a source of its own. */
  function processes(fetchToken: () => Promise<string>) {
    const account = `a${++accounts}`;
    const come = { first: 0 };
    const sources = Array.from({ length: 16 }, () => {
      const connection = new Redis(url);
      connections.push(connection);
      const store = makeTokenStore({ redis: connection, record: prefix, identity: account });
      let tried = false;
      return makeTokenSource({
        timeoutMs: 10_000,
        store: {
          ...store,
          lock: async (ms) => {
            const release = await store.lock(ms);
            if (!tried) come.first++;
            tried = true;
            return release;
          },
        },
        fetchToken: async () => {
          const token = await fetchToken();
          return { kind: 'ok', value: { token, expiresInMs: 120 * MINUTE } };
        },
        now: Date.now,
        sleep,
      });
    });
    return { account, sources, come };
  }

  it('make one token call', async () => {
    let calls = 0;
    const { sources, come } = processes(async () => {
      calls++;
      await expect.poll(() => come.first, { interval: 5 }).toBe(16);
      return `T${calls}`;
    });

    const got = await Promise.all(sources.map((source) => source.get()));

    expect(got).toEqual(Array(16).fill({ kind: 'ok', value: 'T1' }));
    expect(calls).toBe(1);
  });

  it('make one more when all of them are refused the same token', async () => {
    let calls = 0;
    const { sources } = processes(async () => `T${++calls}`);
    await Promise.all(sources.map((source) => source.get()));

    const got = await Promise.all(
      sources.map(async (source) => {
        await source.drop('T1');
        return await source.get();
      }),
    );

    expect(got).toEqual(Array(16).fill({ kind: 'ok', value: 'T2' }));
    expect(calls).toBe(2);
  });

  it('go on without the one that was killed while it fetched', async () => {
    let calls = 0;
    const { account, sources } = processes(async () => `T${++calls}`);
    await makeTokenStore({ redis, record: prefix, identity: account }).lock(300);

    const got = await Promise.all(sources.map((source) => source.get()));

    expect(got).toEqual(Array(16).fill({ kind: 'ok', value: 'T1' }));
    expect(calls).toBe(1);
  });
});
