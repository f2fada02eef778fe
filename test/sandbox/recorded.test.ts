/** The sandbox's answers beside the recorded ones: the same fields, the same kinds of values. */
import { describe, expect, it } from 'vitest';
import {
  aClient,
  article,
  type Body,
  type Client,
  fixture,
  image,
  openIds,
  service,
  stableToken,
  toTag,
  toUsers,
  uploaded,
} from './raw-client.ts';

interface Recorded {
  readonly call: string;
  readonly body: Body;
}

const recorded = (file: string, call: string): Body => {
  const all = fixture<Recorded[]>(file);
  const found =
    all.find((entry) => entry.call === call) ?? all.find((entry) => entry.call.startsWith(call));
  if (!found) throw new Error(`nothing recorded for ${call}`);
  return found.body;
};

function kindsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 0 ? [kindsOf(value[0])] : [];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, kindsOf(inner)]));
}

const MASS = 'mass-responses-recorded.json';
const MEDIA = 'media-responses-recorded.json';
const AUDIENCE = 'audience-responses.json';
const SEND = 'message/mass/send';

async function uploadNews(client: Client): Promise<Body> {
  const thumb = await uploaded(client, 'thumb');
  return client.post('media/uploadnews', { articles: [article(thumb)] });
}

const ANSWERS: readonly [string, string, (client: Client) => Promise<Body>][] = [
  [
    MASS,
    'message/mass/sendall text',
    (client) =>
      client.post('message/mass/sendall', {
        filter: { group_id: '2' },
        msgtype: 'text',
        text: { content: 'x' },
      }),
  ],
  [MASS, 'message/mass/send text', (client) => client.post(SEND, toUsers(openIds(2)))],
  [
    MASS,
    'message/mass/send mpnews',
    async (client) => {
      const { media_id } = await uploadNews(client);
      const news = { msgtype: 'mpnews', mpnews: { media_id } };
      return client.post(SEND, { touser: openIds(2), ...news });
    },
  ],
  [
    MASS,
    'message/mass/get, number',
    async (client) => {
      const { msg_id } = await client.post(SEND, toUsers(openIds(2)));
      return client.post('message/mass/get', { msg_id: String(msg_id) });
    },
  ],
  [
    MEDIA,
    'media/upload?type=thumb',
    (client) => client.upload('media/upload', { ...image, query: { type: 'thumb' } }),
  ],
  [
    MEDIA,
    'media/uploadvideo',
    async (client) =>
      client.post('media/uploadvideo', {
        media_id: await uploaded(client, 'video'),
        title: 't',
        description: 'd',
      }),
  ],
  [MEDIA, 'media/uploadnews', uploadNews],
  [MEDIA, 'media/uploadimg', (client) => client.upload('media/uploadimg', image)],
  [AUDIENCE, 'GET user/get', (client) => client.get('user/get')],
  [
    AUDIENCE,
    'POST user/tag/get',
    (client) => client.post('user/tag/get', { tagid: 2, next_openid: '' }),
  ],
  [AUDIENCE, 'GET tags/get', (client) => client.get('tags/get')],
  [AUDIENCE, 'GET groups/get', (client) => client.get('groups/get')],
  [AUDIENCE, 'GET getcallbackip', (client) => client.get('getcallbackip')],
];

const REFUSALS: readonly [string, (client: Client) => Promise<Body>][] = [
  [
    'message/mass/sendall by tag, clientmsgid seen before',
    async (client) => {
      await client.post('message/mass/sendall', toTag(2, 'k'));
      client.sandbox.advance(60_000);
      return client.post('message/mass/sendall', toTag(2, 'k'));
    },
  ],
  [
    'message/mass/sendall by tag',
    async (client) => {
      await client.post('message/mass/sendall', toTag(2, 'k'));
      client.sandbox.advance(60_000);
      await client.post('message/mass/sendall', toTag(2, 'k'));
      return client.post('message/mass/sendall', toTag(2, 'k'));
    },
  ],
  ['message/mass/send, one openid', (client) => client.post(SEND, toUsers(openIds(1)))],
  [
    'message/mass/sendall, tag that does not exist',
    (client) => client.post('message/mass/sendall', toTag(9)),
  ],
  [
    'message/mass/send mpnews with an unusable',
    (client) =>
      client.post(SEND, { touser: openIds(2), msgtype: 'mpnews', mpnews: { media_id: 'M' } }),
  ],
  [
    'message/mass/send, unknown msgtype',
    (client) => client.post(SEND, { touser: openIds(2), msgtype: 'mpnewsarticle' }),
  ],
  [
    'media/upload without the file part',
    async (client) => {
      const address = `${client.sandbox.url}/cgi-bin/media/upload?type=image&access_token=${client.token}`;
      const response = await fetch(address, { method: 'POST', body: 'no form' });
      return (await response.json()) as Body;
    },
  ],
  [
    'any call with a token that another client replaced',
    async (client) => {
      client.sandbox.faults.set('token-replaced');
      return client.get('user/get');
    },
  ],
];

/** The recorded stem, without its hint and rid. */
const stemOf = (errmsg: unknown): string => String(errmsg).replace(/ (hint|rid): .*$/, '');

describe('an answer is shaped as recorded', () => {
  it.each(ANSWERS)('%s: %s', async (file, call, ask) => {
    const answer = await ask(await aClient({ switches: { protocol: 'both' } }));

    expect(kindsOf(answer)).toEqual(kindsOf(recorded(file, call)));
  });

  it('token: as the page says', async () => {
    const { sandbox } = await aClient();

    expect(kindsOf(await stableToken(sandbox, service))).toEqual({
      access_token: 'string',
      expires_in: 'number',
    });
  });
});

describe('a refusal reads as recorded', () => {
  it.each(REFUSALS)('%s', async (call, ask) => {
    const answer = await ask(await aClient());
    const expected = recorded('error-responses-recorded.json', call);

    expect(kindsOf(answer)).toEqual(kindsOf(expected));
    expect(answer.errcode).toBe(expected.errcode);
    expect(stemOf(answer.errmsg)).toBe(stemOf(expected.errmsg));
  });
});
