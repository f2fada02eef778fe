import { describe, expect, it } from 'vitest';
import {
  aClient,
  type Body,
  type Client,
  clientOf,
  openIds,
  runSandbox,
  service,
  strangers,
  subscription,
  text,
  toEveryone,
  toTag,
  toUsers,
  uploaded,
} from './raw-client.ts';

const SEND = 'message/mass/send';
const SENDALL = 'message/mass/sendall';
const ODD_FOLLOWERS = ['oA_-456789abcdef', `o${'A'.repeat(63)}`];
const accepted = { errcode: 0, errmsg: 'send job submission success', msg_id: expect.any(Number) };

describe('message/mass/send', () => {
  it('answers an id beyond 31 bits, and a data id for articles only', async () => {
    const client = await aClient();

    const answer = await client.post(SEND, toUsers(openIds(2)));

    expect(answer).toEqual(accepted);
    expect(Number(answer.msg_id)).toBeGreaterThan(2 ** 31);
  });

  it.each([
    ['no list', undefined, 40031],
    ['one OpenID as text', openIds(1)[0], 40031],
    ['numbers', [1, 2], 40031],
    ['nobody', [], 40032],
    ['one', openIds(1), 40130],
    ['the same one twice', [...openIds(1), ...openIds(1)], 40130],
    ['two', openIds(2), 0],
    ['10,000', openIds(10_000), 0],
    ['10,001', openIds(10_001), 40032],
    ['something that is no OpenID', [...openIds(2), 'x'], 40003],
    ['followers whose OpenIDs have another length', ODD_FOLLOWERS, 0],
    ['two followers and a stranger', [...openIds(2), ...strangers(1)], 40003],
  ])('to %s answers as it should', async (_case, touser, errcode) => {
    const followers = [...openIds(10_001), ...ODD_FOLLOWERS];
    const client = await aClient({ accounts: [{ ...service, followers }] });

    expect(await client.post(SEND, toUsers(touser))).toMatchObject({ errcode });
  });

  it('counts a follower who is listed twice twice, where a switch says so', async () => {
    const client = await aClient({ switches: { duplicateOpenIds: 'twice' } });

    await client.post(SEND, toUsers([...openIds(1), ...openIds(1)]));

    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 2: 1 });
  });

  it('takes one OpenID, as in 2014, where a switch says so', async () => {
    const client = await aClient({ switches: { leastOpenIds: 1 } });

    expect(await client.post(SEND, toUsers(openIds(1)))).toMatchObject({ errcode: 0 });
  });

  it('is for service accounts', async () => {
    const client = await clientOf(await runSandbox(), subscription);

    expect(await client.post(SEND, toUsers(openIds(2)))).toMatchObject({ errcode: 48001 });
  });

  it('takes strangers for followers, filters them or refuses them, as it is told', async () => {
    const answers = [];
    for (const what of ['followers', 'filtered', 'refuse'] as const) {
      const client = await aClient({ switches: { strangers: what } });
      const { followers } = client.sandbox.account();
      const touser = [...followers.slice(0, 2), ...strangers(3)];
      const { errcode } = await client.post(SEND, toUsers(touser));
      const lonely = await client.post(SEND, toUsers([...followers.slice(0, 1), ...strangers(3)]));
      const counts = client.sandbox.ledger.sends()[0]?.counts;
      answers.push([what, errcode, counts?.total, counts?.filter, lonely.errcode]);
    }

    expect(answers).toEqual([
      ['followers', 0, 5, 5, 0],
      ['filtered', 0, 5, 2, 40130],
      ['refuse', 40003, undefined, undefined, 40003],
    ]);
  });
});

