import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeForward } from '../../src/callback/forward.ts';
import {
  finishedXml,
  PLAIN,
  plainPush,
  SAFE,
  safePush,
  textXml,
} from '../shared/wechat/push/make-push.ts';
import { aFolder, startDoor, storeOf, type Test } from './start-door.ts';

const OURS = '1000001625';
const NOT_OURS = '2000000000';

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** The system that had the callback URL before us. */
async function otherSystem(test: Test, answer: RequestListener) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const { method, url, headers } = request;
    received.push({ method, url, contentType: headers['content-type'], body });
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { received, url: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

const forwardingTo = (forwardUrl: string) => {
  const accounts = [
    { ...PLAIN, forwardUrl },
    { ...SAFE, forwardUrl },
  ];
  return { accounts: () => accounts };
};
const replying =
  (status: number, body = '', headers = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

describe('an event of others', () => {
  it('is forwarded in what is left of the time, whole milliseconds or not', async (test) => {
    const other = await otherSystem(test, replying(200, 'success'));
    const dispatcher = new Agent();
    test.onTestFinished(() => dispatcher.close());
    const forward = makeForward({ dispatcher, notice: () => {} });
    const push = { hops: 0, query: '', contentType: 'text/xml', body: Buffer.from(textXml()) };

    const answer = await forward({ name: 'plain', forwardUrl: other.url }, push, 3_999.3);

    expect(answer).toMatchObject({ status: 200, body: Buffer.from('success') });
  });

  it('goes no further once three services have passed it on', async (test) => {
    const other = await otherSystem(test, replying(200, 'success'));
    const dispatcher = new Agent();
    test.onTestFinished(() => dispatcher.close());
    const facts: object[] = [];
    const forward = makeForward({ dispatcher, notice: (fact) => facts.push(fact) });
    const push = { hops: 3, query: '', contentType: 'text/xml', body: Buffer.from(textXml()) };

    const answer = await forward({ name: 'plain', forwardUrl: other.url }, push, 4_000);

    expect(answer).toBeNull();
    expect(facts).toEqual([{ type: 'forward-failed', account: 'plain', why: 'loop' }]);
    expect(other.received).toEqual([]);
  });

  it('is forwarded as it came, and the answer passed back', async (test) => {
    const reply = '<xml><Content>hi</Content></xml>';
    const other = await otherSystem(test, replying(200, reply, { 'content-type': 'text/xml' }));
    const store = storeOf(test);
    const door = await startDoor(test, store, forwardingTo(`${other.url}/wx?tenant=7`));
    const push = plainPush(textXml({ content: '<!DOCTYPE 你好' }));

    const heard = await door.push('plain', push);

    expect(heard).toMatchObject({ status: 200, body: reply });
    expect(heard.headers['content-type']).toBe('text/xml');
    const url = `/wx?tenant=7&${new URLSearchParams(push.query)}`;
    expect(other.received).toEqual([
      { method: 'POST', url, contentType: 'text/xml', body: push.body },
    ]);
    expect(store.calls).toEqual([]);
  });

  it.each([
    ['what nobody signed', { tenant: '8', openid: 'oSomebodyElse00000000000000' }, {}],
    ['but for the OpenID that its message has', { openid: 'oFollower' }, { openid: 'oFollower' }],
  ])('is forwarded without %s', async (_, unsigned, kept) => {
    const other = await otherSystem({ onTestFinished }, replying(200, 'success'));
    const store = storeOf({ onTestFinished });
    const door = await startDoor({ onTestFinished }, store, forwardingTo(other.url));
    const text = textXml().replace(/(<FromUserName>).*(<\/FromUserName>)/, '$1oFollower$2');
    const push = plainPush(text);

    await door.push('plain', { ...push, query: { ...push.query, ...unsigned } });

    const { searchParams } = new URL(other.received[0]?.url ?? '', other.url);
    expect(Object.fromEntries(searchParams)).toEqual({ ...push.query, ...kept });
  });

  it('stays sealed on its way', async (test) => {
    const other = await otherSystem(test, replying(200, 'success'));
    const door = await startDoor(test, storeOf(test), forwardingTo(other.url));
    const push = safePush(textXml({ to: SAFE.originalId }));

    await door.push('safe', push);

    expect(other.received).toMatchObject([
      { url: `/?${new URLSearchParams(push.query)}`, body: push.body },
    ]);
  });

  it('is answered success where nobody else wants it', async (test) => {
    const door = await startDoor(test, storeOf(test));

    expect(await door.push('plain', plainPush(textXml()))).toMatchObject({ body: 'success' });
  });

  it.each([
    ['fails', replying(500, 'a stack trace')],
    ['says no', replying(401)],
    ['points elsewhere', replying(302, '', { location: 'http://127.0.0.1:1/' })],
    ['hangs up', (request) => request.socket.destroy()],
    ['is slow', () => {}],
    ['is slow after its first bytes', (_, response) => response.writeHead(200).write('succ')],
    ['answers without end', replying(200, 'x'.repeat(200_000))],
  ] satisfies [string, RequestListener][])(
    'comes again from WeChat when the other system %s',
    async (_, answer) => {
      const other = await otherSystem({ onTestFinished }, answer);
      const door = await startDoor({ onTestFinished }, storeOf({ onTestFinished }), {
        ...forwardingTo(other.url),
        limits: { forwardWithinMs: 2_000 },
      });

      expect(await door.push('plain', plainPush(textXml()))).toMatchObject({
        status: 503,
        body: '',
      });

      expect(other.received).toHaveLength(1);
      expect(door.facts).toContainEqual(
        expect.objectContaining({ type: 'forward-failed', account: 'plain' }),
      );
    },
  );

  it('comes again from WeChat when the other system is away', async (test) => {
    const door = await startDoor(test, storeOf(test), forwardingTo('http://127.0.0.1:1'));

    expect(await door.push('plain', plainPush(textXml()))).toMatchObject({ status: 503 });
  });

  it('does not go round for ever where two services forward to each other', async (test) => {
    let url = '';
    const accounts = () => [{ ...PLAIN, forwardUrl: `${url}/wechat/plain` }];
    const door = await startDoor(test, storeOf(test), { accounts });
    url = door.url;

    expect(await door.push('plain', plainPush(textXml()))).toMatchObject({ status: 503 });

    expect(door.facts.filter(({ type }) => type === 'event-passed')).toHaveLength(4);
  });

  it('does not go round for longer because its sender counts from below', async (test) => {
    let url = '';
    const accounts = () => [{ ...PLAIN, forwardUrl: `${url}/wechat/plain` }];
    const door = await startDoor(test, storeOf(test), { accounts });
    url = door.url;
    const { query, contentType, body } = plainPush(textXml());

    const { status } = await fetch(`${url}/wechat/plain?${new URLSearchParams(query)}`, {
      method: 'POST',
      headers: { 'content-type': contentType, 'qunfa-hops': '-100' },
      body,
    });

    expect(status).toBe(503);
    expect(door.facts.filter(({ type }) => type === 'event-passed')).toHaveLength(4);
  });

  it('that nobody signed reaches no other system', async (test) => {
    const other = await otherSystem(test, replying(200));
    const door = await startDoor(test, storeOf(test), forwardingTo(other.url));

    await door.push('plain', { ...plainPush(textXml()), query: {} });

    expect(other.received).toEqual([]);
  });
});

describe('a finished mass send', () => {
  it('of ours is not forwarded', async (test) => {
    const other = await otherSystem(test, replying(200));
    const door = await startDoor(test, storeOf(test), forwardingTo(other.url));

    expect(await door.push('plain', plainPush())).toMatchObject({ body: 'success' });

    expect(other.received).toEqual([]);
  });

  it('of nobody is parked, for it may be ours, and forwarded, for it may not', async (test) => {
    const other = await otherSystem(test, replying(200, 'success'));
    const store = storeOf(test);
    const door = await startDoor(test, store, forwardingTo(other.url));
    const event = finishedXml({ msgId: NOT_OURS });

    expect(await door.push('plain', plainPush(event))).toMatchObject({ status: 200 });

    expect(await store.kept()).toEqual({ [`parked plain ${NOT_OURS}`]: 'delivered' });
    expect(other.received).toHaveLength(1);
  });

  it('of nobody, kept on disk while the store was away, is forwarded when both are back', async (test) => {
    const store = storeOf(test, [OURS]);
    const spoolDir = await aFolder(test);
    store.before = () => Promise.reject(new Error('redis is away'));
    const answers = [replying(500), replying(500), replying(200)];
    const other = await otherSystem(test, (request, response) =>
      (answers.shift() ?? replying(200))(request, response),
    );
    const door = await startDoor(test, store, { ...forwardingTo(other.url), spoolDir });
    const event = finishedXml({ msgId: NOT_OURS });
    await door.push('plain', plainPush(event));
    expect(other.received).toEqual([]);
    store.before = async () => {};

    await expect.poll(() => readdir(spoolDir)).toEqual([]);

    expect(other.received).toHaveLength(3);
    expect(other.received[0]).toEqual(other.received[2]);
    expect(await store.kept()).toEqual({ [`parked plain ${NOT_OURS}`]: 'delivered' });
  });
});
