import type { LookupFunction } from 'node:net';
import { Agent } from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Amount, Text, WechatId } from '../../../src/shared/wechat/read-answer.ts';
import type { Silence } from '../../../src/shared/wechat/silence.ts';
import {
  bodyOf,
  clientAt,
  dispatcherForTest,
  json,
  loopback,
  type Respond,
  tokensInHand,
} from './loopback.ts';

afterEach(() => void vi.useRealTimers());

const PATH = '/cgi-bin/message/mass/send';
const answer = z.object({ msg_id: z.int() });
const accepted = json({ errcode: 0, errmsg: 'ok', msg_id: 1 });
const badToken = json({ errcode: 40001, errmsg: 'invalid credential' });

async function post(...responds: Respond[]) {
  const server = await loopback(...responds);
  const tokens = tokensInHand('TOKEN-1', 'TOKEN-2', 'TOKEN-3');
  const client = clientAt(server.baseUrl, { tokens });
  return { answer: await client.post(PATH, { a: 1 }, { answer }), server, tokens };
}

describe('a call', () => {
  it('carries the token in the address and the body as raw UTF-8 of known length', async () => {
    const server = await loopback(accepted);
    const client = clientAt(server.baseUrl, { tokens: tokensInHand('T&=?中') });

    await client.post(PATH, { text: { content: '群发 🎉' } }, { answer });

    const [seen] = server.seen;
    expect(seen?.query).toEqual({ access_token: 'T&=?中' });
    expect(seen?.bytes.toString('utf8')).toBe('{"text":{"content":"群发 🎉"}}');
    expect(seen?.headers['content-length']).toBe(String(seen?.bytes.byteLength));
    expect(seen?.headers['transfer-encoding']).toBeUndefined();
  });

  it('keeps a path that the base address has', async () => {
    const server = await loopback(accepted);

    await clientAt(`${server.baseUrl}/wechat/`).post(PATH, {}, { answer });

    expect(server.seen[0]?.path).toBe(`/wechat${PATH}`);
  });

  it('is counted before each time it goes out', async () => {
    const server = await loopback(badToken, accepted);
    const counted: string[] = [];
    const onCall = (path: string) => void counted.push(`${path} after ${server.seen.length}`);

    await clientAt(server.baseUrl, { onCall }).post(PATH, {}, { answer });

    expect(counted).toEqual([`${PATH} after 0`, `${PATH} after 1`]);
  });

  it('does not go out if it cannot be counted', async () => {
    const server = await loopback(accepted);
    const onCall = () => Promise.reject(new Error('no ledger'));

    const going = clientAt(server.baseUrl, { onCall }).post(PATH, {}, { answer });

    await expect(going).rejects.toThrow('no ledger');
    expect(server.seen).toEqual([]);
  });
});

describe('the errcode', () => {
  it('decides, not the status or the content type', async () => {
    const { answer } = await post(json({ errcode: 45028, errmsg: 'has no masssend quota' }, 403));

    expect(answer).toEqual({
      kind: 'refused',
      errcode: 45028,
      path: PATH,
      errmsg: 'has no masssend quota',
      remedy: { kind: 'wait-until', window: 'next-period', scope: 'api' },
    });
  });

  it('may be missing from a success', async () => {
    const { answer } = await post(json({ msg_id: 1 }));

    expect(answer).toEqual({ kind: 'ok', value: { msg_id: 1 } });
  });

  it('brings along the earlier send when it says that there was one', async () => {
    const body = '{"errcode":45065,"errmsg":"clientmsgid exist","msg_id":9007199254740993}';
    const { answer } = await post(json(body));

    expect(answer).toMatchObject({ remedy: { kind: 'already-done' }, msgId: '9007199254740993' });
  });
});

