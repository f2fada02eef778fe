/** Who may do what: every call with every permission, and every account that is another's. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newBatch } from '../../src/shared/campaign/batch.ts';
import {
  hashKey,
  hashPassword,
  PERMISSIONS,
  type Permission,
} from '../../src/shared/platform/people.ts';
import { DAY } from '../../src/shared/platform/time.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import { PERMISSION_TABLES } from '../docs/permission-table.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { declared } from './as-described.ts';
import { aCampaign, mediaFile, startWorld, type World } from './world.ts';

const { redis, url, prefix } = testRedis();
const folder = await mkdtemp(join(tmpdir(), 'qunfa-people-'));
afterAll(() => rm(folder, { recursive: true }));

const account = (appId: string) => ({ appId, appSecret: `secret-of-${appId}` });
const ACCOUNTS = {
  news: account('wx0000000000000001'),
  shop: account('wx0000000000000002'),
  careful: { ...account('wx0000000000000003'), approval: 'always' },
};
const keyOf = (name: string): string => `key-of-${name}`;
const PASSWORD = 'a long and ordinary password';

let world: World;
let ofNews = '';
let ofShop = '';
beforeAll(async () => {
  const key = (name: string, may: readonly Permission[], accounts: unknown = 'all') => ({
    ...{ name, may, accounts, sha256: hashKey(keyOf(name)) },
  });
  const keys = [
    ...PERMISSIONS.map((one) => key(one, [one])),
    key('all', PERMISSIONS),
    key('newsroom', ['read', 'send', 'steer', 'approve', 'decide'], ['news', 'closed']),
  ];
  const scrypt = await hashPassword(PASSWORD);
  const operators = [
    { name: 'ann', scrypt, accounts: ['news'], may: ['read', 'steer'] },
    { name: 'bob', scrypt, accounts: ['news'], may: ['read', 'send'] },
    { name: 'boss', accounts: 'all', may: PERMISSIONS },
    ...PERMISSIONS.map((one) => ({ name: one, scrypt, accounts: 'all', may: ['read', one] })),
    { name: 'whole', scrypt, accounts: 'all', may: PERMISSIONS },
  ];
  const file = async (name: string, content: unknown): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify(content));
    return path;
  };
  world = await startWorld(
    { url, prefix },
    {
      ...{ WECHAT_APP_ID: undefined, WECHAT_APP_SECRET: undefined, API_KEYS: undefined },
      ACCOUNTS_FILE: await file('accounts.json', ACCOUNTS),
      API_KEYS_FILE: await file('keys.json', keys),
      OPERATORS_FILE: await file('operators.json', operators),
      ...{ SIGN_ON_HEADER: 'X-Forwarded-User', SIGN_ON_PROXIES: '127.0.0.2, 10.0.0.0/8' },
    },
  );
  ofNews = (await post('all', '/v1/campaigns', aCampaign({ account: 'news' }))).json.id;
  ofShop = (await post('all', '/v1/campaigns', aCampaign({ account: 'shop' }))).json.id;
});
afterAll(() => world.stop());

const json = { 'content-type': 'application/json' };
const get = (who: string, path: string) => world.call('GET', path, { key: keyOf(who) });
const post = (who: string, path: string, body: object = {}) =>
  world.call('POST', path, { key: keyOf(who), headers: json, body: JSON.stringify(body) });

/** Of a campaign or a list that is not there. */
const addressOf = (path: string): string =>
  path.replace(':id', '0'.repeat(18)).replace(':no', '1').replace(':name', 'nobody');

const protectedRoutes = declared.filter(({ needsKey }) => needsKey !== false);

describe('docs/permissions.md', () => {
  it('is about every call that needs a key', () => {
    expect(protectedRoutes.filter(({ permission }) => !permission)).toEqual([]);
    expect(PERMISSION_TABLES.permissions?.()).toContain('`POST /v1/campaigns/:id/approve`');
  });
});

