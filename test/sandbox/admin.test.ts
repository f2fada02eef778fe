import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isLoopback, isPrivate } from '../../src/sandbox/admin.ts';
import { callbackUrlOf, start } from '../../src/sandbox/start.ts';
import { callbackServer } from './callback-server.ts';
import {
  aClient,
  type Body,
  type Client,
  clientOf,
  openIds,
  runSandbox,
  service,
  toUsers,
  uploaded,
} from './raw-client.ts';

const SEND = 'message/mass/send';

const adminOf =
  ({ sandbox }: Pick<Client, 'sandbox'>) =>
  async (method: string, path: string, body?: unknown): Promise<Body> => {
    const response = await fetch(`${sandbox.url}/sandbox${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Body;
  };

describe('the admin interface', () => {
  it('tells accounts, sends, calls and who received what, and no secret', async () => {
    const client = await aClient();
    const admin = adminOf(client);
    await client.post(SEND, toUsers(openIds(2), 'camp-0'));
    await client.post(SEND, toUsers(openIds(1), 'camp-1'));

    expect(await admin('GET', '/accounts?account=first')).toMatchObject([
      { name: 'first', appId: service.appId, followers: 1_000, sends: 1 },
    ]);
    expect(await admin('GET', '/ledger?account=first&prefix=camp')).toEqual({
      sends: 1,
      recipients: 2,
      messagesPerFollower: { 1: 2 },
      duplicates: [],
    });
    expect(await admin('GET', '/sends')).toMatchObject([{ clientMsgId: 'camp-0', received: 2 }]);
    expect(await admin('GET', '/calls')).toMatchObject({ [SEND]: 2 });
    expect(await admin('GET', `/requests?path=${SEND}`)).toMatchObject([
      { errcode: 0 },
      { errcode: 40130 },
    ]);
    const everything = await (await fetch(`${client.sandbox.url}/sandbox`)).text();
    expect(everything).not.toContain(service.appSecret);
  });

  it('shows people a page', async () => {
    const client = await aClient();
    await client.post(SEND, toUsers(openIds(2), '<b>'));

    const response = await fetch(`${client.sandbox.url}/sandbox`, {
      headers: { accept: 'text/html' },
    });

    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toContain('<td>&#60;b&#62;</td>');
  });

  it('sets, lists and clears faults', async () => {
    const client = await aClient();
    const admin = adminOf(client);

    await admin('PUT', '/faults', { name: 'errcode', errcode: -1, path: SEND, times: 2 });
    expect(await client.post(SEND, toUsers(openIds(2)))).toMatchObject({ errcode: -1 });
    expect(await admin('GET', '/faults')).toMatchObject([{ name: 'errcode', fired: 1 }]);
    await admin('DELETE', '/faults');
    expect(await client.post(SEND, toUsers(openIds(2)))).toMatchObject({ errcode: 0 });
    expect(await admin('PUT', '/faults', { name: 'earthquake' })).toEqual({
      error: expect.stringMatching(
        /^no fault is named earthquake; there are silent-before, .*event-older$/,
      ),
    });
  });

  it('holds a call and lets it go', async () => {
    const client = await aClient();
    const admin = adminOf(client);
    const { id } = await admin('PUT', '/faults', { name: 'hold', path: SEND, when: 'before' });

    const call = client.post(SEND, toUsers(openIds(2)));
    await expect.poll(() => admin('GET', '/faults')).toMatchObject([{ fired: 1 }]);

    expect(await admin('POST', '/faults/release', { id })).toEqual({ released: true });
    expect(await call).toMatchObject({ errcode: 0 });
  });

  it('pushes an event again, or any other', async () => {
    const server = await callbackServer();
    const accounts = [{ ...service, callbackUrl: server.url, callbackToken: 't' }];
    const client = await clientOf(await runSandbox({ accounts }));
    const admin = adminOf(client);
    const { msg_id } = await client.post(SEND, toUsers(openIds(2)));
    await server.came(1);

    const again = await admin('POST', '/events', { account: 'first', msg_id, times: 2 });
    const foreign = await admin('POST', '/events', {
      account: 'first',
      fields: { Event: 'MASSSENDJOBFINISH', MsgID: '77' },
    });

    expect([again, foreign]).toEqual([{ taken: [true, true] }, { taken: [true] }]);
    expect(server.pushes).toHaveLength(4);
    expect(server.pushes.at(-1)?.body).toContain('<MsgID><![CDATA[77]]></MsgID>');
    expect(await admin('GET', `/pushes?msgId=${msg_id}`)).toHaveLength(3);
  });

  it('expires tokens and media, and gives quotas back', async () => {
    const client = await aClient({ limits: { massPerDay: 1 } });
    const admin = adminOf(client);
    const media_id = await uploaded(client, 'image');
    const picture = { touser: openIds(2), msgtype: 'image', images: { media_ids: [media_id] } };

    await client.post(SEND, toUsers(openIds(2)));
    expect(await client.post(SEND, picture)).toMatchObject({ errcode: 45009 });
    await admin('POST', '/reset-quota', { account: 'first' });
    await admin('POST', '/media/expire', {});
    expect(await client.post(SEND, picture)).toMatchObject({ errcode: 40007 });
    await admin('POST', '/tokens/expire', {});
    expect(await client.get('user/get')).toMatchObject({ errcode: 42001 });
    const next = await clientOf(client.sandbox);
    await admin('POST', '/tokens/expire', { as: 'replaced' });
    expect(await next.get('user/get')).toMatchObject({ errcode: 40001 });
  });

  it('says which addresses it has, and when a body makes no sense', async () => {
    const client = await aClient();

    const missing = await fetch(`${client.sandbox.url}/sandbox/nothing`);
    const nonsense = await fetch(`${client.sandbox.url}/sandbox/events`, {
      method: 'POST',
      body: '{',
    });

    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({
      addresses: expect.arrayContaining(['GET sends']),
    });
    expect(nonsense.status).toBe(400);
  });
});

describe('the admin interface of a sandbox that others can reach', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['192.0.2.7', false],
    ['::ffff:192.0.2.7', false],
    ['2001:db8::127.0.0.1', false],
    [undefined, false],
  ])('answers %s: %s', (address, answered) => {
    expect(isLoopback(address)).toBe(answered);
  });
});

describe('the sandbox as a role', () => {
  it('makes an account up where none is given, and tells its secrets', async () => {
    const role = await start({ callbackUrl: 'http://127.0.0.1:3001/wechat' });
    const [account] = role.accounts;
    await role.stop();

    expect(role.accounts).toHaveLength(1);
    expect(account).toMatchObject({
      name: 'default',
      kind: 'service',
      appId: expect.stringMatching(/^wx[0-9a-f]{16}$/),
      originalId: expect.stringMatching(/^gh_[0-9a-f]{12}$/),
      encodingAesKey: expect.stringMatching(/^[A-Za-z0-9+/]{43}$/),
      callbackUrl: 'http://127.0.0.1:3001/wechat/default',
    });
  });

  it.each([
    ['http://h/wechat', 'http://h/wechat/a'],
    ['http://h/wechat/', 'http://h/wechat/a'],
    ['http://h/:account/in', 'http://h/a/in'],
  ])('pushes to %s with the account in it', (template, url) => {
    expect(callbackUrlOf(template, 'a')).toBe(url);
  });
});

describe('a fault over HTTP', () => {
  it.each([
    [{ name: 'errocde' }, 'no fault is named errocde (did you mean errcode?)'],
    [{ name: 'errcode' }, 'errcode needs errcode'],
    [{ name: 'errcode', errcode: '45009' }, 'errcode is a whole number, not "45009"'],
    [{ name: 'slow', afterMS: 5 }, 'a fault has no afterMS (did you mean afterMs?)'],
    [{ name: 'slow', nth: 0 }, 'nth is a number from 1, not 0'],
    [{ name: 'slow', path: 'message/mass/sned' }, 'did you mean message/mass/send?'],
    [{ name: 'slow', account: 'frist' }, 'no account is named frist (did you mean first?)'],
    [{ name: 'event-counts', counts: { totals: 1 } }, 'counts is an object of total, filter'],
  ])('%j is refused', async (fault, message) => {
    const admin = adminOf(await aClient());

    expect(await admin('PUT', '/faults', fault)).toEqual({
      error: expect.stringContaining(message),
    });
    expect(await admin('GET', '/faults')).toEqual([]);
  });

  it.each([
    { name: 'errcode', errcode: -1, path: '/cgi-bin/message/mass/send', times: null },
    { name: 'silent-before', path: 'stable_token', account: 'first' },
    { name: 'event-older', counts: { total: 'many' }, createdAgoMs: 1 },
  ])('%j is set', async (fault) => {
    const admin = adminOf(await aClient());

    expect(await admin('PUT', '/faults', fault)).toEqual({ id: 1 });
  });
});

describe('the followers of an account, over HTTP', () => {
  it('join and leave, by number or by name', async () => {
    const client = await aClient();
    const admin = adminOf(client);
    const change = (body: object) => admin('POST', '/followers', { account: 'first', ...body });

    expect(await change({ join: 5 })).toEqual({ followers: 1_005 });
    expect(await change({ leave: 2 })).toEqual({ followers: 1_003 });
    expect(await change({ leave: openIds(1) })).toEqual({ followers: 1_002 });
    expect(await change({ join: openIds(1) })).toEqual({ followers: 1_003 });
    expect(await change({ leave: 'x' })).toHaveProperty('error');
    expect(await admin('POST', '/followers', { join: 1 })).toEqual({ error: 'say which account' });
  });
});

describe('a page of another site', () => {
  it('is not answered, though a browser on this machine asks', async () => {
    const { sandbox } = await aClient();

    const response = await fetch(`${sandbox.url}/sandbox/events/push-all`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
    });

    expect(response.status).toBe(403);
  });
});

describe('a private network', () => {
  it.each([
    ['172.17.0.1', true],
    ['::ffff:172.31.0.1', true],
    ['10.1.2.3', true],
    ['192.168.65.1', true],
    ['fd00::1', true],
    ['172.32.0.1', false],
    ['192.0.2.7', false],
    ['2001:db8::1', false],
  ])('is what %s is from: %s', (address, isOne) => {
    expect(isPrivate(address)).toBe(isOne);
  });

  it('is answered by a sandbox on every interface', async () => {
    const own = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(
        ({ family, internal, address }) => family === 'IPv4' && !internal && isPrivate(address),
      );
    if (!own) return;
    const [open, closed] = [await runSandbox({ host: '0.0.0.0' }), await runSandbox()];
    const response = await fetch(`http://${own.address}:${open.port}/sandbox/options`);

    expect(response.status).toBe(200);
    await expect(fetch(`http://${own.address}:${closed.port}/`)).rejects.toThrow();
  });
});
