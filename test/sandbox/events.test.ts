import { createDecipheriv } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { encrypt, signatureOf } from '../../src/sandbox/push-crypto.ts';
import { callbackServer, type Push } from './callback-server.ts';
import {
  article,
  type Client,
  clientOf,
  fixture,
  fixtureText,
  MINUTE,
  NOON,
  openIds,
  runSandbox,
  SECOND,
  service,
  toTag,
  toUsers,
  uploaded,
} from './raw-client.ts';

const KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
const TOKEN = 'callback-token';
const SEND = 'message/mass/send';

type Options = Parameters<typeof runSandbox>[0];
type Account = Partial<typeof service>;

/** A client of an account that pushes to the address. */
async function clientPushingTo(url: string, account: Account = {}, options: Options = {}) {
  const accounts = [{ ...service, callbackUrl: url, callbackToken: TOKEN, ...account }];
  return clientOf(await runSandbox({ ...options, accounts }));
}

const parser = new XMLParser({ parseTagValue: false, trimValues: false });
function fieldsIn(xml: string): Record<string, unknown> {
  const { '#text': _lineBreaks, ...fields } = parser.parse(xml.trim()).xml;
  return fields;
}

/** What a callback server has to do, written down once more. */
function decrypt(encrypted: string) {
  const key = Buffer.from(`${KEY}=`, 'base64');
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]);
  const plain = padded.subarray(0, padded.length - (padded.at(-1) ?? 0));
  const length = plain.readUInt32BE(16);
  return {
    message: plain.toString('utf8', 20, 20 + length),
    appId: plain.toString('utf8', 20 + length),
    blocks: padded.length / 32,
  };
}

const signedOver = ({ query }: Push, ...more: string[]) =>
  signatureOf(TOKEN, query.timestamp ?? '', query.nonce ?? '', ...more);

describe('the crypto of pushes', () => {
  const { urlVerify, plainPost, securePost, secureReply } =
    fixture<Record<string, Record<string, string>>>('crypto-vectors.json');

  it.each([urlVerify, plainPost])('signs as recorded', (vector = {}) => {
    const { token = '', timestamp = '', nonce = '', signature } = vector;

    expect(signatureOf(token, timestamp, nonce)).toBe(signature);
  });

  it.each([
    { vector: securePost, at: 'timestamp' },
    { vector: secureReply, at: 'timeStamp' },
  ])('encrypts as recorded', ({ vector = {}, at }) => {
    const { msg = '', encodingAESKey: encodingAesKey = '', appid: appId = '' } = vector;
    const random16 = Buffer.from(vector.random16 ?? '');

    const encrypted = encrypt(msg, { encodingAesKey, appId }, random16);

    expect(encrypted).toBe(vector.encrypt);
    expect(signatureOf(vector.token ?? '', vector[at] ?? '', vector.nonce ?? '', encrypted)).toBe(
      vector.msgSignature,
    );
  });
});

