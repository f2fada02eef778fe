import { describe, expect, it } from 'vitest';
import {
  checkAddress,
  openEnvelope,
  type PushAccount,
} from '../../../../src/shared/wechat/push/open-envelope.ts';
import { openHandedEvent } from '../../../../src/shared/wechat/push/open-handed-event.ts';
import {
  finishedXml,
  type MadePush,
  NOW,
  OLD_KEY,
  PLAIN,
  plainPush,
  SAFE,
  safePush,
  sealed,
  sealedPush,
  sha1,
  signed,
  textXml,
} from './make-push.ts';

const MINUTE = 60_000;
const open = (account: PushAccount, made: MadePush, now = NOW) =>
  openEnvelope(
    account,
    {
      query: new URLSearchParams(made.query),
      contentType: made.contentType,
      body: Buffer.from(made.body),
    },
    now,
  );
const refusal = (status: number, reason: string) => ({ ok: false, status, reason });
const taken = (mode: string) => ({
  ok: true,
  mode,
  trusted: mode !== 'plain',
  event: { type: 'mass-finished', msgId: '1000001625', receipt: { sent: 75 } },
});

describe('a plain push', () => {
  it('is opened, and not trusted: its signature does not cover the body', () => {
    expect(open(PLAIN, plainPush())).toMatchObject(taken('plain'));
  });

  it('is opened when encrypt_type says raw', () => {
    const push = plainPush();

    expect(open(PLAIN, { ...push, query: { ...push.query, encrypt_type: 'raw' } })).toMatchObject(
      taken('plain'),
    );
  });

  it.each(['signature', 'timestamp', 'nonce'])('without a %s is unsigned', (name) => {
    const push = plainPush();
    delete push.query[name];

    expect(open(PLAIN, push)).toEqual(refusal(401, 'unsigned'));
  });

  it.each([
    ['of another token', signed({ token: 'guess' }).signature, 'wrong-signature'],
    ['of zeros', '0'.repeat(40), 'wrong-signature'],
    ['behind something', `x${signed().signature}`, 'wrong-signature'],
    ['before something', `${signed().signature}x`, 'wrong-signature'],
    ['in capitals', signed().signature.toUpperCase(), 'wrong-signature'],
    ['cut short', signed().signature.slice(0, 39), 'wrong-signature'],
    ['of nothing', '', 'wrong-signature'],
  ])('with a signature %s is refused', (_, signature, reason) => {
    const push = plainPush();

    expect(open(PLAIN, { ...push, query: { ...push.query, signature } })).toEqual(
      refusal(401, reason),
    );
  });

  it('with a parameter twice is refused, whichever of the two is right', () => {
    const push = plainPush();
    const query = new URLSearchParams(push.query);
    query.append('signature', 'x');

    expect(openEnvelope(PLAIN, { ...push, query, body: Buffer.from(push.body) }, NOW)).toEqual(
      refusal(401, 'unsigned'),
    );
  });

  it.each([
    [-5 * MINUTE, true],
    [5 * MINUTE, true],
    [-5 * MINUTE - 1_000, false],
    [5 * MINUTE + 1_000, false],
  ])('signed %i ms from now is fresh: %s', (ago, fresh) => {
    const result = open(PLAIN, plainPush(finishedXml(), { at: NOW + ago }));

    if (fresh) expect(result).toMatchObject(taken('plain'));
    else expect(result).toEqual(refusal(401, 'stale'));
  });

  it('to an account with an AES key is refused and named', () => {
    const push = plainPush(finishedXml({ to: SAFE.originalId }), { token: SAFE.callbackToken });

    expect(open(SAFE, push)).toEqual(refusal(401, 'plain-refused'));
  });

  it('of a stranger to an account with an AES key is only unsigned', () => {
    expect(open(SAFE, { ...plainPush(), query: {} })).toEqual(refusal(401, 'unsigned'));
  });

  it('for another account is refused', () => {
    expect(open(PLAIN, plainPush(finishedXml({ to: 'gh_0000000other' })))).toEqual(
      refusal(401, 'wrong-account'),
    );
  });

  it('for whomever is opened where the original id is not known', () => {
    const { originalId: _, ...account } = PLAIN;

    expect(open(account, plainPush(finishedXml({ to: 'gh_0000000other' })))).toMatchObject(
      taken('plain'),
    );
  });

  it.each([
    'application/octet-stream',
    'image/png',
    'multipart/form-data; boundary=x',
    '',
    'text/xmlx',
    'x-text/xml',
    'image/json',
  ])('of the type %j is refused', (contentType) => {
    expect(open(PLAIN, { ...plainPush(), contentType })).toEqual(refusal(415, 'content-type'));
  });

  it.each([
    'text/xml; charset=utf-8',
    'application/xml',
    'TEXT/XML',
    'text/xml ;charset=utf-8',
    'text/json',
    'text/plain',
    'application/json',
  ])('of the type %j is read by its first character', (contentType) => {
    expect(open(PLAIN, { ...plainPush(), contentType })).toMatchObject(taken('plain'));
  });

  it.each([
    '',
    'hello',
    '<xml></xml>',
    '{}',
    '<xml><ToUserName>gh_00000000000a</ToUserName></xml>',
    '\u0000\u0001',
  ])('that says %j is no push', (body) => {
    expect(open(PLAIN, { ...plainPush(), body })).toEqual(refusal(400, 'not-a-push'));
  });

  it('of an unknown encryption is no push', () => {
    const push = plainPush();

    expect(open(PLAIN, { ...push, query: { ...push.query, encrypt_type: 'rot13' } })).toEqual(
      refusal(400, 'not-a-push'),
    );
  });
});

