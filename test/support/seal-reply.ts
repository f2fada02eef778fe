import { signatureOf } from '../../src/shared/wechat/push/check-signature.ts';
import { seal } from '../../src/shared/wechat/push/cipher.ts';
import type { PushAccount } from '../../src/shared/wechat/push/open-envelope.ts';

export interface Reply {
  readonly message: string;
  /** Unix seconds, as text. */
  readonly timestamp: string;
  /** The push's own nonce. */
  readonly nonce: string;
  readonly format: 'xml' | 'json';
  /** The key that opened the push; the account's current one if left out. */
  readonly encodingAesKey?: string;
  /** 16 bytes nobody can guess, unless a test compares with a vector. */
  readonly random?: Buffer;
}

/**
 * A reply in safe mode. A bare `success` needs none of this.
 *
 * @throws {TypeError} there is no key to seal with.
 */
export function sealReply(account: PushAccount, reply: Reply): string {
  const key = reply.encodingAesKey ?? account.encodingAesKey ?? '';
  const encrypt = seal(key, { message: reply.message, appId: account.appId }, reply.random);
  const { timestamp, nonce } = reply;
  const signature = signatureOf([account.callbackToken, timestamp, nonce, encrypt]);

  if (reply.format === 'json') {
    const fields = { Encrypt: encrypt, MsgSignature: signature };
    return JSON.stringify({ ...fields, TimeStamp: Number(timestamp), Nonce: nonce });
  }
  return `<xml><Encrypt>${cdata(encrypt)}</Encrypt><MsgSignature>${cdata(signature)}</MsgSignature><TimeStamp>${timestamp}</TimeStamp><Nonce>${cdata(nonce)}</Nonce></xml>`;
}

/** The nonce comes from outside: an end mark in it must not end the section. */
const cdata = (text: string): string => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