describe('the event of a send', () => {
  it('has the fields of a recorded one, with true counts', async () => {
    const server = await callbackServer();
    const [refusing = '', failing = '', ...others] = openIds(5);
    const client = await clientPushingTo(server.url, {
      refusing: [refusing],
      failing: [failing],
    });

    const { msg_id } = await client.post(SEND, toUsers([refusing, failing, ...others]));
    const [push] = await server.came(1);

    const recorded = fieldsIn(fixtureText('event-2014-openid-text-sendsuccess.xml'));
    const fields = fieldsIn(push?.body ?? '');
    expect(Object.keys(fields).slice(0, Object.keys(recorded).length)).toEqual(
      Object.keys(recorded),
    );
    expect(fields).toMatchObject({
      ToUserName: service.originalId,
      CreateTime: String(NOON / SECOND),
      MsgType: 'event',
      Event: 'MASSSENDJOBFINISH',
      MsgID: String(msg_id),
      Status: 'send success',
      TotalCount: '5',
      FilterCount: '4',
      SentCount: '3',
      ErrorCount: '1',
    });
    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 1: 3 });
    expect(client.sandbox.ledger.receivedBy('first', failing)).toEqual([]);
  });

  it('is plain, signed by token, timestamp and nonce', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);

    await client.post(SEND, toUsers(openIds(2)));
    const [push] = await server.came(1);

    expect(push?.method).toBe('POST');
    expect(Object.keys(push?.query ?? {})).toEqual(['signature', 'timestamp', 'nonce', 'openid']);
    expect(push?.query.signature).toBe(push && signedOver(push));
  });

  it('is sealed in safe mode, and beside its fields in compatible mode', async () => {
    for (const pushMode of ['safe', 'compatible'] as const) {
      const server = await callbackServer();
      const client = await clientPushingTo(server.url, { encodingAesKey: KEY, pushMode });

      const { msg_id } = await client.post(SEND, toUsers(openIds(2)));
      const [push = { query: {}, body: '', method: '' }] = await server.came(1);

      const { Encrypt, ...clear } = fieldsIn(push.body);
      expect(push.query).toMatchObject({
        encrypt_type: 'aes',
        signature: signedOver(push),
        msg_signature: signedOver(push, String(Encrypt)),
      });
      const { message, appId, blocks } = decrypt(String(Encrypt));
      expect(fieldsIn(message)).toMatchObject({ MsgID: String(msg_id) });
      expect(appId).toBe(service.appId);
      expect(Number.isInteger(blocks)).toBe(true);
      expect(clear.ToUserName).toBe(service.originalId);
      expect('MsgID' in clear).toBe(pushMode === 'compatible');
    }
  });

  it('can be JSON, sealed or not, with numbers as numbers', async () => {
    const switches = { eventFormat: 'json', hugeMsgIds: true } as const;
    const server = await callbackServer();
    const plain = await clientPushingTo(server.url, {}, { switches });
    const sealed = await clientPushingTo(server.url, { encodingAesKey: KEY }, { switches });

    await plain.post(SEND, toUsers(openIds(2)));
    await server.came(1);
    await sealed.post(SEND, toUsers(openIds(2)));
    const [first, second] = await server.came(2);

    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      Event: 'MASSSENDJOBFINISH',
      SentCount: 2,
    });
    expect(first?.body).toContain('"MsgID":9007199254740993,');
    const { Encrypt } = JSON.parse(second?.body ?? '') as Record<string, string>;
    expect(JSON.parse(decrypt(Encrypt ?? '').message)).toMatchObject({ SentCount: 2 });
  });

  it('lists the addresses of articles, and what was judged a reprint, as recorded', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);
    client.sandbox.faults.set('event-status', { eventStatus: 'err(30003)' });

    await sendTwoArticles(client);
    const [push] = await server.came(1);

    const recorded = fieldsIn(fixtureText('event-2016-doc-sample-err30003-copyright.xml'));
    const fields = fieldsIn(push?.body ?? '');
    expect(shapeOf(fields)).toEqual(shapeOf(recorded));
    expect(fields).toMatchObject({ Status: 'err(30003)', TotalCount: '0', SentCount: '0' });
  });

  it('has empty containers for a text, in three spellings', async () => {
    const bodies = [];
    for (const emptyContainers of ['empty', 'whitespace', 'absent'] as const) {
      const server = await callbackServer();
      const client = await clientPushingTo(server.url, {}, { switches: { emptyContainers } });
      await client.post(SEND, toUsers(openIds(2)));
      bodies.push((await server.came(1))[0]?.body);
    }

    const [empty, whitespace, absent] = bodies;
    expect(empty).toContain('<Count>0</Count>\n<ResultList></ResultList>\n<CheckState>0');
    expect(whitespace).toContain('<ResultList>\n</ResultList>');
    expect(absent).not.toContain('ResultList');
  });

  it('knows no containers in 2014', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(
      server.url,
      {},
      {
        switches: { protocol: '2014', statusSpelling: 'sendsuccess', eventSender: 'mphelper' },
      },
    );
    const group = { filter: { group_id: '2' }, msgtype: 'text', text: { content: 'hi' } };

    await client.post('message/mass/sendall', group);
    const [push] = await server.came(1);

    const fields = fieldsIn(push?.body ?? '');
    const recorded = fieldsIn(fixtureText('event-2014-doc-sample-sendsuccess.xml'));
    expect(Object.keys(fields)).toEqual(Object.keys(recorded));
    expect(fields).toMatchObject({ Status: 'sendsuccess', FromUserName: 'mphelper' });
  });
});