describe('a safe push', () => {
  it.each([false, true])('is opened and trusted (JSON: %s)', (json) => {
    expect(open(SAFE, safePush(undefined, { json }))).toMatchObject(taken('safe'));
  });

  it('needs no signature beside msg_signature', () => {
    const push = safePush();
    delete push.query.signature;

    expect(open(SAFE, push)).toMatchObject(taken('safe'));
  });

  it('is measured in bytes: its text may be Chinese', () => {
    const text = textXml({ to: SAFE.originalId, content: '群发助手😀' });

    expect(open(SAFE, safePush(text))).toMatchObject({ ok: true, raw: text });
  });

  it('is opened whatever the length of its padding', () => {
    const modes = Array.from({ length: 33 }, (_, extra) => {
      const text = textXml({ to: SAFE.originalId, content: 'x'.repeat(extra + 1) });
      return open(SAFE, safePush(text)).ok;
    });

    expect(modes).toEqual(modes.map(() => true));
  });

  it('with the body of another is refused', () => {
    const { body } = safePush(finishedXml({ to: SAFE.originalId, msgId: '2' }));

    expect(open(SAFE, { ...safePush(), body })).toEqual(refusal(401, 'wrong-signature'));
  });

  it.each(['msg_signature', 'timestamp', 'nonce'])('without %s is unsigned', (name) => {
    const push = safePush();
    delete push.query[name];

    expect(open(SAFE, push)).toEqual(refusal(401, 'unsigned'));
  });

  it('that is six minutes old is refused', () => {
    expect(open(SAFE, safePush(undefined, { at: NOW - 6 * MINUTE }))).toEqual(
      refusal(401, 'stale'),
    );
  });

  it('whose head is passed off as part of the nonce is refused, though the signature holds', () => {
    // Without its first three blocks the message starts where a follower's words stood.
    const forged = finishedXml({ to: SAFE.originalId, msgId: '666' }).padEnd(0x0270);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(forged));
    const message = `${'x'.repeat(44)}${length.toString('latin1')}${forged}`;
    const inOrder = (...parts: string[]) => parts.every((part, i) => part >= (parts[i - 1] ?? ''));
    let whole = '';
    do whole = sealed(message);
    while (!inOrder('2', whole, 'a') || !inOrder(`2${whole.slice(0, 64)}`, whole.slice(64), 'a'));
    const { query } = sealedPush(whole, message, { nonce: '2' });
    const made = sealedPush(whole.slice(64), message);
    const nonce = `2${whole.slice(0, 64)}`;
    const beheaded = { ...made, query: { ...query, nonce } };

    const { msg_signature } = query as Record<string, string>;
    expect(sha1(SAFE.callbackToken, query.timestamp ?? '', nonce, whole.slice(64))).toBe(
      msg_signature,
    );
    expect(open(SAFE, beheaded)).toEqual(refusal(401, 'unsigned'));
  });

  it('sealed with the previous key is opened', () => {
    const push = safePush(undefined, { key: OLD_KEY });

    expect(open({ ...SAFE, previousEncodingAesKey: OLD_KEY }, push)).toMatchObject(taken('safe'));
    expect(open(SAFE, push)).toEqual(refusal(401, 'undecipherable'));
  });

  it('sealed for another appid is refused', () => {
    expect(open(SAFE, safePush(undefined, { appId: 'wxother000000001' }))).toEqual(
      refusal(401, 'wrong-account'),
    );
    expect(open(SAFE, safePush(undefined, { appId: '' }))).toEqual(refusal(401, 'wrong-account'));
  });

  it('whose sealed part is for another account is refused, whatever stands outside', () => {
    expect(open(SAFE, safePush(finishedXml({ to: 'gh_0000000other' })))).toEqual(
      refusal(401, 'wrong-account'),
    );
  });

  it('to an account without a key is refused and named', () => {
    const { encodingAesKey: _, ...account } = SAFE;

    expect(open(account, safePush())).toEqual(refusal(401, 'key-missing'));
  });

  it.each([
    ['no padding', { pad: (count: number) => Buffer.alloc(count) }],
    ['padding of 33', { pad: (count: number) => Buffer.alloc(count, 33) }],
    ['uneven padding', { pad: (count: number) => Buffer.alloc(count, count).fill(7, 0, 1) }],
    ['a length beyond its end', { claimedLength: 5_000 }],
    ['a length of 4 GiB', { claimedLength: 0xffffffff }],
  ])('with %s is refused', (_, flaw) => {
    const message = `${finishedXml({ to: SAFE.originalId })}   `;

    expect(open(SAFE, safePush(message, flaw)).ok).toBe(false);
  });

  it.each(['', 'AAAA', '!!!!', 'AAAAAAAAAAAAAAAAAAAAAA==', `${'A'.repeat(63)}=`])(
    'of %j, though signed, is refused',
    (encrypt) => {
      expect(open(SAFE, sealedPush(encrypt, '')).ok).toBe(false);
    },
  );

  it.each(['', 'junk', '<xml></xml>', '{"Encrypt":["a","b"]}'])(
    'without a sealed part (%j) is no push',
    (body) => {
      const push = safePush();
      const forged = { ...push.query, signature: '0'.repeat(40) };

      expect(open(SAFE, { ...push, body })).toEqual(refusal(400, 'not-a-push'));
      expect(open(SAFE, { ...push, body, query: forged })).toEqual(refusal(401, 'wrong-signature'));
    },
  );
});

