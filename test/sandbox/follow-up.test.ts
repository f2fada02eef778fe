import { describe, expect, it } from 'vitest';
import { aClient, article, type Client, openIds, toUsers, uploaded } from './raw-client.ts';

const GET = 'message/mass/get';
const DELETE = 'message/mass/delete';

async function finished(client: Client, msg_id: unknown): Promise<void> {
  await expect
    .poll(() => client.post(GET, { msg_id }))
    .toMatchObject({ msg_status: 'SEND_SUCCESS' });
}

async function sendNews(client: Client): Promise<unknown> {
  const thumb = await uploaded(client, 'thumb');
  const articles = [article(thumb, 'one'), article(thumb, 'two')];
  const { media_id } = await client.post('media/uploadnews', { articles });
  const answer = await client.post('message/mass/send', {
    touser: openIds(2),
    msgtype: 'mpnews',
    mpnews: { media_id },
  });
  return answer.msg_id;
}

describe('message/mass/get', () => {
  it('says SENDING, then SEND_SUCCESS, with the id as a number and no errcode', async () => {
    const client = await aClient({ pace: { pushDelayMs: 60_000 } });
    const { msg_id } = await client.post('message/mass/send', toUsers(openIds(2)));

    const sending = await client.post(GET, { msg_id: String(msg_id) });
    client.sandbox.advance(60_000);
    const sent = await client.post(GET, { msg_id });

    expect(sending).toEqual({ msg_id, msg_status: 'SENDING' });
    expect(sent).toEqual({ msg_id, msg_status: 'SEND_SUCCESS' });
  });

  it('says SEND_FAIL of a send that was refused afterwards', async () => {
    const client = await aClient({ pace: { pushDelayMs: 60_000 } });
    client.sandbox.faults.set('event-status', { eventStatus: 'err(20001)' });
    const { msg_id } = await client.post('message/mass/send', toUsers(openIds(2)));

    client.sandbox.advance(60_000);

    expect(await client.post(GET, { msg_id })).toMatchObject({ msg_status: 'SEND_FAIL' });
  });

  it('knows nothing of an id that never was, in either way of saying so', async () => {
    const today = await aClient();
    const once = await aClient({ switches: { unknownMsgId: 'empty-object' } });

    expect(await today.post(GET, { msg_id: '1' })).toMatchObject({ errcode: 40059 });
    expect(await once.post(GET, { msg_id: '1' })).toEqual({});
  });
});

