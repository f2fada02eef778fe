import { describe, expect, it } from 'vitest';
import {
  aClient,
  type Client,
  clientOf,
  MINUTE,
  openIds,
  runSandbox,
  service,
  stableToken,
  subscription,
  toTag,
  toUsers,
  uploaded,
} from './raw-client.ts';

const SEND = 'message/mass/send';
const body = toUsers(openIds(2), 'campaign-0');

/** Calls until the sandbox has noted that it stays silent, then gives up as a client would. */
async function unanswered(client: Client): Promise<void> {
  const giveUp = new AbortController();
  const call = client.post(SEND, body, { signal: giveUp.signal });
  const refused = expect(call).rejects.toThrow();
  await expect.poll(() => client.sandbox.ledger.requests(SEND).at(-1)?.status).toBe('silent');
  giveUp.abort();
  await refused;
}

describe('silence', () => {
  it('after accepting: the message is out, and a repeat with the same key tells its id', async () => {
    const client = await aClient();
    client.sandbox.faults.set('silent-after-accepting');

    await unanswered(client);
    client.sandbox.advance(MINUTE);
    const repeat = await client.post(SEND, body);

    const [send] = client.sandbox.ledger.sends();
    expect(repeat).toMatchObject({ errcode: 45065, msg_id: Number(send?.msgId) });
    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 1: 2 });
  });

  it('before accepting: nothing is out', async () => {
    const client = await aClient();
    client.sandbox.faults.set('silent-before', { path: SEND });

    await unanswered(client);

    expect(client.sandbox.ledger.sends()).toEqual([]);
    expect(await client.post(SEND, body)).toMatchObject({ errcode: 0 });
  });

  it('after accepting waits for a call that is accepted', async () => {
    const client = await aClient();
    const fault = client.sandbox.faults.set('silent-after-accepting', { afterMs: 1 });

    expect(await client.post(SEND, toUsers([]))).toMatchObject({ errcode: 40032 });
    expect(fault.fired).toBe(0);
    expect(await client.post(SEND, body)).toMatchObject({ errcode: 0 });
    expect(fault.fired).toBe(1);
  });
});

describe('a reset', () => {
  it.each([
    ['reset-before', {}],
    ['reset-after-accepting', { 1: 2 }],
  ] as const)('%s ends the connection', async (name, received) => {
    const client = await aClient();
    client.sandbox.faults.set(name, { path: SEND });

    await expect(client.post(SEND, body)).rejects.toThrow();

    expect(client.sandbox.ledger.messagesPerFollower()).toEqual(received);
    expect(client.sandbox.ledger.requests(SEND)).toMatchObject([{ status: 'reset' }]);
  });
});

