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

  it('may be one of everyone once a day and four times a month', async () => {
    const client = await aClient({ limits: { followerPerMonth: null }, pace: LONG_LIVED });
    const codes = [(await client.post(SENDALL, toEveryone('first'))).errcode];
    for (let i = 0; i < 5; i += 1) {
      codes.push((await client.post(SENDALL, toEveryone(`k-${i}`))).errcode);
      client.sandbox.advance(DAY);
    }

    expect(codes).toEqual([0, 45028, 0, 0, 0, 45028]);
  });
});

describe('a service account', () => {
  it('has its units of 45028 used by everyone, or by every send, by the switch', async () => {
    for (const [serviceUnits, codes] of [
      ['everyone', [0, 0, 0]],
      ['every-send', [0, 45028, 45028]],
    ] as const) {
      const client = await aClient({ switches: { serviceUnits } });
      const answers = await sendTimes(client, 2);
      answers.push(await client.post(SENDALL, toTag(2, 'tag')));

      expect(answers.map(({ errcode }) => errcode)).toEqual(codes);
    }
  });

  it('gets the unit of a failed send back, or does not, by the switch', async () => {
    for (const [failedSendGivesBack, errcode] of [
      [true, 0],
      [false, 45028],
    ] as const) {
      const client = await aClient({ switches: { failedSendGivesBack } });
      client.sandbox.faults.set('event-status', { eventStatus: 'err(20001)' });
      await client.post(SENDALL, toEveryone('refused'));
      await expect.poll(() => client.sandbox.ledger.sends()).toMatchObject([{ finished: true }]);

      expect(await client.post(SENDALL, toEveryone('again'))).toMatchObject({ errcode });
    }
  });
});

describe('the quota calls', () => {
  it('tell the calls a minute of the mass interface, and of no other', async () => {
    const client = await aClient();
    const ask = (path: string) => client.post('openapi/quota/get', { cgi_path: path });

    expect(await ask('/cgi-bin/message/mass/send')).toMatchObject({
      rate_limit: { call_count: 60, refresh_second: 60 },
    });
    expect(await ask('/cgi-bin/user/get')).not.toHaveProperty('rate_limit');
    expect(await ask('cgi-bin/message/mass/send')).toMatchObject({ errcode: 76021 });
  });

  it('may leave it out, and refuse a path otherwise', async () => {
    const client = await aClient({ switches: { quotaTellsRate: false, badCgiPath: 76003 } });
    const ask = (path: string) => client.post('openapi/quota/get', { cgi_path: path });

    expect(await ask('/cgi-bin/message/mass/send')).not.toHaveProperty('rate_limit');
    expect(await ask('/cgi-bin/nothing')).toMatchObject({ errcode: 76003 });
  });

  it('give back one quota, fifty times a month', async () => {
    const client = await aClient({
      limits: { massPerDay: 1, userGetPerDay: 1, quotaClearPerMonth: 1 },
    });
    const clear = () => client.post('openapi/quota/clear', { cgi_path: `/cgi-bin/${SEND}` });
    await sendTimes(client, 1, 'a');
    await client.get('user/get');

    expect(await clear()).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(errcodesOf(await sendTimes(client, 1, 'b'))).toEqual([0]);
    expect(await client.get('user/get')).toMatchObject({ errcode: 45009 });
    expect(await clear()).toMatchObject({ errcode: 48006 });
  });

  it('give all back by the secret alone, out of the same ten a month', async () => {
    const client = await aClient({ limits: { massPerDay: 1, clearQuotaPerMonth: 1 } });
    const clear = async (appsecret: string) =>
      (
        await fetch(`${client.sandbox.url}/cgi-bin/clear_quota/v2`, {
          method: 'POST',
          body: JSON.stringify({ appid: service.appId, appsecret }),
        })
      ).json();
    await sendTimes(client, 1, 'a');

    expect(await clear('wrong')).toMatchObject({ errcode: 40125 });
    expect(await clear(service.appSecret)).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(errcodesOf(await sendTimes(client, 1, 'b'))).toEqual([0]);
    expect(await client.post('clear_quota', { appid: service.appId })).toMatchObject({
      errcode: 48006,
    });
  });
});
