import { describe, expect, it } from 'vitest';
import { makeAccountsRoutes } from '../../src/producer/api/accounts.ts';
import { makeDescribeAccount } from '../../src/shared/actions/describe-account.ts';
import { makeListAccounts } from '../../src/shared/actions/list-accounts.ts';
import { makeSteerAccount } from '../../src/shared/actions/steer-account.ts';
import type { AccountDetails } from '../../src/shared/contract/accounts.ts';
import type { AccountConfig } from '../../src/shared/platform/accounts.ts';
import { HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { submitBatchJob } from '../../src/shared/queue/jobs.ts';
import { plan } from '../../src/shared/queue/queues.ts';
import { makeKeys, recordOf } from '../../src/shared/record/keys.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { type Parts, sandboxWorld } from './sandbox-world.ts';
import { sentCampaign } from './sent-campaign.ts';

const redis = testRedis();
const NOW = Date.parse('2026-11-23T02:00:00Z');

const routes = ({ stores, queues, config, wechatFor, now }: Parts) => {
  const accounts = () => config.accounts;
  const describeAccount = makeDescribeAccount({
    stores,
    isSandbox: false,
    now,
  });
  return makeAccountsRoutes({
    accounts,
    describeAccount,
    listAccounts: makeListAccounts({ ...stores, accounts, describeAccount, now }),
    steerAccount: makeSteerAccount({ ...stores, queues, now }),
    wechatFor,
    ...stores,
  });
};

const world = (environment: Record<string, string> = {}) =>
  sandboxWorld(redis, {
    environment,
    routes,
    now: () => NOW,
    account: {
      groups: [{ id: 2, name: 'friends', members: { from: 0, to: 10 } }],
      tags: [{ id: 100, name: 'fans', members: { from: 0, to: 3 } }],
    },
  });

describe('GET /v1/accounts', () => {
  it('tells what is left today, how the lane stands, and when the token ends', async () => {
    const { get, stores } = await world();
    await stores.quota.count('default', 'message/mass/sendall');
    await get('/v1/accounts/default/tags');

    const account = (await get('/v1/accounts/default')).json;

    expect(account).toMatchObject({
      name: 'default',
      kind: 'service',
      newsRoute: 'auto',
      lane: { state: 'open', pending: 0 },
      token: { expiresAt: new Date(NOW + 2 * HOUR).toISOString() },
      lastEvent: null,
    });
    expect(account.quota['message/mass/sendall']).toEqual({ perDay: 100, usedToday: 1, left: 99 });
    expect(account.quota['message/mass/send']).toEqual({ perDay: 100, usedToday: 1, left: 99 });
    expect((await get('/v1/accounts')).json).toEqual({ accounts: [account], next: null });
  });

  it('shows no secret', async () => {
    const {
      get,
      stores,
      config,
      redis: connection,
      prefix,
    } = await world({
      WECHAT_ENCODING_AES_KEY: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
    });
    await get('/v1/accounts/default/tags');
    await stores.lanes.noteEvent('default', NOW, 'safe');
    const token = await connection.hget(
      `${prefix}:record:token:${stores.identityOf('default')}`,
      'token',
    );

    const { text } = await get('/v1/accounts/default');

    const [account] = config.accounts;
    for (const secret of [account?.appSecret, account?.encodingAesKey, account?.callbackToken]) {
      expect(text).not.toContain(secret);
    }
    expect(token).toBeTruthy();
    expect(text).not.toContain(token);
  });

  it('counts the batches that WeChat must still be called for', async () => {
    const sandboxed = await world();
    await sentCampaign(
      sandboxed,
      { type: 'text', content: 'hi' },
      { recipients: 20_001, send: [] },
    );

    expect((await sandboxed.get('/v1/accounts/default')).json.lane.pending).toBe(3);
  });

  it.each([
    [{}, {}, ['plain-mode']],
    [{ overdue: true }, {}, ['never-an-event', 'plain-mode']],
    [{ overdue: true, event: true }, {}, ['events-overdue', 'plain-mode']],
    [{}, { WECHAT_CALLBACK_TOKEN: '' }, ['no-callback-token']],
    [
      { plain: true },
      { WECHAT_ENCODING_AES_KEY: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG' },
      ['plain-pushes-refused'],
    ],
    [
      { plain: true, event: true },
      { WECHAT_ENCODING_AES_KEY: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG' },
      [],
    ],
  ])(
    'names what is set up wrongly: %j %j',
    async ({ plain, event, overdue }: Facts, environment, codes) => {
      const {
        get,
        stores,
        redis: connection,
        prefix,
      } = await world(environment as Record<string, string>);
      // Accepted by WeChat eleven minutes ago.
      if (overdue) {
        const { awaiting } = makeKeys(recordOf(prefix));
        await connection.zadd(awaiting(), NOW - 11 * MINUTE, 'default/c/1');
      }
      if (plain) await stores.lanes.noteRefusedPush('default', 'plain-refused', NOW - HOUR);
      if (event) await stores.lanes.noteEvent('default', NOW, 'safe');

      const { warnings } = (await get('/v1/accounts/default')).json;

      expect(warnings.map(({ code }: { code: string }) => code)).toEqual(codes);
    },
  );

  it('names the accounts there are when another is asked for', async () => {
    const { get } = await world();

    expect((await get('/v1/accounts/other')).json).toMatchObject({
      status: 404,
      code: 'account-not-found',
      detail: 'no such account; there is: default',
    });
  });
});

interface Facts {
  readonly overdue?: boolean;
  readonly plain?: boolean;
  readonly event?: boolean;
}

describe('the lane of an account', () => {
  it('is paused by a person, with the name of the key', async () => {
    const { post, stores } = await world();

    const paused = (await post('/v1/accounts/default/pause')).json;

    expect(paused.lane).toEqual({
      state: 'paused',
      pending: 0,
      why: 'paused by crm',
      code: 'by-operator',
      pausedAt: new Date(NOW).toISOString(),
      pausedBy: 'crm',
    });
    expect((await stores.lanes.read('default')).paused?.by).toBe('crm');
    expect((await post('/v1/accounts/default/pause')).json).toEqual(paused);
  });

  it('keeps WeChat’s reason when a person pauses it as well', async () => {
    const { post, stores } = await world();
    const code = 'refused-by-wechat';
    await stores.lanes.set('default', 'paused', { at: NOW, by: 'wechat', errcode: 40164, code });

    const { lane } = (await post('/v1/accounts/default/pause')).json;

    expect(lane).toMatchObject({ code, errcode: 40164, pausedBy: 'wechat' });
  });

  it('goes on at once when a person resumes it, whatever had stopped it', async () => {
    const { post, stores, queues } = await world();
    const stop = {
      ...{ at: NOW, by: 'wechat', errcode: 48001 },
      code: 'refused-by-wechat',
    } as const;
    await stores.lanes.set('default', 'paused', stop);
    await stores.lanes.set('default', 'sendBlocked', stop);
    await stores.lanes.set('default', 'sleep', { reason: 'daily-quota', until: NOW + HOUR });
    const lane = queues.lane('default');
    const payload = { campaignId: '0'.repeat(18), no: 1, generation: 0, run: 0 };
    const job = plan({ definition: submitBatchJob, payload, options: { delay: HOUR } });
    await lane.add(job.name, job.data, job.opts);
    await lane.rateLimit(HOUR);

    const resumed = (await post('/v1/accounts/default/resume')).json;

    expect(resumed.lane).toEqual({ state: 'open', pending: 0 });
    expect(await lane.getDelayedCount()).toBe(0);
    expect(await lane.getWaitingCount()).toBe(1);
    expect(await lane.getRateLimitTtl()).toBeLessThanOrEqual(0);
  });

  it('says why it sleeps, and until when', async () => {
    const { get, stores } = await world();
    await stores.lanes.set('default', 'sleep', { reason: 'daily-quota', until: NOW + HOUR });

    expect((await get('/v1/accounts/default')).json.lane).toEqual({
      state: 'asleep',
      pending: 0,
      reason: 'daily-quota',
      until: new Date(NOW + HOUR).toISOString(),
      why: 'Daily WeChat limit reached',
    });
  });
});

describe('lists from WeChat', () => {
  it('has groups, tags and the speed of sends', async () => {
    const { get, put } = await world();

    expect((await get('/v1/accounts/default/groups')).json.groups).toContainEqual({
      id: '2',
      name: 'friends',
      count: 10,
    });
    expect((await get('/v1/accounts/default/tags')).json.tags).toContainEqual({
      id: 100,
      name: 'fans',
      count: 3,
    });
    expect((await put('/v1/accounts/default/speed', { speed: 3 })).json).toEqual({ speed: 3 });
    expect((await get('/v1/accounts/default/speed')).json).toMatchObject({ speed: 3 });
    expect((await put('/v1/accounts/default/speed', { speed: 5 })).status).toBe(422);
  });

  it('has the followers page by page', async () => {
    const { get } = await world();

    const first = (await get('/v1/accounts/default/followers')).json;

    expect(first).toMatchObject({ total: 100 });
    expect(first.openids).toEqual(openIds(100));
    expect((await get('/v1/accounts/default/followers?cursor=%20')).status).toBe(400);
  });

  it('has the drafts of the console', async () => {
    const { get } = await world();

    expect((await get('/v1/accounts/default/drafts?offset=0&count=5')).json).toEqual({
      total: 0,
      drafts: [],
      next: null,
    });
    expect((await get('/v1/accounts/default/drafts?count=21')).status).toBe(400);
  });

  it('leaves half of the calls that WeChat allows a day to sends', async () => {
    const { get, sandbox, stores } = await world();
    const path = 'user/get';
    const asked = () => sandbox.ledger.requests().filter((one) => one.path.endsWith(path)).length;
    for (let n = 0; n < 249; n += 1) await stores.quota.count('default', path);
    expect((await get('/v1/accounts/default/followers')).status).toBe(200);
    expect(asked()).toBe(1);

    const { json } = await get('/v1/accounts/default/followers');

    expect(json).toMatchObject({ status: 429, code: 'rate-limited', of: 'lookups' });
    expect(asked()).toBe(1);
    expect((await get('/v1/accounts/default/tags')).status).toBe(200);
  });

  it('passes on WeChat’s no and its silence as what they are', async () => {
    const { get, sandbox } = await world();
    sandbox.faults.set('errcode', { path: 'tags/get', errcode: 48001 });
    expect((await get('/v1/accounts/default/tags')).json).toMatchObject({
      status: 409,
      code: 'refused-by-wechat',
    });

    sandbox.faults.set('status-502', { path: 'tags/get' });
    const silent = await get('/v1/accounts/default/tags');
    expect(silent.json).toMatchObject({ status: 503, code: 'wechat-unreachable' });
    expect(silent.headers.get('retry-after')).toBe('5');

    sandbox.faults.set('html-answer', { path: 'tags/get' });
    const page = await get('/v1/accounts/default/tags');
    expect(page.json).toMatchObject({ status: 502, code: 'wechat-unreadable' });
  });

  it.each(['bom-answer', 'control-byte'] as const)(
    'reads WeChat’s lists with a %s',
    async (fault) => {
      const { get, sandbox } = await world();
      for (const list of ['tags', 'groups', 'drafts', 'followers', 'speed']) {
        const clean = (await get(`/v1/accounts/default/${list}`)).json;
        sandbox.faults.set(fault);
        expect((await get(`/v1/accounts/default/${list}`)).json).toEqual(clean);
      }
    },
  );
});

describe('a list of many accounts', () => {
  const names = Array.from({ length: 45 }, (_, n) => `shop-${String(n).padStart(2, '0')}`);
  const lanes = {
    read: async (name: string) =>
      name === 'shop-07' || name === 'shop-41'
        ? { paused: { at: NOW, by: 'ann', code: 'by-operator' as const } }
        : {},
  };
  const listAccounts = makeListAccounts({
    accounts: () => names.map((name) => ({ name }) as AccountConfig),
    describeAccount: async ({ name }) => ({ name }) as AccountDetails,
    lanes,
    now: () => NOW,
  });
  const named = async (asked: Omit<Parameters<typeof listAccounts>[0], 'language'>) => {
    const { accounts, next } = await listAccounts({ ...asked, language: 'en' });
    return { names: accounts.map(({ name }) => name), next };
  };

  it('is read page by page, and the last page has no next', async () => {
    const first = await named({ limit: 40 });
    expect(first).toEqual({ names: names.slice(0, 40), next: 'shop-39' });
    expect(await named({ limit: 40, cursor: 'shop-39' })).toEqual({
      names: names.slice(40),
      next: null,
    });
  });

  it('is searched by a part of the name, and by how they stand', async () => {
    expect(await named({ limit: 5, search: 'OP-3' })).toMatchObject({ next: 'shop-34' });
    expect(await named({ limit: 1, state: 'paused' })).toEqual({
      names: ['shop-07'],
      next: 'shop-07',
    });
    expect(await named({ limit: 1, state: 'paused', cursor: 'shop-07' })).toEqual({
      names: ['shop-41'],
      next: null,
    });
  });
});