describe('an answer', () => {
  it('is a 502 page, with the call processed or not', async () => {
    const client = await aClient();
    client.sandbox.faults.set('status-502', { path: SEND });
    const before = await client.response(SEND, body);
    expect(client.sandbox.ledger.sends()).toEqual([]);

    client.sandbox.faults.set('status-502', { path: SEND, processed: true, status: 504 });
    const after = await client.response(SEND, body);

    expect([before.status, after.status]).toEqual([502, 504]);
    expect(client.sandbox.ledger.sends()).toHaveLength(1);
  });

  it('is HTML with a 200', async () => {
    const client = await aClient();
    client.sandbox.faults.set('html-answer');

    const response = await client.response(SEND, body);

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html');
    expect(client.sandbox.ledger.sends()).toEqual([]);
  });

  it('is JSON cut in two, of a call that was processed', async () => {
    const client = await aClient();
    client.sandbox.faults.set('truncated-json', { path: SEND });

    const text = await (await client.response(SEND, body)).text();

    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(text).toMatch(/^\{"errcode":0/);
    expect(client.sandbox.ledger.sends()).toHaveLength(1);
  });

  it('is any errcode, known or not, on the call it was set for', async () => {
    const client = await aClient();
    const { faults } = client.sandbox;

    for (const errcode of [-1, 45009, 48003, 9500002, 99999]) {
      faults.set('errcode', { path: SEND, errcode });
      expect(await client.post('clear_quota', {})).toMatchObject({ errcode: 40013 });
      expect(await client.post(SEND, body)).toMatchObject({
        errcode,
        errmsg: expect.stringMatching(/ (hint|rid): /),
      });
    }
    expect(client.sandbox.ledger.sends()).toEqual([]);
  });

  it('is -1 although the message went out', async () => {
    const client = await aClient();
    client.sandbox.faults.set('errcode', { path: SEND, errcode: -1, processed: true });

    expect(await client.post(SEND, body)).toMatchObject({ errcode: -1 });

    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 1: 2 });
  });

  it("is 45065 with another send's id, with any, or with none", async () => {
    const client = await aClient();
    const { faults } = client.sandbox;
    const first = await client.post(SEND, body);
    const next = toUsers(openIds(2, 2), 'campaign-1');

    faults.set('key-taken', { msgId: 'latest' });
    expect(await client.post(SEND, next)).toMatchObject({ errcode: 45065, msg_id: first.msg_id });
    faults.set('key-taken', { msgId: '34182' });
    expect(await client.post(SEND, next)).toMatchObject({ errcode: 45065, msg_id: 34182 });
    faults.set('key-taken');
    const without = await client.post(SEND, next);

    expect(without).toMatchObject({ errcode: 45065 });
    expect(without).not.toHaveProperty('msg_id');
  });

  it('comes when it likes', async () => {
    const client = await aClient();
    client.sandbox.faults.set('slow', { path: SEND, afterMs: 5 });

    expect(await client.post(SEND, body)).toMatchObject({ errcode: 0 });
  });
});

describe('another client', () => {
  it('replaces the token mid-run: 40001, and a fresh one works', async () => {
    const client = await aClient();
    client.sandbox.faults.set('token-replaced', { path: SEND });

    expect(await client.post(SEND, body)).toMatchObject({ errcode: 40001 });
    const again = await clientOf(client.sandbox);
    expect(await again.post(SEND, body)).toMatchObject({ errcode: 0 });
  });

  it('makes stable_token answer the dead token for a while', async () => {
    const client = await aClient();
    const { sandbox } = client;
    const { access_token: dead } = await stableToken(sandbox, service);
    sandbox.faults.set('token-replaced', { path: SEND, stale: 1 });
    await client.post(SEND, body);

    expect(await stableToken(sandbox, service)).toMatchObject({ access_token: dead });
    expect((await stableToken(sandbox, service)).access_token).not.toBe(dead);
  });
});

describe('media', () => {
  it('expire just before they are sent', async () => {
    const client = await aClient();
    const media_id = await uploaded(client, 'image');
    const message = { touser: openIds(2), msgtype: 'image', images: { media_ids: [media_id] } };
    client.sandbox.faults.set('media-expired', { path: SEND });

    expect(await client.post(SEND, message)).toMatchObject({ errcode: 40007 });
    expect(await client.post(SEND, message)).toMatchObject({ errcode: 40007 });
  });
});

describe('a fault', () => {
  it('meets the account, path, body and call it is meant for', async () => {
    const sandbox = await runSandbox({
      accounts: [service, { ...subscription, kind: 'service', followers: openIds(100) }],
    });
    const [one, other] = [await clientOf(sandbox), await clientOf(sandbox, subscription)];
    sandbox.faults.set('errcode', { errcode: -1, account: 'second', path: `/cgi-bin/${SEND}` });
    sandbox.faults.set('errcode', { errcode: -1, bodyIncludes: '"campaign-7"', times: null });

    expect(await one.post(SEND, body)).toMatchObject({ errcode: 0 });
    expect(await other.post('message/mass/sendall', toTag(2))).toMatchObject({ errcode: 0 });
    expect(await other.post(SEND, body)).toMatchObject({ errcode: -1 });
    expect(await other.post(SEND, body)).toMatchObject({ errcode: 0 });
    for (let i = 0; i < 2; i += 1) {
      expect(await one.post(SEND, toUsers(openIds(2), 'campaign-7'))).toMatchObject({
        errcode: -1,
      });
    }
  });

  it('begins with the nth call and lasts as long as it was told', async () => {
    const client = await aClient();
    const fault = client.sandbox.faults.set('errcode', { errcode: -1, nth: 2, times: 2 });

    const codes = [];
    for (let i = 0; i < 4; i += 1) {
      codes.push((await client.post(SEND, toUsers(openIds(2), `k-${i}`))).errcode);
    }

    expect(codes).toEqual([0, -1, -1, 0]);
    expect(fault.fired).toBe(2);
  });

  it('can be taken back, one or all', async () => {
    const client = await aClient();
    const { faults } = client.sandbox;
    const one = faults.set('errcode', { errcode: -1, times: null });
    faults.set('errcode', { errcode: -2, times: null });

    expect(await client.post(SEND, body)).toMatchObject({ errcode: -1 });
    one.remove();
    expect(await client.post(SEND, body)).toMatchObject({ errcode: -2 });
    faults.clear();
    expect(await client.post(SEND, body)).toMatchObject({ errcode: 0 });
  });

  it('is noted with the call it met', async () => {
    const client = await aClient();
    client.sandbox.faults.set('errcode', { errcode: 45009 });
    await client.post(SEND, body);

    expect(client.sandbox.ledger.requests(SEND)).toMatchObject([
      { errcode: 45009, faults: ['errcode'], account: 'first' },
    ]);
  });
});