describe('a push', () => {
  it('is repeated until three tries were made, with the same signature', async () => {
    const server = await callbackServer((_push, response) => response.writeHead(503).end());
    const client = await clientPushingTo(server.url);

    await client.post(SEND, toUsers(openIds(2)));
    await client.sandbox.events.settled();

    expect(server.pushes).toHaveLength(3);
    expect(new Set(server.pushes.map(({ query }) => query.signature)).size).toBe(1);
    expect(client.sandbox.ledger.pushes().map(({ outcome, taken }) => [outcome, taken])).toEqual(
      Array(3).fill([503, false]),
    );
  });

  it('is over as soon as the answer is success or empty', async () => {
    const answers = ['no', ''];
    const server = await callbackServer((_push, response) => response.end(answers.shift()));
    const client = await clientPushingTo(server.url);

    await client.post(SEND, toUsers(openIds(2)));
    await client.sandbox.events.settled();

    expect(client.sandbox.ledger.pushes().map(({ taken }) => taken)).toEqual([false, true]);
  });

  it('is broken off when no answer comes, and made again', async () => {
    const server = await callbackServer(() => undefined);
    const client = await clientPushingTo(server.url, {}, { pace: { pushTimeoutMs: 20 } });

    await client.post(SEND, toUsers(openIds(2)));
    await client.sandbox.events.settled();

    expect(client.sandbox.ledger.pushes().map(({ outcome }) => outcome)).toEqual(
      Array(3).fill('timeout'),
    );
  });

  it('is made again so long after the last one began, not after its end', async () => {
    let now = NOON;
    const server = await callbackServer((_push, response) => {
      now += MINUTE;
      response.writeHead(503).end();
    });
    const options = { now: () => now, pace: { pushRetryMs: MINUTE } };
    const client = await clientPushingTo(server.url, {}, options);

    await client.post(SEND, toUsers(openIds(2)));
    await client.sandbox.events.settled();

    expect(server.pushes).toHaveLength(3);
  });

  it('is not made for an account without an address', async () => {
    const client = await clientOf(await runSandbox());

    await client.post(SEND, toUsers(openIds(2)));
    await client.sandbox.events.settled();

    expect(client.sandbox.ledger.pushes()).toEqual([]);
  });

  it('waits for a hand, where a switch says so', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url, {}, { switches: { pushes: 'by-hand' } });
    const { msg_id } = await client.post(SEND, toUsers(openIds(2)));
    await client.post(SEND, toUsers(openIds(3)));
    await client.sandbox.events.settled();
    expect(server.pushes).toEqual([]);

    expect(await client.sandbox.events.push('first', String(msg_id))).toBe(true);
    await client.sandbox.events.pushAll();

    expect(server.pushes.map(({ body }) => fieldsIn(body).TotalCount)).toEqual(['2', '3']);
  });

  it('can be anything: a foreign id, another event, another spelling', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);
    const { msg_id } = await client.post('message/mass/sendall', toTag(2));
    const { MsgID, ...fields } = client.sandbox.events.fieldsOf('first', String(msg_id));

    await client.sandbox.events.pushFields('first', { ...fields, MsgId: MsgID ?? '' });
    await client.sandbox.events.pushFields('first', '<xml>whatever</xml>');
    await server.came(3);

    const bodies = server.pushes.map(({ body }) => body);
    expect(bodies).toContainEqual(expect.stringContaining(`<MsgId>${msg_id}</MsgId>`));
    expect(bodies).toContain('<xml>whatever</xml>');
  });

  it('is preceded by an address check, if asked for', async () => {
    const good = await callbackServer(({ query }, response) => response.end(query.echostr));
    const bad = await callbackServer((_push, response) => response.end('hello'));

    const toGood = await clientPushingTo(good.url);
    const toBad = await clientPushingTo(bad.url);

    expect(await toGood.sandbox.events.checkAddress('first')).toBe(true);
    expect(await toBad.sandbox.events.checkAddress('first')).toBe(false);
    const [check] = good.pushes;
    expect(check?.method).toBe('GET');
    expect(check?.query.signature).toBe(check && signedOver(check));
  });

  it('is stamped with the wall clock even where the sandbox runs ahead', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);
    client.sandbox.advance(MINUTE);

    await client.post(SEND, toUsers(openIds(2)));
    const [push] = await server.came(1);

    expect(push?.query.timestamp).toBe(String(NOON / SECOND));
  });
});

