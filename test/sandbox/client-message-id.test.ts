import { describe, expect, it } from 'vitest';
import {
  aClient,
  DAY,
  HOUR,
  MINUTE,
  openIds,
  SECOND,
  toTag,
  toUsers,
  uploaded,
} from './raw-client.ts';

const SEND = 'message/mass/send';
const SENDALL = 'message/mass/sendall';

describe('a clientmsgid', () => {
  it('is too fast within a minute, and then answered with the id of the first send', async () => {
    const client = await aClient();
    const body = toUsers(openIds(2), 'campaign-0');
    const first = await client.post(SEND, body);

    const soon = await client.post(SEND, body);
    client.sandbox.advance(MINUTE - SECOND);
    const stillSoon = await client.post(SEND, body);
    client.sandbox.advance(MINUTE);
    const later = await client.post(SEND, body);

    expect([soon.errcode, stillSoon.errcode]).toEqual([45066, 45066]);
    expect(later).toEqual({
      errcode: 45065,
      errmsg: expect.stringMatching(/^clientmsgid exist/),
      msg_id: first.msg_id,
    });
    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 1: 2 });
  });

  it('counts its minute from the first call, where a switch says so', async () => {
    const client = await aClient({ switches: { keyRepeatCountsFrom: 'first-call' } });
    const body = toUsers(openIds(2), 'campaign-0');
    await client.post(SEND, body);

    client.sandbox.advance(MINUTE - SECOND);
    await client.post(SEND, body);
    client.sandbox.advance(SECOND);

    expect(await client.post(SEND, body)).toMatchObject({ errcode: 45065 });
  });

  it('is one and the same at both endpoints, whatever the content', async () => {
    const client = await aClient();
    const first = await client.post(SEND, toUsers(openIds(2), 'campaign-0'));

    client.sandbox.advance(MINUTE);
    const other = await client.post(SENDALL, toTag(2, 'campaign-0', 'other words'));

    expect(other).toMatchObject({ errcode: 45065, msg_id: first.msg_id });
  });

  it('is forgotten after 24 hours, and the message goes out a second time', async () => {
    const client = await aClient({ pace: { tokenLifeMs: 2 * DAY } });
    const body = toUsers(openIds(2), 'campaign-0');
    await client.post(SEND, body);

    client.sandbox.advance(DAY - SECOND);
    expect(await client.post(SEND, body)).toMatchObject({ errcode: 45065 });
    client.sandbox.advance(SECOND);
    expect(await client.post(SEND, body)).toMatchObject({ errcode: 0 });

    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 2: 2 });
  });

  it('is not used up by a refusal, unless a switch says so', async () => {
    const unused = await aClient();
    const used = await aClient({ switches: { keyUsedByRefusals: true } });
    const bad = {
      touser: openIds(2),
      msgtype: 'voice',
      voice: { media_id: 'gone' },
      clientmsgid: 'campaign-0',
    };

    for (const client of [unused, used]) await client.post(SEND, bad);

    const good = toUsers(openIds(2), 'campaign-0');
    expect(await unused.post(SEND, good)).toMatchObject({ errcode: 0 });
    expect(await used.post(SEND, good)).toMatchObject({ errcode: 45066 });
    used.sandbox.advance(MINUTE);
    expect(await used.post(SEND, good)).toMatchObject({ errcode: 0 });
  });

  it('has at most 32 bytes', async () => {
    const client = await aClient();
    const send = (key: unknown) => ({ ...toUsers(openIds(2)), clientmsgid: key });

    expect(await client.post(SEND, send('k'.repeat(33)))).toMatchObject({ errcode: 45067 });
    expect(await client.post(SEND, send('键'.repeat(11)))).toMatchObject({ errcode: 45067 });
    expect(await client.post(SEND, send(7))).toMatchObject({ errcode: 45067 });
    expect(await client.post(SEND, send('k'.repeat(32)))).toMatchObject({ errcode: 0 });
  });

  it('is computed from audience and content where none is given', async () => {
    const client = await aClient();
    const first = await client.post(SEND, toUsers(openIds(2)));

    client.sandbox.advance(MINUTE);

    expect(await client.post(SEND, toUsers(openIds(2)))).toMatchObject({
      errcode: 45065,
      msg_id: first.msg_id,
    });
    expect(await client.post(SEND, toUsers(openIds(3)))).toMatchObject({ errcode: 0 });
    const others = toUsers(openIds(2), undefined, 'other words');
    expect(await client.post(SEND, others)).toMatchObject({ errcode: 0 });
  });

  it('switches the guard against the same content off', async () => {
    const client = await aClient();

    for (const key of ['campaign-0', 'campaign-1']) {
      expect(await client.post(SEND, toUsers(openIds(2), key))).toMatchObject({ errcode: 0 });
    }

    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 2: 2 });
  });

  it('collides with another for the same content, where a switch says so', async () => {
    const client = await aClient({ switches: { contentCompared: 'alone' } });
    const first = await client.post(SEND, toUsers(openIds(2), 'campaign-0'));

    client.sandbox.advance(HOUR);
    const next = await client.post(SEND, toUsers(openIds(2, 2), 'campaign-1'));

    expect(next).toMatchObject({ errcode: 45065, msg_id: first.msg_id });
  });

  it('means nothing, where a switch says so', async () => {
    const client = await aClient({ switches: { clientMsgIdHonoured: false } });
    const body = toUsers(openIds(2), 'campaign-0');

    await client.post(SEND, body);

    expect(await client.post(SEND, body)).toMatchObject({ errcode: 0 });
  });

  it('lets one of two simultaneous calls pass', async () => {
    const client = await aClient();
    const body = toUsers(openIds(2), 'campaign-0');

    const answers = await Promise.all([client.post(SEND, body), client.post(SEND, body)]);

    expect(answers.map(({ errcode }) => errcode).sort()).toEqual([0, 45066]);
  });
});

describe('a repeat whose media have died since', () => {
  it.each([
    ['before-media', 45065],
    ['after-media', 40007],
  ] as const)('is judged %s: %i', async (keyJudged, errcode) => {
    const client = await aClient({ switches: { keyJudged } });
    const images = { media_ids: [await uploaded(client, 'image')] };
    const body = { touser: openIds(2), msgtype: 'image', images, clientmsgid: 'k' };
    await client.post(SEND, body);
    client.sandbox.advance(60_000);
    client.sandbox.account().media.expire();

    expect(await client.post(SEND, body)).toMatchObject({ errcode });
  });
});