describe.each(protectedRoutes)('$method $path', ({ method, path, permission }) => {
  it.each(PERMISSIONS)(
    `asked with %s alone is refused unless that is ${permission}`,
    async (one) => {
      const answer = await fetch(`${world.url}${addressOf(path)}`, {
        method: method.toUpperCase(),
        headers: { authorization: `Bearer ${keyOf(one)}`, ...json },
        ...(method === 'get' ? {} : { body: '{}' }),
      });
      const text = await answer.text();
      const refused = answer.status === 403 && text.includes('"not-permitted"');
      expect(refused).toBe(one !== permission);
    },
  );
});

describe('a key for some accounts', () => {
  it('sees these alone in every list', async () => {
    const campaigns = (await get('newsroom', '/v1/campaigns')).json.campaigns;
    expect(campaigns.map(({ id }: { id: string }) => id)).toEqual([ofNews]);
    const accounts = (await get('newsroom', '/v1/accounts')).json.accounts;
    expect(accounts.map(({ name }: { name: string }) => name)).toEqual(['news']);
    const audit = (await get('newsroom', '/v1/audit')).json.audit;
    expect(new Set(audit.map((act: { account: string }) => act.account))).toEqual(
      new Set(['news']),
    );
    expect((await get('newsroom', '/v1/audit.csv')).text).not.toContain(ofShop);
    await post('all', '/v1/accounts/shop/pause');
    expect((await get('newsroom', '/v1/attention')).json.count).toBe(0);
    expect((await get('all', '/v1/attention')).json.count).toBe(1);
  });

  it('is refused on what belongs to another', async () => {
    const refused = { status: 403, code: 'account-not-allowed', account: 'shop' };
    for (const path of ['', '/batches', '/audit', '/results.csv', '/events']) {
      expect((await get('newsroom', `/v1/campaigns/${ofShop}${path}`)).json).toMatchObject(refused);
    }
    expect((await get('newsroom', '/v1/accounts/shop')).json).toMatchObject(refused);
    for (const step of ['pause', 'cancel', 'retry']) {
      const { json: answer } = await post('newsroom', `/v1/campaigns/${ofShop}/${step}`);
      expect(answer).toMatchObject(refused);
    }
    const request = aCampaign({ account: 'shop' });
    for (const path of ['/v1/campaigns', '/v1/campaigns/plan', '/v1/previews']) {
      expect((await post('newsroom', path, request)).json).toMatchObject(refused);
    }
    const list = await world.call('POST', '/v1/audiences?account=shop', {
      ...{ key: keyOf('all'), headers: { 'content-type': 'text/plain' } },
      body: openIds(3).join('\n'),
    });
    expect((await get('newsroom', `/v1/audiences/${list.json.id}`)).json).toMatchObject(refused);
    const lists = (await get('newsroom', '/v1/audiences')).json.audiences;
    expect(lists.map((one: { account: string }) => one.account)).toEqual(['news']);
    expect((await post('newsroom', `/v1/campaigns/${ofNews}/pause`)).status).toBe(200);
  });
});

const UNKNOWN = 'account-not-found';

