import { describe, expect, it } from 'vitest';
import {
  aClient,
  type Body,
  type Client,
  clientOf,
  DAY,
  HOUR,
  MINUTE,
  openIds,
  runSandbox,
  service,
  subscription,
  toEveryone,
  toTag,
  toUsers,
} from './raw-client.ts';

const SEND = 'message/mass/send';
const SENDALL = 'message/mass/sendall';
const LONG_LIVED = { tokenLifeMs: 60 * DAY };
const NO_MINUTE = { callsPerMinute: null };

async function sendTimes(client: Client, times: number, stem = 'k'): Promise<Body[]> {
  const answers = [];
  for (let i = 0; i < times; i += 1) {
    answers.push(await client.post(SEND, toUsers(openIds(2, 2 * i), `${stem}-${i}`)));
  }
  return answers;
}

const errcodesOf = (answers: Body[]) => [...new Set(answers.map(({ errcode }) => errcode))];

describe('the mass interface', () => {
  it('takes sixty calls a minute at both endpoints together', async () => {
    const client = await aClient();

    expect(errcodesOf(await sendTimes(client, 60))).toEqual([0]);
    expect(await client.post(SENDALL, toTag(2))).toMatchObject({ errcode: 45011 });
    client.sandbox.advance(MINUTE);
    expect(await client.post(SENDALL, toTag(2))).toMatchObject({ errcode: 0 });
  });

  it('may refuse with another code, and count any sixty seconds', async () => {
    const client = await aClient({
      switches: { minuteErrcode: 42010, minuteWindow: 'sliding' },
      limits: { callsPerMinute: 2 },
    });
    const minute = client.sandbox;

    await sendTimes(client, 1, 'a');
    minute.advance(MINUTE / 2);
    await sendTimes(client, 1, 'b');
    minute.advance(MINUTE / 2);

    expect(errcodesOf(await sendTimes(client, 2, 'c'))).toEqual([0, 42010]);
  });

  it('takes a hundred calls a day, refused ones included, until Beijing midnight', async () => {
    const client = await aClient({ limits: NO_MINUTE, pace: LONG_LIVED });

    await client.post(SEND, toUsers([]));
    expect(errcodesOf(await sendTimes(client, 99))).toEqual([0]);
    expect(await client.post(SENDALL, toTag(2))).toMatchObject({ errcode: 45009 });
    client.sandbox.advance(12 * HOUR - 1);
    expect(await client.post(SENDALL, toTag(2))).toMatchObject({ errcode: 45009 });
    client.sandbox.advance(1);
    expect(await client.post(SENDALL, toTag(2))).toMatchObject({ errcode: 0 });
  });

  it('is given back by clear_quota, ten times a month', async () => {
    const client = await aClient({ limits: { ...NO_MINUTE, massPerDay: 1 } });
    const clear = () => client.post('clear_quota', { appid: service.appId });

    expect(errcodesOf(await sendTimes(client, 2, 'a'))).toEqual([0, 45009]);
    expect(await clear()).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(errcodesOf(await sendTimes(client, 1, 'b'))).toEqual([0]);

    for (let i = 0; i < 9; i += 1) await clear();
    expect(await clear()).toMatchObject({ errcode: 48006 });
    const other = { appid: subscription.appId };
    expect(await client.post('clear_quota', other)).toMatchObject({ errcode: 40013 });
  });

  it('tells what is left', async () => {
    const client = await aClient();
    await sendTimes(client, 3);

    const answer = await client.post('openapi/quota/get', { cgi_path: `/cgi-bin/${SEND}` });

    expect(answer).toMatchObject({ errcode: 0, quota: { daily_limit: 100, used: 3, remain: 97 } });
  });

  it.each(['message/mass/preview', 'message/mass/delete', 'media/uploadnews', 'user/get'])(
    'tells what is left of %s',
    async (path) => {
      const client = await aClient();

      const answer = await client.post('openapi/quota/get', { cgi_path: `/cgi-bin/${path}` });

      expect(answer).toMatchObject({ errcode: 0, quota: { used: 0 } });
    },
  );
});

describe('a subscription account', () => {
  it('has one send a day, which no clear_quota brings back', async () => {
    const client = await clientOf(await runSandbox({ pace: LONG_LIVED }), subscription);

    expect(await client.post(SENDALL, toTag(999))).toMatchObject({ errcode: 40152 });
    expect(await client.post(SENDALL, toTag(2, 'a'))).toMatchObject({ errcode: 0 });
    await client.post('clear_quota', { appid: subscription.appId });
    expect(await client.post(SENDALL, toTag(2, 'b'))).toMatchObject({ errcode: 45028 });
    client.sandbox.advance(DAY);
    expect(await client.post(SENDALL, toTag(2, 'c'))).toMatchObject({ errcode: 0 });
  });
});

describe('a follower of a service account', () => {
  it('gets four messages a month, and the fifth is filtered', async () => {
    const client = await aClient({ pace: LONG_LIVED });
    for (let i = 0; i < 4; i += 1) await client.post(SEND, toUsers(openIds(2), `early-${i}`));

    await client.post(SEND, toUsers(openIds(3), 'fifth'));

    const { ledger } = client.sandbox;
    expect(ledger.sends('fifth')).toMatchObject([
      { received: 1, counts: { total: 3, filter: 1, sent: 1, error: 0 } },
    ]);
    client.sandbox.advance(27 * DAY);
    await client.post(SEND, toUsers(openIds(3), 'next month'));
    expect(ledger.sends('next month')).toMatchObject([{ received: 3 }]);
  });

  it('is the same follower in a tag, a group, everyone and a list', async () => {
    const client = await aClient({ limits: { followerPerMonth: 2 } });
    const [starred = ''] = client.sandbox.account().followers.slice(400, 401);
    await client.post(SENDALL, toTag(2, 'by-tag'));
    await client.post(SENDALL, toEveryone('everyone'));

    await client.post(SEND, toUsers([starred, ...openIds(1)], 'listed'));

    expect(client.sandbox.ledger.receivedBy('first', starred)).toHaveLength(2);
    expect(client.sandbox.ledger.sends('listed')).toMatchObject([{ received: 1 }]);
  });

  it('may be sent to without end, where the limit is off', async () => {
    const client = await aClient({ limits: { followerPerMonth: null } });

    for (let i = 0; i < 5; i += 1) await client.post(SEND, toUsers(openIds(2), `k-${i}`));

    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 5: 2 });
  });

  it('may be one of everyone four times a month', async () => {
    const client = await aClient({ limits: { followerPerMonth: null } });
    const codes = [];
    for (let i = 0; i < 5; i += 1) {
      codes.push((await client.post(SENDALL, toEveryone(`k-${i}`))).errcode);
    }

    expect(codes).toEqual([0, 0, 0, 0, 45028]);
  });
});
