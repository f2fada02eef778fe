import { describe, expect, it, onTestFinished } from 'vitest';
import {
  finishedXml,
  NOW,
  OLD_KEY,
  PLAIN,
  plainPush,
  SAFE,
  safePush,
  signed,
  textXml,
} from '../shared/wechat/push/make-push.ts';
import { aPromise, type Door, type Heard, startDoor, storeOf } from './start-door.ts';

const SIX_MINUTES = 6 * 60_000;
const MSG_ID = '1000001625';
const nothingTold = { body: '' };

describe('the address check', () => {
  const path = (query: Record<string, string>, account = 'plain') =>
    `/wechat/${account}?${new URLSearchParams(query)}`;

  it('answers with the echo, exactly, as text that no browser reads otherwise', async (test) => {
    const door = await startDoor(test, storeOf(test));

    const heard = await door.get(path({ ...signed(), echostr: '4375120948345356249' }));

    expect(heard).toMatchObject({ status: 200, body: '4375120948345356249' });
    expect(heard.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(heard.headers['x-content-type-options']).toBe('nosniff');
  });

  it.each([
    ['unsigned', {}, 401],
    ['signed by another', { ...signed({ token: 'guess' }), echostr: '1' }, 401],
    ['stale', { ...signed({ at: NOW - SIX_MINUTES }), echostr: '1' }, 401],
    ['without an echo', signed(), 400],
    ['with an echo of 5,000 characters', { ...signed(), echostr: 'x'.repeat(5_000) }, 400],
    ['with an echo of two lines', { ...signed(), echostr: 'a\r\nb' }, 400],
  ])('that is %s learns nothing', async (_, query, status) => {
    const door = await startDoor({ onTestFinished }, storeOf({ onTestFinished }));

    expect(await door.get(path(query))).toMatchObject({ status, ...nothingTold });
  });
});

describe('a finished mass send', () => {
  it('is stored, then answered success, with WeChat’s own text beside it', async (test) => {
    const store = storeOf(test);
    const door = await startDoor(test, store);
    const event = finishedXml({ to: SAFE.originalId });

    expect(await door.push('safe', safePush(event))).toMatchObject({
      status: 200,
      body: 'success',
    });

    expect(await store.kept()).toEqual({ [`safe ${MSG_ID}`]: 'delivered' });
    expect(store.calls).toEqual([
      {
        account: 'safe',
        arrival: {
          msgId: MSG_ID,
          createdAt: NOW,
          trusted: true,
          receipt: {
            status: 'delivered',
            code: 'send success',
            reason: 'sent',
            ...{ total: 100, eligible: 80, sent: 75, failed: 5 },
          },
        },
      },
    ]);
    expect(door.noted).toEqual(['safe safe']);
  });

  it.each([
    ['plain', 'plain', plainPush()],
    [
      'plain JSON',
      'plain',
      plainPush(
        JSON.stringify({
          ToUserName: PLAIN.originalId,
          MsgType: 'event',
          Event: 'MASSSENDJOBFINISH',
          MsgID: 1000001625,
        }),
      ),
    ],
    ['compatible', 'safe', safePush(undefined, { compatible: true })],
    ['safe JSON', 'safe', safePush(undefined, { json: true })],
  ])('comes in %s', async (_, account, push) => {
    const store = storeOf({ onTestFinished });
    const door = await startDoor({ onTestFinished }, store);

    expect(await door.push(account, push)).toMatchObject({ status: 200, body: 'success' });

    expect(store.calls).toMatchObject([
      { account, arrival: { msgId: MSG_ID, trusted: account === 'safe' } },
    ]);
  });

  it('comes in with a slash at the end of the address', async () => {
    const store = storeOf({ onTestFinished });
    const door = await startDoor({ onTestFinished }, store);

    expect(await door.push('plain/', plainPush())).toMatchObject({ status: 200, body: 'success' });
    expect(store.calls).toMatchObject([{ account: 'plain' }]);
  });

  it('is not answered before the store has it', async (test) => {
    const store = storeOf(test);
    const door = await startDoor(test, store);
    const hold = aPromise();
    const reached = aPromise();
    store.before = () => {
      reached.resolve();
      return hold.promise;
    };
    let isAnswered = false;

    const answer = door.push('safe', safePush()).finally(() => {
      isAnswered = true;
    });
    await reached.promise;
    await door.get('/healthz');
    expect(isAnswered).toBe(false);
    hold.resolve();

    expect(await answer).toMatchObject({ status: 200, body: 'success' });
  });

  it('comes three times at once and is kept once', async (test) => {
    const store = storeOf(test);
    const door = await startDoor(test, store);
    const events = Array.from({ length: 50 }, (_, n) =>
      safePush(finishedXml({ to: SAFE.originalId, msgId: String(1_000 + n) })),
    );

    const heard = await Promise.all(
      [...events, ...events, ...events].map((event) => door.push('safe', event)),
    );

    expect(new Set(heard.map(({ status, body }) => `${status} ${body}`))).toEqual(
      new Set(['200 success']),
    );
    expect(Object.keys(await store.kept())).toHaveLength(50);
  });
});

describe('whatever is not from WeChat', () => {
  const to = SAFE.originalId;
  const withQuery = (query: Record<string, string>, push = safePush()) => ({
    ...push,
    query: { ...push.query, ...query },
  });

  it.each([
    ['with a forged signature', 'safe', withQuery({ msg_signature: 'a'.repeat(40) }), 401],
    [
      'with the body of another push',
      'safe',
      { ...safePush(), body: safePush(finishedXml({ to, msgId: '2' })).body },
      401,
    ],
    [
      'unsigned but claiming to be sealed',
      'plain',
      { ...plainPush(), query: { encrypt_type: 'aes', msg_signature: 'x' } },
      401,
    ],
    ['from six minutes ago', 'safe', safePush(undefined, { at: NOW - SIX_MINUTES }), 401],
    ['from six minutes ahead', 'safe', safePush(undefined, { at: NOW + SIX_MINUTES }), 401],
    ['of another account', 'plain', safePush(), 401],
    ['for another appid', 'safe', safePush(undefined, { appId: 'wxother' }), 401],
    ['for another original id', 'safe', safePush(finishedXml({ to: 'gh_other' })), 401],
    ['sealed with a forgotten key', 'safe', safePush(undefined, { key: OLD_KEY }), 401],
    [
      'plain to an account with a key',
      'safe',
      plainPush(finishedXml({ to }), { token: SAFE.callbackToken }),
      401,
    ],
    ['of a strange type', 'safe', { ...safePush(), contentType: 'image/png' }, 415],
    ['no push at all', 'plain', { ...plainPush(), body: 'hello' }, 400],
    ['with a DOCTYPE', 'plain', { ...plainPush(), body: `<!DOCTYPE x>${finishedXml()}` }, 400],
    ['too large', 'plain', { ...plainPush(), body: textXml({ content: 'x'.repeat(70_000) }) }, 413],
    ['much too large', 'plain', { ...plainPush(), body: 'x'.repeat(5_000_000) }, 413],
    ['for an account that is not here', 'nobody', plainPush(), 401],
  ])('%s: nothing stored, nothing told', async (_, account, push, status) => {
    const store = storeOf({ onTestFinished });
    const door = await startDoor({ onTestFinished }, store);

    expect(await door.push(account, push)).toMatchObject({ status, ...nothingTold });

    expect(store.calls).toEqual([]);
    expect(door.noted).toEqual([]);
  });

  it('is named for the log when only the owner can set it right', async (test) => {
    const door = await startDoor(test, storeOf(test));

    await door.push('safe', plainPush(finishedXml({ to }), { token: SAFE.callbackToken }));

    expect(door.facts).toEqual([
      { type: 'push-refused', account: 'safe', reason: 'plain-refused' },
    ]);
  });

  it.each([
    '/',
    '/wechat',
    '/wechat/',
    '/wechat/plain//',
    '/wechat/..%2fhealthz',
    '/wechat/PLAIN',
    '/metrics',
    '/wechat/__proto__',
  ])('asks for %s in vain', async (path) => {
    const door = await startDoor({ onTestFinished }, storeOf({ onTestFinished }));

    expect(await door.get(path)).toMatchObject({ status: 404, ...nothingTold });
  });
});

describe('an account that is not here', () => {
  const forged = { ...signed(), signature: 'a'.repeat(40) };
  const unread = { query: forged, contentType: 'text/xml', body: 'x'.repeat(70_000) };
  const withoutDate = ({ date: _, ...headers }: Heard['headers']) => headers;

  it.each([
    ['an address check', (door: Door, name: string) => door.get(`/wechat/${name}`)],
    [
      'a signed address check',
      (door: Door, name: string) =>
        door.get(`/wechat/${name}?${new URLSearchParams({ ...forged, echostr: '1' })}`),
    ],
    [
      'a plain push',
      (door: Door, name: string) => door.push(name, { ...plainPush(), query: forged }),
    ],
    [
      'a sealed push',
      (door: Door, name: string) =>
        door.push(name, { ...safePush(), query: { ...safePush().query, ...forged, nonce: '0' } }),
    ],
    ['a push of no type', (door: Door, name: string) => door.push(name, { ...unread, body: '' })],
    [
      'a picture',
      (door: Door, name: string) => door.push(name, { ...plainPush(), contentType: 'image/png' }),
    ],
    ['too large a push', (door: Door, name: string) => door.push(name, unread)],
    [
      'a push sealed in another way',
      (door: Door, name: string) =>
        door.push(name, { ...plainPush(), query: { ...forged, encrypt_type: 'rsa' } }),
    ],
  ])('answers %s as one whose token the caller does not know', async (_, ask) => {
    const door = await startDoor({ onTestFinished }, storeOf({ onTestFinished }));

    const [here, safe, gone] = await Promise.all(
      ['plain', 'safe', 'constructor'].map(async (name) => {
        const { headers, ...heard } = await ask(door, name);
        return { ...heard, headers: withoutDate(headers) };
      }),
    );

    expect(gone).toMatchObject({ body: '' });
    expect(gone).toEqual(here);
    expect(gone).toEqual(safe);
  });

  it('is told to the log, but not by the name a stranger gave it', async (test) => {
    const door = await startDoor(test, storeOf(test));

    await door.push('nobody', plainPush());

    expect(door.facts).toEqual([{ type: 'push-refused', account: '', reason: 'unknown-account' }]);
  });
});

describe('a key that was changed', () => {
  it('opens events sealed before the change, and those after', async (test) => {
    const store = storeOf(test);
    const accounts = [{ ...SAFE, previousEncodingAesKey: OLD_KEY }];
    const door = await startDoor(test, store, { accounts: () => accounts });

    const heard = [
      await door.push('safe', safePush()),
      await door.push('safe', safePush(undefined, { key: OLD_KEY })),
    ];

    expect(heard.map(({ status }) => status)).toEqual([200, 200]);
    expect(store.calls).toHaveLength(2);
  });
});

describe('accounts that change', () => {
  it('count from the next request on', async (test) => {
    const store = storeOf(test);
    let accounts = [PLAIN];
    const door = await startDoor(test, store, { accounts: () => accounts });

    const before = await door.push('plain', plainPush());
    accounts = [{ ...PLAIN, callbackToken: 'another' }];
    const after = await door.push('plain', plainPush());
    accounts = [];
    const gone = await door.push('plain', plainPush());

    expect([before.status, after.status, gone.status]).toEqual([200, 401, 401]);
  });
});

describe('health', () => {
  it('is a word', async (test) => {
    const door = await startDoor(test, storeOf(test));

    expect(await door.get('/healthz')).toMatchObject({ status: 200, body: 'ok' });
    expect(await door.get('/readyz')).toMatchObject({ status: 200, body: 'ready' });
  });

  it('is not asked for as often as strangers ask', async (test) => {
    let asked = 0;
    const ready = async () => {
      asked += 1;
      return [];
    };
    const door = await startDoor(test, storeOf(test), { ready });

    await Promise.all(Array.from({ length: 20 }, () => door.get('/readyz')));

    expect(asked).toBeLessThan(10);
  });

  it('is not ready, and says no more, while something is missing', async (test) => {
    const problems = [
      async () => ['redis://secret@host is away'],
      () => Promise.reject(new Error()),
    ];
    for (const ready of problems) {
      const door = await startDoor(test, storeOf(test), { ready });

      expect(await door.get('/readyz')).toMatchObject({ status: 503, body: 'not ready' });
    }
  });
});
