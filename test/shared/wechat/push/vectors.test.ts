/** WeChat's published examples, in both directions, and events as they were recorded. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSignatureOf, signatureOf } from '../../../../src/shared/wechat/push/check-signature.ts';
import { openSealed, seal } from '../../../../src/shared/wechat/push/cipher.ts';
import { checkAddress, openEnvelope } from '../../../../src/shared/wechat/push/open-envelope.ts';
import { parseEvent } from '../../../../src/shared/wechat/push/parse-event.ts';
import { readMessage } from '../../../../src/shared/wechat/push/read-message.ts';
import { sealReply } from '../../../support/seal-reply.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/wechat');
const fixture = (name: string) => readFileSync(join(FIXTURES, name), 'utf8');
const vectors = JSON.parse(fixture('crypto-vectors.json'));

const account = (vector: { token: string; appid?: string; encodingAESKey?: string }) => ({
  appId: vector.appid ?? 'wxba5fad812f8e6fb9',
  originalId: 'gh_97417a04a28d',
  callbackToken: vector.token,
  encodingAesKey: vector.encodingAESKey,
});
const at = (seconds: string) => Number(seconds) * 1_000;

describe("WeChat's published examples", () => {
  it('pass the address check', () => {
    const { token, signature, timestamp, nonce } = vectors.urlVerify;
    const query = new URLSearchParams({ signature, timestamp, nonce });

    expect(signatureOf([token, timestamp, nonce])).toBe(signature);
    expect(checkAddress(account({ token }), query, at(timestamp))).toBeNull();
  });

  it('open as a plain push', () => {
    const { token, signature, timestamp, nonce, body } = vectors.plainPost;
    const push = {
      query: new URLSearchParams({ signature, timestamp, nonce }),
      contentType: 'application/json',
      body: Buffer.from(body),
    };

    expect(openEnvelope(account({ token }), push, at(timestamp))).toEqual({
      ok: true,
      event: { type: 'other', event: 'debug_demo' },
      mode: 'plain',
      trusted: false,
      query: expect.stringContaining('timestamp='),
      raw: body,
    });
  });

  it.each(['json', 'xml'])('open as a safe push in %s', (format) => {
    const vector = vectors.securePost;
    const { timestamp, nonce, msgSignature } = vector;
    const body =
      format === 'json'
        ? JSON.stringify({ ToUserName: 'gh_97417a04a28d', Encrypt: vector.encrypt })
        : `<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName><Encrypt><![CDATA[${vector.encrypt}]]></Encrypt></xml>`;
    const query = { timestamp, nonce, encrypt_type: 'aes', msg_signature: msgSignature };
    const push = {
      query: new URLSearchParams({ ...query, signature: vector.signature }),
      contentType: format === 'json' ? 'application/json' : 'text/xml',
      body: Buffer.from(body),
    };

    expect(openEnvelope(account(vector), push, at(timestamp))).toEqual({
      ok: true,
      event: { type: 'other', event: 'debug_demo' },
      mode: 'safe',
      trusted: true,
      query: expect.stringContaining('timestamp='),
      raw: vector.msg,
    });
  });

  it('are sealed again to the same bytes', () => {
    const { encodingAESKey, appid, msg, random16, encrypt } = vectors.securePost;

    const sealed = seal(encodingAESKey, { message: msg, appId: appid }, Buffer.from(random16));

    expect(sealed).toBe(encrypt);
  });

  it.each(['json', 'xml'] as const)('give the published reply in %s', (format) => {
    const vector = vectors.secureReply;
    const { encrypt, msgSignature, timeStamp, nonce } = vector;

    const reply = sealReply(account(vector), {
      message: vector.msg,
      timestamp: timeStamp,
      nonce,
      format,
      random: Buffer.from(vector.random16),
    });

    const wanted =
      format === 'json'
        ? { Encrypt: encrypt, MsgSignature: msgSignature, TimeStamp: +timeStamp, Nonce: nonce }
        : { Encrypt: encrypt, MsgSignature: msgSignature, TimeStamp: timeStamp, Nonce: nonce };
    expect(format === 'json' ? JSON.parse(reply) : readMessage(reply)).toEqual(wanted);
    expect(openSealed(vector.encodingAESKey, encrypt)?.message.toString()).toBe(vector.msg);
    expect(isSignatureOf(msgSignature, [vector.token, timeStamp, nonce, encrypt])).toBe(true);
  });
});

describe('a recorded event', () => {
  const read = (name: string) => parseEvent(readMessage(fixture(name)) ?? {}, 0);

  it('of 2014 (documentation) is a delivery', () => {
    expect(read('event-2014-doc-sample-sendsuccess.xml')).toEqual({
      type: 'mass-finished',
      msgId: '1988',
      createdAt: 1_394_524_295_000,
      receipt: {
        status: 'delivered',
        code: 'sendsuccess',
        reason: 'sent',
        ...{ total: 100, eligible: 80, sent: 75, failed: 5 },
      },
    });
  });

  it('of 2014 (recorded, with a blank in its status) is a delivery', () => {
    expect(read('event-2014-openid-text-sendsuccess.xml')).toMatchObject({
      msgId: '2347927027',
      receipt: { status: 'delivered', code: 'send success', total: 1, eligible: 1, sent: 1 },
    });
  });

  it('of 2016 with copyright results is a refusal with both articles', () => {
    const article = { declared: 0, audit: 2, mayReprint: true };

    expect(read('event-2016-doc-sample-err30003-copyright.xml')).toEqual({
      type: 'mass-finished',
      msgId: '1000001625',
      createdAt: 1_481_013_459_000,
      receipt: {
        status: 'refused',
        code: 'err(30003)',
        reason: 'audit',
        audit: 30_003,
        ...{ total: 0, eligible: 0, sent: 0, failed: 0 },
        articleUrls: [
          { index: 1, url: 'Url_1' },
          { index: 2, url: 'Url_2' },
        ],
        copyright: {
          state: 2,
          articles: [
            { index: 1, ...article, originalUrl: 'Url_1' },
            { index: 2, ...article, originalUrl: 'Url_2' },
          ],
        },
      },
    });
  });
});