describe('a key for some accounts hears nothing of another', () => {
  const upload = (who: string, query: string) =>
    world.call('POST', `/v1/audiences${query}`, {
      ...{ key: keyOf(who), headers: { 'content-type': 'text/plain' } },
      body: openIds(3).join('\n'),
    });
  const remove = (who: string, id: string) =>
    world.call('DELETE', `/v1/audiences/${id}`, { key: keyOf(who) });

  it.each([
    ['an event that names none', 'POST', '/v1/receipts', 'not-a-push'],
    ['an event for one that is not there', 'POST', '/v1/receipts?account=gone'],
    ['an event for another', 'POST', '/v1/receipts?account=shop'],
    ['an event for one that is not configured', 'POST', '/v1/receipts?account=closed', UNKNOWN],
    ['one of its own that is not configured', 'GET', '/v1/accounts/closed', UNKNOWN],
    ['one that is not there', 'GET', '/v1/accounts/gone'],
    ['the campaigns of another', 'GET', '/v1/campaigns?account=shop'],
    ['the campaigns of one that is not there', 'GET', '/v1/campaigns?account=gone'],
  ])('when it asks for %s', async (_what, method, path, code = 'account-not-allowed') => {
    const answer = await world.call(method, path, {
      ...{ key: keyOf('newsroom'), headers: { 'content-type': 'text/xml' } },
      ...(method === 'GET' ? {} : { body: '<xml></xml>' }),
    });

    expect(answer.json.code).toBe(code);
    if (!path.includes('shop')) expect(answer.text).not.toContain('shop');
  });

  it.each(['/v1/campaigns', '/v1/campaigns/plan', '/v1/previews'])(
    'when it leaves the account out, or means one that is not configured (%s)',
    async (path) => {
      for (const account of [undefined, 'closed', 7]) {
        const { json: answer, text } = await post('newsroom', path, aCampaign({ account }));
        expect(answer).toMatchObject({ code: 'account-needed', names: ['news'] });
        expect(text).not.toContain('shop');
      }
    },
  );

  it('when it looks at a file that another has at WeChat', async () => {
    const { json: file } = await world.call('POST', '/v1/media', {
      ...{ key: keyOf('all'), headers: { 'content-type': 'application/octet-stream' } },
      body: new Uint8Array(mediaFile('photo.jpg')),
    });
    const { materials } = openRecord({
      ...{ redis, prefix, retainMs: DAY, submitTimeoutMs: 1, now: Date.now },
      identityOf: world.identityOf,
    });
    const material = { mediaId: 'M', expiresAt: null, uploadedAt: 1 };
    for (const account of ['news', 'shop']) {
      await materials.save(account, { kind: 'image', sha256: file.sha256 }, material);
    }

    const seen = async (who: string) =>
      (await get(who, `/v1/media/${file.id}`)).json.atWechat.map(
        (one: { account: string }) => one.account,
      );
    expect((await seen('all')).sort()).toEqual(['news', 'shop']);
    expect(await seen('newsroom')).toEqual(['news']);
  });

  it('when it looks at the library, by name', async () => {
    const { json: file } = await world.call('POST', '/v1/media?filename=brand-of-shop.png', {
      ...{ key: keyOf('all'), headers: { 'content-type': 'application/octet-stream' } },
      body: new Uint8Array(mediaFile('picture.png')),
    });
    const message = { type: 'image', media: { upload: file.id } };
    const { json: theirs } = await post(
      'all',
      '/v1/campaigns',
      aCampaign({ account: 'shop', name: 'launch-of-shop', message }),
    );
    expect(theirs.id).toBeDefined();

    expect((await get('all', '/v1/media')).text).toContain('brand-of-shop');
    for (const path of ['/v1/media', `/v1/media/${file.id}`]) {
      const answer = await get('newsroom', path);
      expect([answer.status, answer.text.includes('brand-of-shop')]).toEqual([200, false]);
    }
    const pageOf = async (name: string): Promise<string> => {
      const authorization = `Basic ${Buffer.from(`${name}:${PASSWORD}`).toString('base64')}`;
      return (await fetch(`${world.url}/page/library`, { headers: { authorization } })).text();
    };
    expect(await pageOf('whole')).toMatch(/brand-of-shop.*launch-of-shop/s);
    expect(await pageOf('ann')).not.toMatch(/brand-of-shop|launch-of-shop/);
    expect(await pageOf('ann')).not.toContain(`/page/media/${file.id}`);
  });

  it('and takes no list of everyone away on the page', async () => {
    const { json: shared } = await upload('all', '');
    const authorization = `Basic ${Buffer.from(`bob:${PASSWORD}`).toString('base64')}`;

    const answer = await fetch(`${world.url}/page/audiences/${shared.id}/remove`, {
      ...{ method: 'POST', redirect: 'manual' },
      headers: { authorization, origin: world.url },
    });

    expect(answer.status).toBe(403);
    expect((await get('all', `/v1/audiences/${shared.id}`)).status).toBe(200);
  });

  it('when lists come in', async () => {
    const port = Number(new URL(world.url).port);
    const slow = (account: string) => {
      const sending = request({
        ...{ port, host: '127.0.0.1', method: 'POST' },
        path: `/v1/audiences?account=${account}&name=list-of-${account}`,
        headers: { authorization: `Bearer ${keyOf('all')}`, 'content-type': 'text/plain' },
      });
      sending.on('error', () => undefined).write(`${openIds(1)[0]}\n`);
      return sending;
    };
    const both = ['news', 'shop'].map(slow);
    const coming = async (who: string): Promise<string[]> =>
      (await get(who, '/v1/audiences')).json.receiving.map((one: { name: string }) => one.name);
    await vi.waitFor(async () => expect(await coming('all')).toHaveLength(2));

    expect(await coming('newsroom')).toEqual(['list-of-news']);
    for (const one of both) one.destroy();
  });

  it('and does not hold the key that signs the webhooks of all', async () => {
    const before = (await get('all', '/v1/webhooks/secret')).json.secret;

    for (const ask of [get, post]) {
      const { status, json: answer } = await ask('newsroom', '/v1/webhooks/secret');
      expect([status, answer.code, answer.secret]).toEqual([
        403,
        'webhook-secret-of-all',
        undefined,
      ]);
    }
    expect((await get('all', '/v1/webhooks/secret')).json.secret).toBe(before);
  });

  it('and takes away no list that is for every account', async () => {
    expect((await upload('newsroom', '')).json).toMatchObject({ code: 'account-needed' });
    const { json: shared } = await upload('all', '');
    const { json: own } = await upload('newsroom', '?account=news');

    expect((await remove('newsroom', shared.id)).json.code).toBe('audience-of-all');
    expect((await remove('newsroom', own.id)).status).toBe(204);
    expect((await remove('all', shared.id)).status).toBe(204);
  });

  it('and learns of no one who is on a list of another', async () => {
    const { json: theirs } = await upload('all', '?account=shop');

    const answer = await upload('newsroom', `?account=news&exclude=${theirs.id}`);

    const gone = await upload('newsroom', `?account=news&exclude=a_${'0'.repeat(22)}`);
    const without = (text: string) => text.replaceAll(/a_[\w-]{22}/g, '');
    expect(answer.status).toBe(422);
    expect(without(answer.text)).toBe(without(gone.text));
  });
});