describe('message/mass/sendall', () => {
  it.each([
    ['a tag by number', { is_to_all: false, tag_id: 2 }, 'tag 2', 100],
    ['a tag by text', { is_to_all: false, tag_id: '100' }, 'tag 100', 250],
    ['a group, as in the seed', { group_id: '2' }, 'group 2', 100],
    ['a group, as in mid-2014', { is_to_all: false, group_id: '101' }, 'group 101', 200],
    ['everyone', { is_to_all: true }, 'everyone', 1_000],
    ['everyone, with an empty tag', { is_to_all: true, tag_id: '' }, 'everyone', 1_000],
  ])('reaches %s', async (_case, filter, audience, received) => {
    const client = await aClient({ switches: { protocol: 'both' } });

    expect(await client.post(SENDALL, { filter, ...text() })).toEqual(accepted);

    expect(client.sandbox.ledger.sends()).toMatchObject([{ audience, received }]);
    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 1: received });
  });

  it.each([
    ['an unknown tag', { is_to_all: false, tag_id: 999 }, 40152],
    ['an unknown group', { group_id: '999' }, 40152],
    ['nobody named', { is_to_all: false }, 40152],
    ['no filter', undefined, 40152],
    ['is_to_all as text', { is_to_all: 'false', tag_id: 2 }, 40008],
  ])('refuses %s', async (_case, filter, errcode) => {
    const client = await aClient();

    expect(await client.post(SENDALL, { filter, ...text() })).toMatchObject({ errcode });
    expect(client.sandbox.ledger.sends()).toEqual([]);
  });

  it('leaves out of a tag who refuses, and counts who fails', async () => {
    const { followers } = (await aClient()).sandbox.account();
    const [refusing = '', failing = '', received = ''] = followers.slice(400, 403);
    const client = await aClient({
      accounts: [
        { ...service, refusing: [refusing, followers.at(0)], failing: [failing, ...openIds(1)] },
      ],
    });

    await client.post(SENDALL, toTag(2));

    const { ledger } = client.sandbox;
    expect(ledger.sends()[0]?.counts).toEqual({ total: 100, filter: 99, sent: 98, error: 1 });
    expect(ledger.messagesPerFollower()).toEqual({ 1: 98 });
    const got = [refusing, failing, received].map(
      (openId) => ledger.receivedBy('first', openId).length,
    );
    expect(got).toEqual([0, 0, 1]);
  });

  it('knows groups but no tags in 2014, and asks for is_to_all today', async () => {
    const old = await aClient({ switches: { protocol: '2014' } });
    const today = await aClient({ switches: { protocol: 'today' } });
    const seed = { filter: { group_id: '2' }, ...text() };

    expect(await old.post(SENDALL, seed)).toMatchObject({ errcode: 0 });
    expect(await old.post(SENDALL, toTag(2))).toMatchObject({ errcode: 40152 });
    expect(await today.post(SENDALL, seed)).toMatchObject({ errcode: 40152 });
    expect(await today.post(SENDALL, toTag(2))).toMatchObject({ errcode: 0 });
  });

  it('wants a tag_id even for everyone, where a switch says so', async () => {
    const client = await aClient({ switches: { everyoneNeedsTagId: true } });

    expect(await client.post(SENDALL, toEveryone())).toMatchObject({ errcode: 40152 });
    const withTag = { ...toEveryone(), filter: { is_to_all: true, tag_id: '' } };
    expect(await client.post(SENDALL, withTag)).toMatchObject({ errcode: 0 });
  });
});