describe('an answer that is not quite JSON', () => {
  const tags = z.object({ tags: z.array(z.object({ id: Amount, name: Text })) });

  it.each([
    ['a mark at its beginning', '\ufeff{"tags":[{"id":2,"name":"VIP"}]}'],
    ['control bytes in a name', '{"tags":[{"id":2,"name":"V\u0000I\u0001P\u001f"}]}'],
    ['ends of lines and tabs between', '{\r\n\t"tags":[{"id":2,"name":"VIP"}]\n}'],
    ['a number as text', '{"errcode":"0","tags":[{"id":"2","name":"VIP"}]}'],
    ['an errmsg of null', '{"errcode":0,"errmsg":null,"tags":[{"id":2,"name":"VIP"}]}'],
    ['a key twice', '{"errcode":0,"tags":[],"tags":[{"id":2,"name":"VIP"}]}'],
  ])('is read all the same: %s', async (_, body) => {
    const server = await loopback(json(body));

    const read = await clientAt(server.baseUrl).post(PATH, {}, { answer: tags });

    expect(read).toEqual({ kind: 'ok', value: { tags: [{ id: 2, name: 'VIP' }] } });
  });

  it('may have a number where a text is meant', async () => {
    const server = await loopback(json('{"tags":[{"id":2,"name":2026}]}'));

    const read = await clientAt(server.baseUrl).post(PATH, {}, { answer: tags });

    expect(read).toEqual({ kind: 'ok', value: { tags: [{ id: 2, name: '2026' }] } });
  });

  it.each(['null', 'true', '""', '"2e3"', '-1', '[2]', '"9999999999999999"'])(
    'has no count in %s',
    async (id) => {
      const server = await loopback(json(`{"tags":[{"id":${id},"name":"VIP"}]}`));

      const read = await clientAt(server.baseUrl).post(PATH, {}, { answer: tags });

      expect(read).toMatchObject({ kind: 'unknown', cause: 'answer-incomplete' });
    },
  );
});

describe('an answer that no WeChat gives', () => {
  const unreadable = { kind: 'unknown', cause: 'answer-unreadable' };

  it.each([
    ['an errcode of 400 digits', `{"errcode":${'9'.repeat(400)}}`],
    ['an errcode of 400 digits as text', `{"errcode":"${'9'.repeat(400)}"}`],
    ['a page of HTML', '<html><body>welcome</body></html>'],
    ['brackets eight million deep', '['.repeat(400_000)],
    ['brackets deep inside', `{"errcode":0,"msg_id":${'['.repeat(100)}${']'.repeat(100)}}`],
  ])('is an unknown outcome: %s', async (_, body) => {
    expect((await post(json(body))).answer).toEqual(unreadable);
  });

  it('is one that is longer than 1 MB, where no list was asked for', async () => {
    const { answer } = await post(json(`{"errcode":40003,"errmsg":"${'x'.repeat(1_100_000)}"}`));

    expect(answer).toEqual({ kind: 'unknown', cause: 'answer-too-large' });
  });

  it.each(['"123456789012345678901"', '123456789012345678901'])(
    'is a message id of 21 digits: %s',
    async (msgId) => {
      const server = await loopback(json(`{"errcode":0,"msg_id":${msgId}}`));

      const sent = clientAt(server.baseUrl).post(
        PATH,
        {},
        { answer: z.object({ msg_id: WechatId }) },
      );

      expect(await sent).toMatchObject({ kind: 'unknown' });
    },
  );
});

describe('a token that WeChat refuses', () => {
  it.each([40001, 40014, 42001])(
    'is replaced after %i, and the same body goes out again',
    async (errcode) => {
      const { answer, server, tokens } = await post(json({ errcode, errmsg: '' }), accepted);

      expect(answer).toEqual({ kind: 'ok', value: { msg_id: 1 } });
      expect(tokens.dropped).toEqual(['TOKEN-1']);
      expect(server.seen.map(({ query }) => query.access_token)).toEqual(['TOKEN-1', 'TOKEN-2']);
      expect(server.seen.map(bodyOf)).toEqual([{ a: 1 }, { a: 1 }]);
    },
  );

  it('is replaced once a call and no more', async () => {
    const { answer, server, tokens } = await post(badToken);

    expect(answer).toMatchObject({ kind: 'refused', remedy: { kind: 'new-token' } });
    expect(server.seen).toHaveLength(2);
    expect(tokens.dropped).toEqual(['TOKEN-1', 'TOKEN-2']);
  });

  it('leaves the call unsent if there is no other', async () => {
    const server = await loopback(badToken);
    const client = clientAt(server.baseUrl, { tokens: tokensInHand('TOKEN-1') });

    const answer = client.post(PATH, {}, { answer: z.object({}) });

    expect(await answer).toEqual({ kind: 'not-sent', cause: 'token-busy', ofToken: true });
  });

  it('is uploaded again with the same file', async () => {
    const server = await loopback(badToken, accepted);
    const file = { bytes: Buffer.from('picture'), filename: 'a.jpg', contentType: 'image/jpeg' };

    await clientAt(server.baseUrl).upload('/cgi-bin/media/upload', file, { answer });

    expect(server.seen.map(({ bytes }) => bytes.includes('picture'))).toEqual([true, true]);
  });
});

