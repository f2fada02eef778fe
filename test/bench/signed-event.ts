/** A MASSSENDJOBFINISH as WeChat pushes it in safe mode: sealed, and signed as a whole. */
import { toXml } from '../../src/sandbox/event-body.ts';
import { encrypt, signatureOf } from '../../src/sandbox/push-crypto.ts';
import type { AccountConfig } from '../../src/shared/platform/accounts.ts';

export interface SignedEvent {
  /** With its query. */
  readonly path: string;
  readonly body: string;
}

export function signedEvent(account: AccountConfig, msgId: string, nonce: string): SignedEvent {
  const { callbackToken = '', encodingAesKey = '', originalId = '', appId } = account;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const message = toXml(
    {
      ToUserName: originalId,
      FromUserName: 'oR5Gjjl_eiZoUpGozMo7dbBJ362A',
      CreateTime: Number(timestamp),
      MsgType: 'event',
      Event: 'MASSSENDJOBFINISH',
      MsgID: BigInt(msgId),
      Status: 'send success',
      TotalCount: 100,
      FilterCount: 80,
      SentCount: 75,
      ErrorCount: 5,
    },
    'empty',
  );
  const sealed = encrypt(message, { encodingAesKey, appId });
  const query = new URLSearchParams({
    signature: signatureOf(callbackToken, timestamp, nonce),
    timestamp,
    nonce,
    encrypt_type: 'aes',
    msg_signature: signatureOf(callbackToken, timestamp, nonce, sealed),
  });
  const body = toXml({ ToUserName: originalId, Encrypt: sealed }, 'empty');
  return { path: `/wechat/${account.name}?${query}`, body };
}
