/** What somebody can do who has seen one of WeChat's signed addresses. */
import { describe, expect, it } from 'vitest';
import { rememberPushes } from '../../src/callback/remember-pushes.ts';
import { DAY, MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import {
  finishedXml,
  NOW,
  PLAIN,
  plainPush,
  safePush,
  sha1,
} from '../shared/wechat/push/make-push.ts';
import { startDoor, storeOf } from './start-door.ts';

describe('a signed address', () => {
  it('is good for one body: another one is refused before the store hears of it', async (test) => {
    const store = storeOf(test);
    const door = await startDoor(test, store);
    const seen = plainPush();
    await door.push('plain', seen);

    const forged = { ...seen, body: finishedXml({ msgId: '7777' }) };
    expect(await door.push('plain', forged)).toMatchObject({ status: 401, body: '' });

    expect(store.calls).toHaveLength(1);
    expect(door.facts).toContainEqual({
      type: 'push-refused',
      account: 'plain',
      reason: 'replayed',
    });
  });

  it('is good for four requests: WeChat pushes up to three times', async (test) => {
    const door = await startDoor(test, storeOf(test));
    const seen = plainPush();
    const statuses: number[] = [];

    for (let n = 0; n < 6; n += 1) statuses.push((await door.push('plain', seen)).status);

    expect(statuses).toEqual([200, 200, 200, 200, 401, 401]);
  });

  it('is the same address with timestamp and nonce changed about', () => {
    const remembered = rememberPushes(() => NOW);
    const body = Buffer.from('a');
    const query = new URLSearchParams({ timestamp: '1', nonce: '2', signature: 's' });
    const swapped = new URLSearchParams({ timestamp: '2', nonce: '1', signature: 's' });
    remembered.note({ account: 'plain', query, body });

    expect(remembered.admits({ account: 'plain', query: swapped, body: Buffer.from('b') })).toBe(
      false,
    );
  });

  it('is forgotten when its timestamp is stale anyhow', () => {
    let now = NOW;
    const remembered = rememberPushes(() => now);
    const query = new URLSearchParams({ timestamp: '1', nonce: '2', signature: 's' });
    remembered.note({ account: 'plain', query, body: Buffer.from('a') });
    now += 10 * MINUTE + 1;

    expect(remembered.admits({ account: 'plain', query, body: Buffer.from('b') })).toBe(true);
  });
});

describe('a push of long ago', () => {
  it('whose nonce reads like the time now is refused by the time inside', async (test) => {
    const longAgo = NOW - 400 * DAY;
    const store = storeOf(test);
    const door = await startDoor(test, store);
    const made = (at: number): string => String(Math.floor(at / SECOND));
    const [timestamp, nonce] = [made(longAgo), made(NOW)];
    const body = finishedXml().replace(made(NOW), made(longAgo));
    const swapped = { timestamp: nonce, nonce: timestamp };
    const signature = sha1(PLAIN.callbackToken, timestamp, nonce);

    const heard = await door.push('plain', {
      query: { ...swapped, signature },
      contentType: 'text/xml',
      body,
    });

    expect(heard.status).toBe(401);
    expect(store.calls).toEqual([]);
  });
});

describe('a sealed push', () => {
  it('whose address is not signed is refused before its body is read', async (test) => {
    const door = await startDoor(test, storeOf(test));
    const push = safePush();

    const heard = await door.push('safe', { ...push, query: { ...push.query, signature: 'x' } });

    expect(heard.status).toBe(401);
  });

  it('may lack the signature of its address, until one of the account has had it', async (test) => {
    const door = await startDoor(test, storeOf(test));
    const without = () => {
      const push = safePush();
      const { signature: _, ...query } = push.query as Record<string, string>;
      return { ...push, query };
    };
    expect((await door.push('safe', without())).status).toBe(200);

    await door.push('safe', safePush());

    expect((await door.push('safe', without())).status).toBe(401);
  });
});

describe('a probe of the doctor', () => {
  it('is answered, and neither noted nor forwarded', async (test) => {
    const accounts = [{ ...PLAIN, forwardUrl: 'http://127.0.0.1:1' }];
    const door = await startDoor(test, storeOf(test), { accounts: () => accounts });
    const probe = `<xml><ToUserName>${PLAIN.originalId}</ToUserName><MsgType>event</MsgType><Event>qunfa_probe</Event></xml>`;

    expect(await door.push('plain', plainPush(probe))).toMatchObject({ status: 200 });

    expect(door.noted).toEqual([]);
    expect(door.facts).toEqual([]);
  });
});
