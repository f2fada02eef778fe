import { describe, expect, it } from 'vitest';
import {
  fetchStableToken,
  makeTokenSource,
  type StoredToken,
  type TokenStore,
} from '../../../src/shared/wechat/tokens.ts';
import { bodyOf, dispatcherForTest, json, loopback, type Respond } from './loopback.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const account = { appId: 'wx1', appSecret: 'S3CRET' };

async function fetchFrom(respond: Respond, accessTokenUrl?: string) {
  const server = await loopback(respond);
  const url = accessTokenUrl && server.baseUrl + accessTokenUrl;
  const answer = await fetchStableToken({
    baseUrl: server.baseUrl,
    dispatcher: dispatcherForTest({}),
    timeoutMs: 10_000,
    account: { ...account, accessTokenUrl: url },
  });
  return { answer, seen: server.seen };
}

describe('the token call', () => {
  const body = { access_token: 'T', expires_in: 7200 };

  it('asks for the stable token in normal mode', async () => {
    const { answer, seen } = await fetchFrom(json(body));

    expect(seen[0]).toMatchObject({ method: 'POST', path: '/cgi-bin/stable_token', query: {} });
    expect(bodyOf(seen[0])).toEqual({
      grant_type: 'client_credential',
      appid: 'wx1',
      secret: 'S3CRET',
    });
    expect(answer).toEqual({ kind: 'ok', value: { token: 'T', expiresInMs: 120 * MINUTE } });
  });

  it("asks a firm's own token centre instead, and tells it no secret of WeChat's", async () => {
    const { answer, seen } = await fetchFrom(json(body), '/token?app=wx1&key=CENTRE-KEY');

    expect(seen.map(({ method, path, query }) => ({ method, path, query }))).toEqual([
      { method: 'GET', path: '/token', query: { app: 'wx1', key: 'CENTRE-KEY' } },
    ]);
    expect(seen[0]?.bytes.length).toBe(0);
    expect(answer.kind).toBe('ok');
  });

  it('does not repeat a secret that comes back in an error', async () => {
    const refused = await fetchFrom(json({ errcode: 40125, errmsg: 'invalid secret S3CRET' }));
    const centre = json({ errcode: 40013, errmsg: 'bad CENTRE-KEY' });
    const refusedByCentre = await fetchFrom(centre, '/token?key=CENTRE-KEY');

    expect(refused.answer).toMatchObject({ errmsg: 'invalid secret …' });
    expect(refusedByCentre.answer).toMatchObject({ errmsg: 'bad …' });
  });

  it('takes a refusal for trouble of the whole account', async () => {
    const { answer } = await fetchFrom(json({ errcode: 40001, errmsg: 'invalid credential' }));

    expect(answer).toMatchObject({ remedy: { kind: 'account-down', scope: 'account' } });
  });

  it.each([
    {},
    { access_token: '', expires_in: 7200 },
    { access_token: 'T' },
    { access_token: 'T', expires_in: 0 },
    { access_token: 'T'.repeat(1_025), expires_in: 7200 },
    { access_token: 'T', expires_in: 7200, more: 'x'.repeat(20_000) },
  ])('is no success with %j', async (incomplete) => {
    expect((await fetchFrom(json(incomplete))).answer.kind).toBe('unknown');
  });
});

describe('a token centre that promises a token for ever', () => {
  it.each([1e300, '1e300', 7_201])('is asked again after two hours (%s)', async (expires) => {
    const { answer } = await fetchFrom(json({ access_token: 'T', expires_in: expires }));

    expect(answer).toEqual({ kind: 'ok', value: { token: 'T', expiresInMs: 2 * HOUR } });
  });
});

/** One process's view of a store that a test fills, locks and reads by hand. */
function world(initial: StoredToken | null = null) {
  const at = { now: 0 };
  const shared: { token: StoredToken | null; locked: boolean } = { token: initial, locked: false };
  const fetched: number[] = [];
  const locks: number[] = [];
  const slept: number[] = [];
  const onSleep: (() => void)[] = [];
  const store: TokenStore = {
    read: async () => shared.token,
    write: async (token) => {
      shared.token = token;
    },
    lock: async (ms) => {
      locks.push(ms);
      if (shared.locked) return null;
      shared.locked = true;
      return async () => {
        shared.locked = false;
      };
    },
    dropIf: async (token) => {
      if (shared.token?.token === token) shared.token = null;
    },
  };
  const fetches: Parameters<typeof makeTokenSource>[0]['fetchToken'][] = [];
  const source = makeTokenSource({
    store,
    timeoutMs: 10_000,
    fetchToken: () => {
      fetched.push(at.now);
      const fetch = fetches.shift();
      const value = { token: `T${fetched.length}`, expiresInMs: 120 * MINUTE };
      return fetch ? fetch() : Promise.resolve({ kind: 'ok', value });
    },
    now: () => at.now,
    sleep: async (ms) => {
      slept.push(ms);
      at.now += ms;
      onSleep.shift()?.();
    },
    random: () => 0.5,
  });
  return { at, shared, fetched, locks, fetches, slept, onSleep, source };
}

const ok = (value: string) => ({ kind: 'ok', value });