describe('message/mass/delete', () => {
  it('deletes articles that were sent, once they were', async () => {
    const client = await aClient({ pace: { pushDelayMs: 60_000 } });
    const msg_id = await sendNews(client);

    expect(await client.post(DELETE, { msg_id })).toMatchObject({ errcode: 40065 });
    client.sandbox.advance(60_000);
    expect(await client.post(DELETE, { msg_id })).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(await client.post(GET, { msg_id })).toMatchObject({ msg_status: 'DELETE' });
  });

  it('takes one article out of several and leaves the send', async () => {
    const client = await aClient();
    const msg_id = await sendNews(client);
    await finished(client, msg_id);

    expect(await client.post(DELETE, { msg_id, article_idx: 3 })).toMatchObject({ errcode: 40060 });
    expect(await client.post(DELETE, { msg_id, article_idx: 2 })).toMatchObject({ errcode: 0 });
    expect(await client.post(GET, { msg_id })).toMatchObject({ msg_status: 'SEND_SUCCESS' });
  });

  it('by an address deletes the send, whatever article is named beside it', async () => {
    const client = await aClient();
    const msg_id = await sendNews(client);
    await finished(client, msg_id);
    const fields = client.sandbox.events.fieldsOf('first', String(msg_id));
    const [url] = JSON.stringify(fields.ArticleUrlResult).match(/http[^"]+/) ?? [];

    expect(await client.post(DELETE, { url, article_idx: 9 })).toMatchObject({ errcode: 0 });
    expect(await client.post(GET, { msg_id })).toMatchObject({ msg_status: 'DELETE' });
  });

  it('refuses a text and an unknown id, and eleven calls a day', async () => {
    const client = await aClient();
    const { msg_id } = await client.post('message/mass/send', toUsers(openIds(2)));
    await finished(client, msg_id);

    expect(await client.post(DELETE, { msg_id })).toMatchObject({ errcode: 40008 });
    for (let i = 0; i < 9; i += 1) {
      expect(await client.post(DELETE, { msg_id: 1 })).toMatchObject({ errcode: 40059 });
    }
    expect(await client.post(DELETE, { msg_id: 1 })).toMatchObject({ errcode: 45009 });
  });
});

describe('message/mass/preview', () => {
  it('goes to one OpenID or WeChat id, costs no send and reaches no ledger', async () => {
    const client = await aClient();
    const image = { msgtype: 'image', image: { media_id: await uploaded(client, 'image') } };
    const [touser] = openIds(1);

    const answer = await client.post('message/mass/preview', { touser, ...image });
    const named = await client.post('message/mass/preview', { touser, towxname: 'amy', ...image });

    expect([answer, named]).toEqual([
      { errcode: 0, errmsg: 'preview success' },
      { errcode: 0, errmsg: 'preview success' },
    ]);
    const { ledger } = client.sandbox;
    expect(ledger.previews().map(({ to, msgtype }) => [to, msgtype])).toEqual([
      [touser, 'image'],
      ['amy', 'image'],
    ]);
    expect(ledger.sends()).toEqual([]);
  });

  it('goes by WeChat id a hundred times a day', async () => {
    const client = await aClient({ limits: { previewByWechatIdPerDay: 1 } });
    const preview = { towxname: 'amy', msgtype: 'text', text: { content: 'hi' } };
    await client.post('message/mass/preview', preview);

    expect(await client.post('message/mass/preview', preview)).toMatchObject({ errcode: 45009 });
  });

  it('refuses a list and somebody who is nobody', async () => {
    const client = await aClient();
    const preview = { msgtype: 'text', text: { content: 'hi' } };

    for (const touser of [openIds(1), 'x', undefined]) {
      expect(await client.post('message/mass/preview', { touser, ...preview })).toMatchObject({
        errcode: 40003,
      });
    }
  });
});

describe('message/mass/speed', () => {
  it('is a level from 0 to 4', async () => {
    const client = await aClient();
    const set = (speed: unknown) => client.post('message/mass/speed/set', { speed });

    expect(await client.post('message/mass/speed/get', '')).toEqual({ speed: 3, realspeed: 30 });
    expect(await set(1)).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(await client.post('message/mass/speed/get', '')).toEqual({ speed: 1, realspeed: 60 });
    expect(await set(5)).toMatchObject({ errcode: 45083 });
    expect(await set(undefined)).toMatchObject({ errcode: 45084 });
  });
});

describe('an article that was sent twice', () => {
  it('is gone from both sends once one is deleted, and from no other', async () => {
    const client = await aClient();
    const upload = async () => {
      const articles = [article(await uploaded(client, 'thumb'))];
      return (await client.post('media/uploadnews', { articles })).media_id;
    };
    const [twice, other] = [await upload(), await upload()];
    const send = async (media_id: unknown, key: string) =>
      (
        await client.post('message/mass/send', {
          touser: openIds(2),
          msgtype: 'mpnews',
          mpnews: { media_id },
          clientmsgid: key,
        })
      ).msg_id;
    const sends = [await send(twice, 'a'), await send(twice, 'b'), await send(other, 'c')];
    for (const msg_id of sends) await finished(client, msg_id);

    await client.post(DELETE, { msg_id: sends[0] });

    const states = await Promise.all(sends.map((msg_id) => client.post(GET, { msg_id })));
    expect(await client.post(DELETE, { msg_id: sends[1] })).toMatchObject({ errcode: 40065 });
    expect(states.map(({ msg_status }) => msg_status)).toEqual([
      'DELETE',
      'DELETE',
      'SEND_SUCCESS',
    ]);
  });
});