describe('a hold', () => {
  it('keeps the answer of an accepted call until it is let go', async () => {
    const client = await aClient();
    const hold = client.sandbox.faults.hold({ path: SEND, account: 'first' });

    const call = client.post(SEND, body);
    const held = await hold.arrived;
    expect(held.body.toString()).toContain('campaign-0');
    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 1: 2 });
    hold.release();

    expect(await call).toMatchObject({ errcode: 0 });
  });

  it('can keep a call from being processed', async () => {
    const client = await aClient();
    const hold = client.sandbox.faults.hold({ path: SEND, when: 'before' });

    const call = client.post(SEND, body);
    await hold.arrived;
    expect(client.sandbox.ledger.sends()).toEqual([]);
    hold.release();

    expect(await call).toMatchObject({ errcode: 0 });
  });

  it('can end in a lost connection', async () => {
    const client = await aClient();
    const hold = client.sandbox.faults.hold({ path: SEND });

    const call = client.post(SEND, body);
    const lost = expect(call).rejects.toThrow();
    await hold.arrived;
    hold.drop();

    await lost;
    expect(client.sandbox.ledger.sends()).toHaveLength(1);
  });

  it('does not outlive the sandbox', async () => {
    const client = await aClient();
    const hold = client.sandbox.faults.hold({ path: SEND });
    const ended = client.post(SEND, body).then(
      () => 'answered',
      () => 'lost',
    );
    await hold.arrived;

    await client.sandbox.close();

    expect(['answered', 'lost']).toContain(await ended);
  });
});

describe('an answer that a strict reader stumbles over', () => {
  it('begins with a byte order mark, or holds a raw control byte', async () => {
    const client = await aClient();
    const textOf = async (name: 'bom-answer' | 'control-byte') => {
      client.sandbox.faults.set(name, { path: 'tags/get' });
      const address = `${client.sandbox.url}/cgi-bin/tags/get?access_token=${client.token}`;
      return Buffer.from(await (await fetch(address)).arrayBuffer()).toString('latin1');
    };

    expect(await textOf('bom-answer')).toMatch(/^\xef\xbb\xbf\{"tags"/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this byte is what is looked for
    expect(await textOf('control-byte')).toMatch(/"name":"\u0001/);
  });

  it('is any text, of a call that was processed or not', async () => {
    const client = await aClient();
    const text = `{"errcode":0,"msg_id":${'9'.repeat(25)}}`;
    client.sandbox.faults.set('raw-answer', { path: SEND, text });
    client.sandbox.faults.set('raw-answer', { path: SEND, text: '[', processed: true, nth: 1 });

    const before = await (await client.response(SEND, body)).text();
    expect(client.sandbox.ledger.sends()).toHaveLength(0);
    const after = await (await client.response(SEND, body)).text();

    expect([before, after]).toEqual([text, '[']);
    expect(client.sandbox.ledger.sends()).toHaveLength(1);
  });
});
