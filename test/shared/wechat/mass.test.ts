import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { WechatClient } from '../../../src/shared/wechat/client.ts';
import {
  getSpeed,
  massStatus,
  massToAll,
  massToOpenIds,
  preview,
  recallMass,
  sendMass,
  setSpeed,
} from '../../../src/shared/wechat/mass.ts';
import { bodyOf, exchangeWith } from './loopback.ts';

const message = { type: 'text', content: 'hello' } as const;
const toGroup = {
  target: { type: 'group', groupId: '2' },
  message,
  clientMsgId: 'key-1',
} as const;
const send = (client: WechatClient) => sendMass(client, massToAll(client.era, toGroup));

const recorded: { call: string; body: Record<string, unknown> }[] = JSON.parse(
  readFileSync(
    new URL('../../fixtures/wechat/mass-responses-recorded.json', import.meta.url),
    'utf8',
  ),
);
const recordedOf = (start: string) =>
  recorded
    .filter(({ call }) => call.startsWith(start))
    .map(({ call, body }) => [call, body] as const);

describe('a submission', () => {
  it.each(recordedOf('message/mass/send'))(
    'accepted as recorded (%s) has its ids as text',
    async (_, body) => {
      const { answer } = await exchangeWith(body, send);

      expect(answer).toEqual({
        kind: 'ok',
        value: {
          msgId: String(body.msg_id),
          ...(body.msg_data_id !== undefined && { msgDataId: String(body.msg_data_id) }),
        },
      });
    },
  );

  it.each([
    ['9223372036854775807', '9223372036854775807'],
    ['"9223372036854775807"', '9223372036854775807'],
    ['2347614963.0', '2347614963'],
    ['"0034182"', '34182'],
  ])('reads the id %s without rounding it', async (digits, msgId) => {
    const { answer } = await exchangeWith(`{"errcode":0,"msg_id":${digits}}`, send);

    expect(answer).toEqual({ kind: 'ok', value: { msgId } });
  });

  it.each(['null', '0', '""', '-5', '1.5', '"x"'])(
    'has an unknown outcome with %s for an id',
    async (id) => {
      const { answer } = await exchangeWith(`{"errcode":0,"msg_id":${id}}`, send);

      expect(answer.kind).toBe('unknown');
    },
  );

  it('goes to sendall for a group, in the body of its era', async () => {
    const then = await exchangeWith({ msg_id: 1 }, send, '2014');
    const now = await exchangeWith({ msg_id: 1 }, send, 'today');

    expect([then.asked, now.asked]).toEqual(Array(2).fill('POST /cgi-bin/message/mass/sendall'));
    expect(bodyOf(then.seen)).toMatchObject({ filter: { group_id: '2' }, clientmsgid: 'key-1' });
    expect(bodyOf(now.seen)).toMatchObject({ filter: { is_to_all: false, group_id: '2' } });
  });

  it('goes to send for a list, 10,000 OpenIDs whole and in order', async () => {
    const openIds = Array.from(
      { length: 10_000 },
      (_, n) => `oR5Gjjl_eiZoUpGozMo7db${100_000 + n}`,
    );
    const asJson = Buffer.from(JSON.stringify(openIds));
    const request = { openIds: asJson, message, clientMsgId: 'key-1' };
    const { asked, seen } = await exchangeWith({ msg_id: 1 }, (client) =>
      sendMass(client, massToOpenIds(client.era, request)),
    );

    expect(asked).toBe('POST /cgi-bin/message/mass/send');
    expect(bodyOf(seen)).toMatchObject({ touser: openIds });
  });
});

describe('the status of a send', () => {
  it.each([
    ['SENDING', 'sending'],
    ['SEND_SUCCESS', 'sent'],
    ['SEND_FAIL', 'failed'],
    ['DELETE', 'deleted'],
    ['WAITING_FOR_RAIN', 'unknown'],
  ])('is read from %s', async (msg_status, status) => {
    const body = { msg_id: 201053012, msg_status };
    const { answer, asked, seen } = await exchangeWith(body, (client) =>
      massStatus(client, '201053012'),
    );

    expect(asked).toBe('POST /cgi-bin/message/mass/get');
    expect(bodyOf(seen)).toEqual({ msg_id: '201053012' });
    expect(answer).toEqual({ kind: 'ok', value: { status } });
  });

  it.each([[{}], [{ errcode: 40059, errmsg: 'invalid msg id' }]])(
    'is unknown if WeChat knows no such message: %j',
    async (body) => {
      const { answer } = await exchangeWith(body, (client) => massStatus(client, '1'));

      expect(answer).toEqual({ kind: 'ok', value: { status: 'unknown' } });
    },
  );

  it('waits where an administrator has yet to agree', async () => {
    const body = { errcode: 89504, errmsg: 'pending' };
    const { answer } = await exchangeWith(body, (client) => massStatus(client, '1'));

    expect(answer).toMatchObject({ kind: 'refused', remedy: { kind: 'wait-approval' } });
  });
});

describe('a recall', () => {
  it.each([
    [{ msgId: '30124' }, { msg_id: 30124 }],
    [
      { msgId: '30124', articleIndex: 2 },
      { msg_id: 30124, article_idx: 2 },
    ],
    [{ msgId: '9223372036854775807' }, { msg_id: '9223372036854775807' }],
    [{ url: 'http://mp.weixin.qq.com/s/x' }, { url: 'http://mp.weixin.qq.com/s/x' }],
  ])('of %j names what WeChat asks for', async (target, body) => {
    const { answer, asked, seen } = await exchangeWith({ errcode: 0, errmsg: 'ok' }, (client) =>
      recallMass(client, target),
    );

    expect(asked).toBe('POST /cgi-bin/message/mass/delete');
    expect(bodyOf(seen)).toEqual(body);
    expect(answer).toEqual({ kind: 'ok', value: undefined });
  });

  it('is not taken for done without a yes', async () => {
    const { answer } = await exchangeWith({}, (client) => recallMass(client, { msgId: '1' }));

    expect(answer.kind).toBe('unknown');
  });
});

describe('a preview', () => {
  it('goes out with or without an id in its answer', async () => {
    const look = (client: WechatClient) => preview(client, { to: { openId: 'O' }, message });
    const older = await exchangeWith(
      { errcode: 0, errmsg: 'preview success', msg_id: 34182 },
      look,
    );
    const newer = await exchangeWith({ errcode: 0, errmsg: 'preview success' }, look);

    expect(older.asked).toBe('POST /cgi-bin/message/mass/preview');
    expect([older.answer.kind, newer.answer.kind]).toEqual(['ok', 'ok']);
  });
});

describe('the send speed', () => {
  it('is read and set', async () => {
    const got = await exchangeWith({ speed: 3, realspeed: 15 }, getSpeed);
    const set = await exchangeWith({ errcode: 0 }, (client) => setSpeed(client, 1));

    expect([got.asked, got.seen.bytes.length]).toEqual(['POST /cgi-bin/message/mass/speed/get', 0]);
    expect(got.answer).toEqual({ kind: 'ok', value: { speed: 3, realSpeed: 15 } });
    expect([set.asked, bodyOf(set.seen)]).toEqual([
      'POST /cgi-bin/message/mass/speed/set',
      { speed: 1 },
    ]);
  });
});