describe('a compatible push', () => {
  const body = finishedXml({ to: SAFE.originalId });

  it('is opened and trusted', () => {
    expect(open(SAFE, safePush(body, { compatible: true }))).toMatchObject(taken('compatible'));
  });

  it('counts by its sealed part only', () => {
    const forged = finishedXml({ to: SAFE.originalId, msgId: '666', sent: 0 });
    const push = sealedPush(sealed(body), forged, { compatible: true });

    expect(open(SAFE, push)).toMatchObject(taken('compatible'));
  });

  it('does not become plain by dropping its encrypt_type', () => {
    const push = safePush(body, { compatible: true });
    delete push.query.encrypt_type;

    expect(open(SAFE, push)).toEqual(refusal(401, 'plain-refused'));
  });
});

describe('the address check', () => {
  it('lets in the right signature while it is fresh', () => {
    const query = new URLSearchParams(signed());

    expect(checkAddress(PLAIN, query, NOW)).toBeNull();
    expect(checkAddress(PLAIN, query, NOW + 6 * MINUTE)).toEqual(refusal(401, 'stale'));
    expect(checkAddress(SAFE, query, NOW)).toEqual(refusal(401, 'wrong-signature'));
    expect(checkAddress(PLAIN, new URLSearchParams(), NOW)).toEqual(refusal(401, 'unsigned'));
  });

  it('lets a nonce hold anything', () => {
    const timestamp = String(NOW / 1000);
    const nonce = '\uFF5E';
    const signature = sha1(PLAIN.callbackToken, timestamp, nonce);
    const query = new URLSearchParams({ signature, timestamp, nonce });

    expect(checkAddress(PLAIN, query, NOW)).toBeNull();
  });
});