describe('no token', () => {
  it('means not sent, even where the token call itself ended in the dark', async () => {
    const server = await loopback(accepted);
    const tokens = {
      get: async () => ({ kind: 'unknown', cause: 'http-status', status: 502 }) as const,
      drop: async () => {},
    };

    const answer = await clientAt(server.baseUrl, { tokens }).get(PATH, { answer: z.object({}) });

    expect(answer).toEqual({
      kind: 'not-sent',
      cause: 'http-status',
      status: 502,
      ofToken: true,
    });
    expect(server.seen).toEqual([]);
  });
});

describe('a call that nobody can have seen', () => {
  const notSent = async (baseUrl: string, options: Parameters<typeof clientAt>[1] = {}) =>
    await clientAt(baseUrl, options).post(PATH, {}, { answer });

  it('is not sent where nothing listens', async () => {
    expect(await notSent('http://127.0.0.1:1')).toEqual({
      kind: 'not-sent',
      cause: 'connection-failed',
      error: 'ECONNREFUSED',
    });
  });

  it('is not sent where the name has several addresses and none listens', async () => {
    const lookup: LookupFunction = (_host, _options, done) =>
      done(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ]);
    const dispatcher = new Agent({ connect: { lookup, autoSelectFamily: true } });

    expect(await notSent('http://wechat.test:1', { dispatcher })).toEqual({
      kind: 'not-sent',
      cause: 'connection-failed',
      error: 'ECONNREFUSED',
    });
  });

  it('is not sent where the name leads nowhere', async () => {
    const lookup: LookupFunction = (_host, _options, done) =>
      done(Object.assign(new Error('lookup'), { code: 'EAI_AGAIN' }), '');
    const dispatcher = new Agent({ connect: { lookup } });

    expect(await notSent('http://wechat.test', { dispatcher })).toEqual({
      kind: 'not-sent',
      cause: 'connection-failed',
      error: 'EAI_AGAIN',
    });
  });

  it('is not sent where TLS fails', async () => {
    const plain = await loopback(accepted);
    const answer = await notSent(plain.baseUrl.replace('http:', 'https:'));

    expect(answer.kind).toBe('not-sent');
  });

  it('is not sent where the time runs out before there is a connection', async () => {
    const dispatcher = new Agent({ connect: () => {} });

    expect(await notSent('http://127.0.0.1:1', { dispatcher, timeoutMs: 50 })).toEqual({
      kind: 'not-sent',
      cause: 'timeout',
      ms: 50,
    });
  });

  it('is not sent after its connection comes too late', async () => {
    const server = await loopback(accepted);
    let connect = () => {};
    const direct = dispatcherForTest({});
    const dispatcher = direct.compose((dispatch) => (options, handler) => {
      connect = () => dispatch(options, handler);
      return true;
    });

    const answer = await notSent(server.baseUrl, { dispatcher, timeoutMs: 50 });
    connect();
    await direct.close();

    expect(answer.kind).toBe('not-sent');
    expect(server.seen).toEqual([]);
  });

  it('is not sent after the connections were closed', async () => {
    const server = await loopback(accepted);
    const dispatcher = dispatcherForTest({});
    await dispatcher.destroy();

    expect((await notSent(server.baseUrl, { dispatcher })).kind).toBe('not-sent');
  });
});