describe('a token source', () => {
  it('fetches once for all who ask at the same time', async () => {
    const { source, fetched } = world();

    const got = await Promise.all(Array.from({ length: 50 }, () => source.get()));

    expect(got).toEqual(Array(50).fill(ok('T1')));
    expect(fetched).toHaveLength(1);
  });

  it('uses what another process has fetched', async () => {
    const { source, fetched } = world({ token: 'THEIRS', expiresAt: 120 * MINUTE });

    expect(await source.get()).toEqual(ok('THEIRS'));
    expect(fetched).toEqual([]);
  });

  it('waits for the process that is fetching', async () => {
    const { source, shared, fetched, onSleep } = world();
    shared.locked = true;
    onSleep.push(
      () => {},
      () => {
        shared.token = { token: 'THEIRS', expiresAt: 120 * MINUTE };
      },
    );

    expect(await source.get()).toEqual(ok('THEIRS'));
    expect(fetched).toEqual([]);
  });

  it('has the right to fetch for longer than the call may take', async () => {
    const { source, locks } = world();

    await source.get();

    expect(locks).toEqual([12_000]);
  });

  it('fetches itself when the lock of a killed process has run out', async () => {
    const { source, shared, onSleep } = world();
    shared.locked = true;
    onSleep.push(() => {
      shared.locked = false;
    });

    expect(await source.get()).toEqual(ok('T1'));
  });

  it('gives up after a while, with nothing sent', async () => {
    const { source, shared, at } = world();
    shared.locked = true;

    expect((await source.get()).kind).toBe('not-sent');
    expect(at.now).toBeLessThan(MINUTE);
  });

  it('renews in the last five minutes and not before, when WeChat has another to give', async () => {
    const { source, at, fetched } = world({ token: 'OLD', expiresAt: 120 * MINUTE });

    at.now = 115 * MINUTE;
    expect(await source.get()).toEqual(ok('OLD'));
    at.now = 117 * MINUTE;
    expect(await source.get()).toEqual(ok('T1'));
    expect(fetched).toEqual([117 * MINUTE]);
  });

  it('goes on with the old token while the new one cannot be had', async () => {
    const { source, at, fetches, fetched } = world({ token: 'OLD', expiresAt: 120 * MINUTE });
    fetches.push(async () => ({ kind: 'unknown', cause: 'http-status', status: 502 }));
    at.now = 117 * MINUTE;

    expect([await source.get(), await source.get()]).toEqual([ok('OLD'), ok('OLD')]);
    expect(fetched).toHaveLength(1);
  });

  it('goes on with the old token while another process renews it', async () => {
    const { source, at, shared, slept } = world({ token: 'OLD', expiresAt: 120 * MINUTE });
    shared.locked = true;
    at.now = 117 * MINUTE;

    expect(await source.get()).toEqual(ok('OLD'));
    expect(slept).toEqual([]);
  });

  it('does not ask at every call where a token centre gives the old one to its end', async () => {
    const { source, at, fetches, fetched } = world({ token: 'OLD', expiresAt: 120 * MINUTE });
    const same = async () =>
      ({ kind: 'ok', value: { token: 'OLD', expiresInMs: MINUTE } }) as const;
    fetches.push(same, same, same);
    at.now = 118 * MINUTE;

    for (let call = 0; call < 20; call++) {
      expect(await source.get()).toEqual(ok('OLD'));
      at.now += 1_000;
    }

    expect(fetched).toHaveLength(1);
  });

  it('never gives out an expired token', async () => {
    const { source, at } = world({ token: 'OLD', expiresAt: 120 * MINUTE });
    await source.get();
    at.now = 120 * MINUTE;

    expect(await source.get()).toEqual(ok('T1'));
  });

  it('passes on why there is none, and tries anew at the next call', async () => {
    const { source, fetches } = world();
    fetches.push(async () => ({ kind: 'not-sent', cause: 'connection-failed' }));

    expect(await source.get()).toEqual({ kind: 'not-sent', cause: 'connection-failed' });
    expect(await source.get()).toEqual(ok('T2'));
  });

  it('fetches another after a drop', async () => {
    const { source } = world();
    await source.get();
    await source.drop('T1');

    expect(await source.get()).toEqual(ok('T2'));
  });

  it('keeps a newer token when an older one is dropped late', async () => {
    const { source, shared, fetched } = world();
    await source.get();
    shared.token = { token: 'NEWER', expiresAt: 200 * MINUTE };
    await source.drop('T1');

    expect(await source.get()).toEqual(ok('NEWER'));
    expect(fetched).toHaveLength(1);
  });

  it('does not hand out what was dropped while it was being read', async () => {
    const { source } = world({ token: 'OLD', expiresAt: 120 * MINUTE });
    const early = source.get();
    await source.drop('OLD');
    await early;

    expect(await source.get()).toEqual(ok('T1'));
  });

  it('sees within seconds what another process has dropped', async () => {
    const { source, shared, at } = world();
    await source.get();
    shared.token = { token: 'NEWER', expiresAt: 200 * MINUTE };
    at.now += 5_000;

    expect(await source.get()).toEqual(ok('NEWER'));
  });

  it('frees the lock when the fetch breaks', async () => {
    const { source, shared, fetches } = world();
    fetches.push(() => Promise.reject(new Error('bug')));

    await expect(source.get()).rejects.toThrow('bug');
    expect(shared.locked).toBe(false);
  });
});