describe('what was not signed', () => {
  const queryOf = (account: PushAccount, made: MadePush, more: Record<string, string> = {}) => {
    const opened = open(account, { ...made, query: { ...made.query, ...more } });
    return opened.ok ? Object.fromEntries(new URLSearchParams(opened.query)) : opened;
  };

  it('is not kept of the address', () => {
    const plain = plainPush();
    const safe = safePush();

    expect(queryOf(PLAIN, plain, { utm: 'x', encrypt_type: 'raw' })).toEqual({
      ...plain.query,
      encrypt_type: 'raw',
    });
    expect(queryOf(SAFE, safe, { utm: 'x' })).toEqual(safe.query);
  });

  it('is kept where the message says the same: from whom it is', () => {
    const push = plainPush();
    const openid = 'oR5Gjjl_eiZoUpGozMo7dbBJ362A';

    expect(queryOf(PLAIN, push, { openid })).toEqual({ ...push.query, openid });
    expect(queryOf(PLAIN, push, { openid: 'oSomebodyElse' })).toEqual(push.query);
  });
});

describe('an address', () => {
  const answerTo = (parts: { timestamp?: string; nonce?: string; token?: string }) => {
    const { timestamp = String(NOW / 1000), nonce = 'n', token = PLAIN.callbackToken } = parts;
    const signature = sha1(token, timestamp, nonce);
    const query = new URLSearchParams({ signature, timestamp, nonce });
    return checkAddress({ ...PLAIN, callbackToken: token }, query, NOW);
  };

  it.each([
    ['a sign', `+${NOW / 1000}`],
    ['a blank', ` ${NOW / 1000}`],
    ['a blank behind', `${NOW / 1000} `],
    ['a fraction', `${NOW / 1000}.0`],
    ['thirteen digits', String(NOW / 1000).padStart(13, '0')],
    ['none', ''],
  ])('has a time of digits alone, not %s', (_, timestamp) => {
    expect(answerTo({ timestamp })).toEqual(refusal(401, 'unsigned'));
  });

  it('has a nonce of 63 characters at most', () => {
    expect(answerTo({ timestamp: String(NOW / 1000).padStart(12, '0') })).toBeNull();
    expect(answerTo({ nonce: 'n'.repeat(63) })).toBeNull();
    expect(answerTo({ nonce: 'n'.repeat(64) })).toEqual(refusal(401, 'unsigned'));
  });

  it('proves nothing to an account without a token', () => {
    expect(answerTo({ token: '' })).toEqual(refusal(401, 'unsigned'));
  });
});