describe('a call that WeChat may have seen', () => {
  const cut: Respond = (response) => void response.socket?.destroy();
  const short: Respond = (response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"errcode":0,"msg_id":1}');
    response.socket?.end();
  };
  const brokenChunks: Respond = (response) => {
    response.writeHead(200);
    response.write('{"errcode":0,', () => response.socket?.destroy());
  };
  const page = '<html><h1>502 Bad Gateway</h1></html>';

  const closed = { cause: 'connection-failed', error: 'UND_ERR_SOCKET' } as const;
  const unreadable = { cause: 'answer-unreadable' } as const;

  it.each<[string, Respond, Silence]>([
    ['reset', cut, closed],
    ['shorter than announced', short, closed],
    ['cut off between chunks', brokenChunks, closed],
    ['of a gateway', json(page, 502), { cause: 'http-status', status: 502 }],
    [
      'with a 5xx, whatever it says',
      json({ errcode: 0, msg_id: 1 }, 503),
      { cause: 'http-status', status: 503 },
    ],
    ['of HTML', json(page), unreadable],
    ['empty', json(''), unreadable],
    ['half a text', json('{"errcode":0,"msg'), unreadable],
    ['of another shape', json([{ errcode: 0 }]), unreadable],
    ['without a verdict', json({ errcode: null }), unreadable],
    ['without the field', json({ errcode: 0, errmsg: 'ok' }), { cause: 'answer-incomplete' }],
    ['too large', json(' '.repeat(9_000_000)), { cause: 'answer-too-large' }],
  ])('has an unknown outcome if the answer is %s', async (_, respond, silence) => {
    const { answer } = await post(respond);

    expect(answer).toEqual({ kind: 'unknown', ...silence });
  });

  it('has an unknown outcome if no answer comes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const server = await loopback(() => vi.advanceTimersByTime(10_000));

    const going = clientAt(server.baseUrl, { timeoutMs: 10_000 }).post(PATH, {}, { answer });

    expect(await going).toEqual({ kind: 'unknown', cause: 'timeout', ms: 10_000 });
  });

  it('has an unknown outcome if the answer never ends', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const server = await loopback((response) => {
      response.writeHead(200).write('{');
      vi.advanceTimersByTime(10_000);
    });

    const going = clientAt(server.baseUrl, { timeoutMs: 10_000 }).post(PATH, {}, { answer });

    expect(await going).toEqual({ kind: 'unknown', cause: 'timeout', ms: 10_000 });
  });

  it('is made once', async () => {
    const { server } = await post(cut);

    expect(server.seen).toHaveLength(1);
  });
});

describe('what is said about a failure', () => {
  it('holds neither the token nor an OpenID', async () => {
    const openId = 'oR5Gjjl_eiZoUpGozMo7dbBJ362A';
    const errmsg = `invalid openid ${openId} of TOKEN-1 rid: 653bb509-24e6f87d-3904c018`;
    const { answer } = await post(json({ errcode: 40003, errmsg }));

    expect(answer).toMatchObject({ errmsg: 'invalid openid … of …' });
  });

  it('is not pored over where it has no end', async () => {
    const errmsg = `${'\t'.repeat(300_000)}x`;
    const { answer } = await post(json({ errcode: 40003, errmsg }));

    expect(answer).toMatchObject({ kind: 'refused', errmsg: '' });
  });

  it('does not repeat the address, which holds the token', async () => {
    const answer = await clientAt('http://127.0.0.1:1').get(PATH, { answer: z.object({}) });

    expect(JSON.stringify(answer)).not.toMatch(/TOKEN|127\.0/);
  });
});

describe('an upload', () => {
  it('states its length, and names its file in ASCII with the extension', async () => {
    const server = await loopback(accepted);
    const bytes = Buffer.from([0xff, 0xd8, 0xff, 0x00, 0x0d, 0x0a]);
    const file = { bytes, filename: '封面.JPG', contentType: 'image/jpeg' };

    await clientAt(server.baseUrl).upload('/cgi-bin/media/upload', file, {
      query: { type: 'thumb' },
      fields: { description: '{"title":"视频"}' },
      answer,
    });

    const [seen] = server.seen;
    expect(seen?.query).toEqual({ access_token: 'TOKEN-1', type: 'thumb' });
    expect(seen?.headers['transfer-encoding']).toBeUndefined();
    expect(seen?.headers['content-length']).toBe(String(seen?.bytes.byteLength));
    const form = await new Response(new Uint8Array(seen?.bytes ?? []), {
      headers: { 'content-type': seen?.headers['content-type'] ?? '' },
    }).formData();
    const media = form.get('media') as File;
    expect([media.name, media.type]).toEqual(['media.jpg', 'image/jpeg']);
    expect(Buffer.from(await media.arrayBuffer())).toEqual(bytes);
    expect(form.get('description')).toBe('{"title":"视频"}');
  });
});
