import { afterEach, describe, expect, it } from 'vitest';
import { type Examination, examine } from '../../src/cli/doctor/examine.ts';
import type { AccountConfig } from '../../src/shared/platform/accounts.ts';
import type { Config } from '../../src/shared/platform/config.ts';
import { makeIdentityOf } from '../../src/shared/platform/identity.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { recordOf } from '../../src/shared/record/keys.ts';
import { makeLaneStore } from '../../src/shared/record/lane-store.ts';
import { startWorld } from '../client/world.ts';
import { testRedis } from '../support/redis.ts';
import { qunfa } from './terminal.ts';

const { url: redisUrl, prefix, redis } = testRedis();
const world = await startWorld({ url: redisUrl, prefix });
const sandbox = world.sandbox;
if (!sandbox) throw new TypeError('this test needs the sandbox');
const identityOf = makeIdentityOf(world.config, () => world.config.accounts);
const lanes = makeLaneStore({ redis, record: recordOf(prefix), identityOf });

const callbackBase = (world.addresses['callback of default'] ?? '').replace(/\/wechat\/.*$/, '');
const accountNamed = (name: string): AccountConfig => {
  const found = world.config.accounts.find((account) => account.name === name);
  if (!found) throw new TypeError(`no account ${name}`);
  return found;
};

/** The settings of the world's roles, for one account. */
const config = (more: Partial<Config> = {}): Config => ({
  ...world.config,
  wechat: { baseUrl: sandbox.url, era: 'today' },
  callback: { ...world.config.callback, publicUrl: callbackBase },
  accounts: [accountNamed('default')],
  ...more,
});

const look = (more: Partial<Config> = {}, now: () => number = Date.now): Promise<Examination> =>
  examine({ config: config(more), prefix, producerUrl: world.producerUrl, now });

const of = ({ findings }: Examination, level: string): string[] =>
  findings
    .filter((finding) => finding.level === level)
    .map(({ about, sentence, remedy }) => `${about}: ${sentence} → ${remedy ?? ''}`);

const fetchToken = (errcode: number) =>
  sandbox.sandbox.faults.set('errcode', { path: 'stable_token', errcode, times: null });

afterEach(() => sandbox.sandbox.faults.clear());