describe('an event that goes wrong', () => {
  it('comes before the answer', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url, {}, { pace: { pushDelayMs: MINUTE } });
    client.sandbox.faults.set('event-early');

    const { msg_id } = await client.post(SEND, toUsers(openIds(2)));

    expect(fieldsIn(server.pushes[0]?.body ?? '').MsgID).toBe(String(msg_id));
  });

  it('comes three times', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);
    client.sandbox.faults.set('event-duplicate');

    await client.post(SEND, toUsers(openIds(2)));
    await client.sandbox.events.settled();

    expect(new Set(server.pushes.map(({ body }) => body)).size).toBe(1);
    expect(server.pushes).toHaveLength(3);
  });

  it('never comes by itself', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);
    client.sandbox.faults.set('event-never', { times: null });

    const { msg_id } = await client.post(SEND, toUsers(openIds(2)));
    await client.sandbox.events.settled();

    expect(server.pushes).toEqual([]);
    const status = await client.post('message/mass/get', { msg_id });
    expect(status).toMatchObject({ msg_status: 'SEND_SUCCESS' });
  });

  it('comes late, after mass/get has known for long', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);
    client.sandbox.faults.set('event-late', { afterMs: 50 });

    await client.post(SEND, toUsers(openIds(2)));
    await server.came(1);

    const [call] = client.sandbox.ledger.sends();
    expect(call?.finished).toBe(true);
  });

  it.each([
    ['err(20001)', ['0', '0', '0', '0'], {}],
    ['err(20431)', ['0', '0', '0', '0'], {}],
    ['send fail', ['2', '2', '0', '2'], {}],
    ['sendsuccess', ['2', '2', '2', '0'], { 1: 2 }],
  ])('says %s', async (eventStatus, counts, received) => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);
    client.sandbox.faults.set('event-status', { eventStatus });

    await client.post(SEND, toUsers(openIds(2)));
    const [push] = await server.came(1);

    const fields = fieldsIn(push?.body ?? '');
    const { TotalCount, FilterCount, SentCount, ErrorCount } = fields;
    expect(fields.Status).toBe(eventStatus);
    expect([TotalCount, FilterCount, SentCount, ErrorCount]).toEqual(counts);
    expect(client.sandbox.ledger.messagesPerFollower()).toEqual(received);
  });

  it('says success and that nobody got it', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);
    client.sandbox.faults.set('event-sent-zero');

    await client.post(SEND, toUsers(openIds(2)));
    const [push] = await server.came(1);

    expect(fieldsIn(push?.body ?? '')).toMatchObject({ Status: 'send success', SentCount: '0' });
    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({});
  });
});