describe('a send to everyone', () => {
  it.each([
    ['everyone', { type: 'everyone' }, 403],
    ['all followers', { type: 'followers' }, 403],
    ['a tag', { type: 'tag', tagId: 2 }, 202],
  ])('needs a permission of its own: %s', async (_what, audience, status) => {
    const answer = await post(
      'newsroom',
      '/v1/campaigns',
      aCampaign({ account: 'news', audience }),
    );
    expect(answer.status).toBe(status);
    if (status === 403) {
      expect(answer.json).toMatchObject({ code: 'not-permitted', permission: 'everyone' });
    }
  });
});

/** One of its batches is held. */
async function heldOf(name: string): Promise<string> {
  const { json: campaign } = await post('all', '/v1/campaigns', aCampaign({ account: name }));
  const { campaigns, batches } = openRecord({
    ...{ redis, prefix, retainMs: DAY, submitTimeoutMs: 1_000, now: Date.now },
    identityOf: world.identityOf,
  });
  await campaigns.layBatches(campaign.id, [newBatch(1, 25)], {});
  const ref = { campaignId: campaign.id, no: 1 };
  await batches.apply(ref, { type: 'attempt-started', at: Date.now() });
  await batches.apply(ref, { type: 'held', reason: 'outcome-unknown', at: Date.now() });
  return campaign.id;
}

const formsIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/ action="([^"]+)"/g)].flatMap(([, action]) => action ?? []));
/** Behind a dialog; the others are not shown at all. */
const isDecision = (action: string): boolean =>
  !/\/(?:copy|audiences)$|^\/page\/media/.test(action);