describe('the doctor', () => {
  it('finds nothing to put right where all is well, and says which calls it made', async () => {
    const found = await look();

    expect(of(found, 'fault')).toEqual([]);
    expect(found.calls).toEqual({ stable_token: 1, 'openapi/quota/get': 1 });
    const fine = of(found, 'ok').join('\n');
    expect(fine).toMatch(/account default: AppID, secret and this address are accepted/);
    expect(fine).toMatch(/calls of message\/mass\/send are left today/);
    expect(fine).toMatch(/callback of default: its address answers as WeChat requires/);
    expect(fine).toMatch(/callback of default: it accepts a push as WeChat makes it/);
    expect(fine).toMatch(/workers: at least one is alive/);
    expect(fine).toMatch(/producer: .* is able to work/);
    expect(fine).toMatch(/clock: /);
  });

  it('makes no other call to WeChat than it says', async () => {
    const { ledger } = sandbox.sandbox;
    ledger.clear();

    const found = await look({ accounts: [...world.config.accounts] });

    expect(found.calls).toEqual({ stable_token: 4, 'openapi/quota/get': 4 });
    expect(ledger.calls()).toEqual(found.calls);
  });

  it('knows a wrong secret from an address that is not on the list', async () => {
    const wrong = { ...accountNamed('default'), appSecret: '0123456789abcdef0123456789abcdef' };
    expect(of(await look({ accounts: [wrong] }), 'fault')).toEqual([
      expect.stringMatching(
        /account default: no token: .*AppSecret.*→ compare AppID and AppSecret/,
      ),
    ]);

    fetchToken(40164);
    expect(of(await look(), 'fault')).toEqual([
      expect.stringMatching(/IP list.*\(40164\) → add 203\.0\.113\.9, which is how WeChat sees/),
    ]);
  });

  it('says that WeChat cannot be reached, and by which way', async () => {
    const away = await look({ wechat: { baseUrl: 'http://127.0.0.1:9', era: 'today' } });

    expect(of(away, 'fault')).toEqual([
      expect.stringMatching(/127\.0\.0\.1:9 gives no token: connection refused.*HTTPS_PROXY/),
    ]);
  });

  it('tells a callback that is away, has another token, or does not know the account', async () => {
    const { callback } = config();
    const away = await look({ callback: { ...callback, publicUrl: 'http://127.0.0.1:9' } });
    expect(of(away, 'fault')).toEqual([
      expect.stringMatching(/9\/wechat\/default does not answer: ECONNREFUSED/),
    ]);

    const token = { ...accountNamed('default'), callbackToken: 'another' };
    expect(of(await look({ accounts: [token] }), 'fault')).toEqual([
      expect.stringMatching(
        /answers 401 → the callback service does not know this account, or has another token/,
      ),
    ]);

    const key = { ...accountNamed('default'), encodingAesKey: 'x'.repeat(43) };
    expect(of(await look({ accounts: [key] }), 'fault')).toEqual([
      expect.stringMatching(
        /answers 401 to a push → .*another EncodingAESKey, AppID or original id/,
      ),
    ]);

    const elsewhere = { ...callback, publicUrl: world.producerUrl };
    expect(of(await look({ callback: elsewhere }), 'fault')).toEqual([
      expect.stringMatching(/answers 404 → something else is at that address/),
    ]);

    const stranger = { ...accountNamed('default'), name: 'stranger' };
    expect(of(await look({ accounts: [stranger] }), 'fault')).toEqual([
      expect.stringMatching(/No running worker sends for this account/),
      expect.stringMatching(/answers 401 → the callback service does not know this account/),
    ]);
  });

  it('says that the console pushes in plain mode, and nothing of events before the first send', async () => {
    expect(of(await look(), 'warning')).toEqual([]);

    await lanes.noteRefusedPush('default', 'plain-refused', Date.now());
    expect(of(await look(), 'fault')).toEqual([expect.stringMatching(/pushes in plain mode/)]);

    await lanes.noteEvent('default', Date.now() + 1, 'safe');
    const found = await look();
    expect(of(found, 'fault')).toEqual([]);
    expect(of(found, 'warning')).toEqual([]);
  });

  it('says which lane stands still, why, and how it goes on', async () => {
    await lanes.set('daily', 'paused', {
      at: Date.now(),
      by: 'wechat',
      code: 'refused-by-wechat',
      errcode: 50002,
    });
    await lanes.set('plain', 'sendBlocked', {
      at: 1,
      by: 'wechat',
      code: 'refused-by-wechat',
      errcode: 48001,
    });
    const accounts = [accountNamed('daily'), accountNamed('plain')];

    expect(of(await look({ accounts }), 'fault')).toEqual([
      expect.stringMatching(
        /account daily: .+ → when it is corrected: qunfa accounts resume daily/,
      ),
      expect.stringMatching(/account plain: no send to OpenIDs: .+/),
    ]);

    await lanes.release('daily');
    await lanes.release('plain');
  });

  it('notices a clock that is off', async () => {
    const found = await look({}, () => Date.now() + 5 * MINUTE);

    expect(of(found, 'fault').join('\n')).toMatch(/clock: .* 300 s apart/);
  });

  it('does not miss a Redis where there is only the sandbox, which brings one along', async () => {
    const found = await look({ accounts: [], redis: { prefix, url: 'redis://127.0.0.1:1' } });

    expect(of(found, 'fault')).toEqual([]);
    expect(of(found, 'warning').join('\n')).toContain('Redis: none is at REDIS_URL');
  });

  it('goes on without Redis, and names no secret', async () => {
    const found = await look({ redis: { prefix, url: 'redis://:hush@127.0.0.1:9' } });

    expect(of(found, 'fault')).toEqual([expect.stringMatching(/Redis does not answer/)]);
    expect(found.calls.stable_token).toBe(1);
    const { appSecret, callbackToken = '', encodingAesKey = '' } = accountNamed('default');
    for (const secret of ['hush', appSecret, callbackToken, encodingAesKey]) {
      expect(JSON.stringify(found)).not.toContain(secret);
    }
  });

  it('reads its settings from the environment, and names every wrong one', async () => {
    const ran = await qunfa(['doctor', '--json'], {
      env: { PRODUCER_PORT: 'seven', WECHAT_APP_ID: 'wx1' },
    });

    expect(ran.exit).toBe(1);
    expect(ran.json()).toMatchObject({
      fit: false,
      calls: {},
      findings: [
        { level: 'fault', sentence: expect.stringMatching(/^PRODUCER_PORT: /) },
        { level: 'fault', sentence: 'WECHAT_APP_SECRET: is missing' },
      ],
    });
  });

  it('looks at the installation that REDIS_PREFIX names', async () => {
    const env = { REDIS_URL: redisUrl, QUNFA_URL: world.producerUrl };

    const ours = await qunfa(['doctor'], { env: { ...env, REDIS_PREFIX: prefix.slice(1, -1) } });
    const other = await qunfa(['doctor'], { env: { ...env, REDIS_PREFIX: 'nobody' } });

    expect(ours.out).toMatch(/workers: at least one is alive/);
    expect(other.out).toMatch(/workers: no worker has ever run/);
  });

  it('ends with 0 on a machine where campaigns can go out, though nobody real gets them', async () => {
    const ran = await qunfa(['doctor'], {
      env: { REDIS_URL: redisUrl, QUNFA_URL: world.producerUrl },
    });

    expect(ran.exit).toBe(0);
    expect(ran.out).toMatch(/! settings: no account is configured/);
    expect(ran.out).toMatch(/no call to WeChat was made\n.* 0 faults\nfit\n$/);
  });
});