async function sendTwoArticles(client: Client): Promise<void> {
  const thumb = await uploaded(client, 'thumb');
  const { media_id } = await client.post('media/uploadnews', {
    articles: [article(thumb, 'one'), article(thumb, 'two')],
  });
  await client.post(SEND, { touser: openIds(2), msgtype: 'mpnews', mpnews: { media_id } });
}

/** Names and nesting, without the values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return 'text';
  const fields = Object.entries(value).filter(([name]) => name !== '#text');
  return Object.fromEntries(fields.map(([name, inner]) => [name, shapeOf(inner)]));
}

describe('an event that cannot be true, or is told otherwise later', () => {
  const statusOf = (push: Push) => fieldsIn(push.body).xml ?? fieldsIn(push.body);
  const shown = (pushes: readonly Push[]) =>
    pushes.map((push) => {
      const { Status, TotalCount, SentCount, CreateTime } = statusOf(push) as Record<
        string,
        string
      >;
      return { Status, TotalCount, SentCount, CreateTime: Number(CreateTime) };
    });

  it('counts more than there can be, or what it is told to', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);
    client.sandbox.faults.set('event-counts');
    client.sandbox.faults.set('event-counts', { nth: 2, counts: { total: 'many', sent: 20 } });

    await client.post(SEND, toUsers(openIds(20), 'a'));
    await server.came(1);
    await client.post(SEND, toUsers(openIds(20), 'b'));

    expect(shown(await server.came(2))).toMatchObject([
      { TotalCount: '20000', SentCount: '20000' },
      { TotalCount: 'many', SentCount: '20' },
    ]);
    expect(client.sandbox.ledger.sends()[0]?.counts.total).toBe(20);
  });

  it('says err(10001) after it said send success', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);
    client.sandbox.faults.set('event-again');

    await client.post(SEND, toUsers(openIds(2)));

    expect(shown(await server.came(2))).toMatchObject([
      { Status: 'send success', TotalCount: '2' },
      { Status: 'err(10001)', TotalCount: '0' },
    ]);
  });

  it('comes a second time and is older', async () => {
    const server = await callbackServer();
    const client = await clientPushingTo(server.url);
    client.sandbox.faults.set('event-older', { eventStatus: 'err(20001)', counts: { total: 9 } });

    await client.post(SEND, toUsers(openIds(2)));
    const [first, second] = shown(await server.came(2));

    expect(second).toMatchObject({ Status: 'err(20001)', TotalCount: '9' });
    expect(Number(first?.CreateTime) - Number(second?.CreateTime)).toBeGreaterThanOrEqual(3_600);
  });
});

describe('the addresses of articles in an event', () => {
  it.each([
    ['long', (dataId: unknown) => `http://mp.weixin.qq.com/s?__biz=sandbox&mid=${dataId}&idx=1`],
    ['short', () => expect.stringMatching(/^http:\/\/mp\.weixin\.qq\.com\/s\/[\w-]{22}$/)],
  ] as const)('are %s, and delete what they show', async (articleUrls, expected) => {
    const client = await clientOf(await runSandbox({ switches: { articleUrls } }));
    const articles = [article(await uploaded(client, 'thumb'))];
    const { media_id } = await client.post('media/uploadnews', { articles });
    const answer = await client.post(SEND, {
      touser: openIds(2),
      msgtype: 'mpnews',
      mpnews: { media_id },
    });

    const fields = client.sandbox.events.fieldsOf('first', String(answer.msg_id));
    const { ResultList } = fields.ArticleUrlResult as { ResultList: { ArticleUrl: string }[] };
    await expect.poll(() => client.sandbox.ledger.sends()).toMatchObject([{ finished: true }]);

    const url = ResultList[0]?.ArticleUrl;
    expect(url).toEqual(expected(answer.msg_data_id));
    expect(await client.post('message/mass/delete', { url })).toMatchObject({ errcode: 0 });
  });
});