describe('an operator', () => {
  const look = (path: string, { as = 'ann', ...headers }: Record<string, string> = {}) =>
    fetch(`${world.url}${path}`, {
      redirect: 'manual',
      headers: {
        authorization: `Basic ${Buffer.from(`${as}:${PASSWORD}`).toString('base64')}`,
        ...headers,
      },
    });
  const press = (path: string, as = 'ann', body = '') =>
    fetch(`${world.url}${path}`, {
      ...{ method: 'POST', redirect: 'manual', body },
      headers: {
        authorization: `Basic ${Buffer.from(`${as}:${PASSWORD}`).toString('base64')}`,
        ...{ origin: world.url, 'content-type': 'application/x-www-form-urlencoded' },
      },
    });

  it('signs on with a password that only its hash is known of', async () => {
    expect((await look('/')).status).toBe(200);
    expect((await look('/')).status).toBe(200);
    expect((await look('/', { as: 'boss' })).status).toBe(401);
    expect((await look('/', { as: 'nobody' })).status).toBe(401);
  });

  it('sees and steers the accounts that are theirs, and no other', async () => {
    const page = await (await look('/page/campaigns')).text();
    expect(page).toContain(ofNews);
    expect(page).not.toContain(ofShop);
    expect((await look(`/page/campaigns/${ofShop}`)).status).toBe(403);
    expect((await press(`/page/campaigns/${ofShop}/cancel`)).status).toBe(403);
    expect((await press('/page/accounts/shop/resume')).status).toBe(403);
    const written = ofShop.replace(/./g, (char) => `%${char.charCodeAt(0).toString(16)}`);
    for (const path of [`/page/campaigns/${written}`, `/page/Campaigns/${ofShop}`]) {
      expect((await look(path)).status).toBe(403);
      expect((await look(`${path}/results.csv`)).status).toBe(403);
      expect((await press(`${path}/cancel`)).status).toBe(403);
      expect((await press(`${path}/copy`)).status).toBe(403);
    }
    expect((await look('/page/Accounts/shop')).status).toBe(403);
    expect((await press('/page/accounts/%73hop/resume')).status).toBe(403);
    expect((await press(`/page/campaigns/${ofNews}/reschedule`)).status).toBe(422);
    expect((await press(`/page/campaigns/${ofNews}/approve`)).status).toBe(403);
    expect((await press(`/page/campaigns/${ofNews}/cancel`)).status).toBe(303);
    expect((await look('/board')).status).toBe(403);
  });

  it.each(PERMISSIONS)(
    'is offered the forms that %s allows, and shown the others disabled, with the reason',
    async (permission) => {
      const open = await heldOf('news');
      const waiting = (await post('all', '/v1/campaigns', aCampaign({ account: 'careful' }))).json
        .id;
      const screens = [open, waiting].map((id) => `/page/campaigns/${id}`);
      screens.push('/page/accounts/news', '/page/approvals', '/page/library');
      for (const path of screens) {
        const forms = formsIn(await (await look(path, { as: 'whole' })).text());
        const text = await (await look(path, { as: permission })).text();
        const offered = formsIn(text);
        expect(forms.size).toBeGreaterThan(0);
        for (const action of forms) {
          // About something that has changed since: what is allowed does nothing either.
          const { status } = await press(action, permission, 'seen=999999');
          expect([action, offered.has(action)]).toEqual([action, status !== 403]);
        }
        const isLess = [...forms].some((action) => isDecision(action) && !offered.has(action));
        expect(/<button type="button" disabled aria-describedby="why-not-/.test(text)).toBe(isLess);
      }
    },
  );

  it('is not named by a header from an address that is not the proxy’s', async () => {
    const headers = { 'x-forwarded-user': 'boss', authorization: '' };
    expect((await look('/', headers)).status).toBe(401);
  });

  it.each([
    ['boss', 200],
    ['mallory', 403],
  ])('is named by the proxy of single sign-on: %s', async (name, status) => {
    const answered = await new Promise<number>((resolve, reject) => {
      const headers = { 'x-forwarded-user': name };
      request(`${world.url}/page/campaigns`, { localAddress: '127.0.0.2', headers }, (res) => {
        res.resume();
        resolve(res.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
    expect(answered).toBe(status);
  });
});