describe('a message', () => {
  const DAY = 24 * 60 * MINUTE;
  const madeAt = (at: number): MadePush =>
    plainPush(finishedXml().replace(String(NOW / 1000), String(at / 1000)));

  it.each([
    [-DAY, true],
    [DAY, true],
    [-DAY - 1_000, false],
    [DAY + 1_000, false],
  ])('made %i ms from its push is taken: %s', (ago, isTaken) => {
    expect(open(PLAIN, madeAt(NOW + ago))).toMatchObject(
      isTaken ? { ok: true } : refusal(401, 'stale'),
    );
  });

  it('without a time of its own is taken by that of its push', () => {
    const body = finishedXml().replace(/<CreateTime>.*<\/CreateTime>/, '');

    expect(open(PLAIN, plainPush(body))).toMatchObject({ ok: true });
  });

  it('without an addressee is no push, where the original id is not known either', () => {
    const { originalId: _, ...account } = PLAIN;
    const body = finishedXml().replace(/<ToUserName>.*<\/ToUserName>/, '');

    expect(open(account, plainPush(body))).toEqual(refusal(400, 'not-a-push'));
    expect(openHandedEvent(account, body, NOW)).toBeNull();
    expect(openHandedEvent(account, finishedXml({ to: 'gh_x' }), NOW)).not.toBeNull();
  });
});

describe('a safe push that carries a signature of its address, too', () => {
  it('is refused where that is wrong, though its msg_signature holds', () => {
    const push = safePush();
    const query = { ...push.query, signature: '0'.repeat(40) };

    expect(open(SAFE, { ...push, query })).toEqual(refusal(401, 'wrong-signature'));
  });

  it('must carry it where the account’s always do', () => {
    const made = safePush();
    const { signature: _, ...rest } = made.query;
    const push = {
      query: new URLSearchParams(rest),
      contentType: made.contentType,
      body: Buffer.from(made.body),
    };

    expect(openEnvelope(SAFE, { ...push, signsAddress: true }, NOW)).toEqual(
      refusal(401, 'unsigned'),
    );
    expect(openEnvelope(SAFE, { ...push, signsAddress: false }, NOW)).toMatchObject(taken('safe'));
    expect(
      openEnvelope(
        SAFE,
        { ...push, query: new URLSearchParams(made.query), signsAddress: true },
        NOW,
      ),
    ).toMatchObject(taken('safe'));
  });
});

describe('two keys', () => {
  const both = { ...SAFE, previousEncodingAesKey: OLD_KEY };

  it('name the wrong account, whichever of them opens', () => {
    const appId = 'wxother000000001';

    for (const key of [SAFE.encodingAesKey, OLD_KEY]) {
      expect(open(both, safePush(undefined, { appId, key }))).toEqual(
        refusal(401, 'wrong-account'),
      );
    }
  });

  it('may be the previous one alone', () => {
    const { encodingAesKey: _, ...account } = both;
    const body = safePush(undefined, { key: OLD_KEY }).body;

    expect(open(account, safePush(undefined, { key: OLD_KEY }))).toMatchObject(taken('safe'));
    expect(openHandedEvent(account, body, NOW)).not.toBeNull();
    expect(openHandedEvent(account, safePush().body, NOW)).toBeNull();
  });
});

describe('an event that another service hands over', () => {
  it('is opened plain or sealed, without a query', () => {
    const event = { type: 'mass-finished', msgId: '1000001625' };

    expect(openHandedEvent(PLAIN, finishedXml(), NOW)).toMatchObject(event);
    expect(openHandedEvent(SAFE, safePush().body, NOW)).toMatchObject(event);
    expect(
      openHandedEvent(
        { ...SAFE, previousEncodingAesKey: OLD_KEY },
        safePush(undefined, { key: OLD_KEY }).body,
        NOW,
      ),
    ).toMatchObject(event);
  });

  it('is none of ours when it is for another account, or no event', () => {
    expect(openHandedEvent(PLAIN, finishedXml({ to: 'gh_0000000other' }), NOW)).toBeNull();
    expect(openHandedEvent(SAFE, safePush(undefined, { appId: 'wx1' }).body, NOW)).toBeNull();
    expect(openHandedEvent(PLAIN, 'junk', NOW)).toBeNull();
  });
});