describe('a message', () => {
  const everyEra = ['both', 'today', '2014'] as const;

  /** Sends each shape in each era and tells which errcode came back. */
  async function errcodes(path: string, shape: (client: Client) => Promise<object>) {
    const codes: Record<string, unknown> = {};
    for (const era of everyEra) {
      const client = await aClient({ switches: { protocol: era } });
      const audience =
        path === SEND ? { touser: openIds(2) } : { filter: { is_to_all: false, group_id: '2' } };
      const answer = await client.post(path, { ...audience, ...(await shape(client)) });
      codes[era] = answer.errcode;
    }
    return codes;
  }

  it('names one image until 2019 and a list of images today', async () => {
    const one = async (client: Client) => ({
      msgtype: 'image',
      image: { media_id: await uploaded(client, 'image') },
    });
    const list = async (client: Client) => ({
      msgtype: 'image',
      images: { media_ids: [await uploaded(client, 'image')], recommend: 'r' },
    });

    for (const path of [SEND, SENDALL]) {
      expect(await errcodes(path, one)).toEqual({ both: 0, today: 40008, 2014: 0 });
      expect(await errcodes(path, list)).toEqual({ both: 0, today: 0, 2014: 40008 });
    }
  });

  it('is a video to OpenIDs in the seed, an mpvideo today', async () => {
    const object = async (client: Client) => ({
      media_id: await uploaded(client, 'video'),
      title: 'TITLE',
      description: 'DESCRIPTION',
    });
    const video = async (client: Client) => ({ msgtype: 'video', video: await object(client) });
    const mpvideo = async (client: Client) => ({
      msgtype: 'mpvideo',
      mpvideo: await object(client),
    });

    expect(await errcodes(SEND, video)).toEqual({ both: 0, today: 40008, 2014: 0 });
    expect(await errcodes(SEND, mpvideo)).toEqual({ both: 0, today: 0, 2014: 40008 });
  });

  it('by tag takes only the video id that uploadvideo made', async () => {
    const client = await aClient();
    const video = await uploaded(client, 'video');
    const made = await client.post('media/uploadvideo', { media_id: video, title: 't' });
    const send = (media_id: unknown) => ({
      filter: { is_to_all: false, tag_id: 2 },
      msgtype: 'mpvideo',
      mpvideo: { media_id },
    });

    expect(await client.post(SENDALL, send(video))).toMatchObject({ errcode: 45161 });
    expect(await client.post(SENDALL, send(made.media_id))).toMatchObject({ errcode: 0 });
  });

  it.each([
    ['music', { msgtype: 'music', music: {} }, 40008],
    ['a card', { msgtype: 'wxcard', wxcard: { card_id: 'c' } }, 45113],
    ['no msgtype', { text: { content: 'x' } }, 40008],
    ['a msgtype without its object', { msgtype: 'voice', text: { content: 'x' } }, 40008],
    ['an empty text', { msgtype: 'text', text: { content: '' } }, 44004],
    ['no media_id', { msgtype: 'voice', voice: {} }, 41006],
    ['a media_id that is a number', { msgtype: 'voice', voice: { media_id: 1 } }, 40007],
    ['an unknown media_id', { msgtype: 'mpnews', mpnews: { media_id: 'M' } }, 40007],
    ['no images', { msgtype: 'image', images: { media_ids: [] } }, 40215],
    ['send_ignore_reprint as a word', { ...text(), send_ignore_reprint: true }, 47003],
  ])('of %s is refused', async (_case, message, errcode) => {
    const client = await aClient();

    const answer = await client.post(SEND, { touser: openIds(2), ...message });

    expect(answer).toMatchObject({ errcode });
  });

  it.each(['image', 'voice', 'thumb', 'video'] as const)(
    'with the id of a %s goes as no other kind',
    async (kind) => {
      const client = await aClient({ switches: { protocol: 'both' } });
      const media_id = await uploaded(client, kind);

      for (const msgtype of ['image', 'voice', 'mpnews', 'mpvideo']) {
        const answer = await client.post(SEND, {
          touser: openIds(2),
          msgtype,
          [msgtype]: { media_id },
        });
        const fits = msgtype === kind || (msgtype === 'mpvideo' && kind === 'video');
        expect(answer.errcode, msgtype).toBe(fits ? 0 : 40007);
      }
    },
  );

  it.each([
    ['escaped Chinese', '{"touser":["a","b"],"text":{"content":"\\u7fa4"}}', 47002],
    [
      'an escaped backslash and then Chinese',
      '{"touser":["a","b"],"text":{"content":"\\\\\\u7fa4"}}',
      47002,
    ],
    ['an escaped control character', '{"text":{"content":"\\u0007"}}', 40008],
    ['an escaped backslash before a u', '{"text":{"content":"\\\\u7fa4"}}', 40008],
    ['no JSON', '{"touser":["a","b",]}', 47001],
    ['a list', '[]', 47001],
    ['nothing', '', 44002],
  ])('whose body holds %s is read as WeChat reads it', async (_case, body, errcode) => {
    const client = await aClient();

    expect(await client.post(SEND, body)).toMatchObject({ errcode });
  });

  it('whose body is not UTF-8 is refused', async () => {
    const client = await aClient();
    const gbk = Buffer.from([0x7b, 0x22, 0xb7, 0xa2, 0x22, 0x3a, 0x31, 0x7d]);

    const response = await client.response(SEND, gbk);

    expect(await response.json()).toMatchObject({ errcode: 40033 });
  });
});

describe('an answer', () => {
  it('refuses with HTTP 200, text/plain and an ending that changes', async () => {
    const client = await aClient();

    const first = await client.response(SEND, toUsers([]));
    const second = await client.response(SEND, toUsers([]));

    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toBe('text/plain');
    const [one, other] = [(await first.json()) as Body, (await second.json()) as Body];
    expect(one.errmsg).toMatch(
      /^invalid openid list size( hint: \[\S{14}\])?( rid: [0-9a-f-]{26})?$/,
    );
    expect(one.errmsg).not.toBe('invalid openid list size');
    expect(other.errmsg).not.toBe(one.errmsg);
  });

  it('writes ids beyond a double as bare digits, where a switch says so', async () => {
    const client = await aClient({ switches: { hugeMsgIds: true } });

    const response = await client.response(SEND, toUsers(openIds(2)));
    const asked = await client.response('message/mass/get', '{"msg_id":9007199254740993}');

    expect(await response.text()).toContain('"msg_id":9007199254740993}');
    expect(await asked.text()).toContain('"msg_id":9007199254740993,');
  });

  it('gives ids that another account gives, too', async () => {
    const sandbox = await runSandbox({
      accounts: [service, { ...subscription, kind: 'service', followers: openIds(2) }],
    });
    const [one, other] = [await clientOf(sandbox), await clientOf(sandbox, subscription)];

    const first = await one.post(SEND, toUsers(openIds(2)));

    expect(await other.post(SEND, toUsers(openIds(2)))).toMatchObject({ msg_id: first.msg_id });
  });
});
