/** Pushes as WeChat would make them, signed and sealed by hand, from the protocol's description. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';

export const NOW = Date.parse('2026-01-05T09:30:00Z');

export const PLAIN = {
  name: 'plain',
  appId: 'wxplain0000000001',
  originalId: 'gh_00000000000a',
  callbackToken: 'tokenOfThePlainOne',
};

export const SAFE = {
  name: 'safe',
  appId: 'wxsafe00000000001',
  originalId: 'gh_00000000000b',
  callbackToken: 'tokenOfTheSafeOne',
  encodingAesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
};

export const OLD_KEY = 'ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210abcdefg';

export const sha1 = (...parts: string[]): string =>
  createHash('sha1').update(parts.sort().join('')).digest('hex');

export const finishedXml = ({
  to = PLAIN.originalId,
  msgId = '1000001625',
  status = 'send success',
  sent = 75,
} = {}): string =>
  `<xml><ToUserName><![CDATA[${to}]]></ToUserName><FromUserName><![CDATA[oR5Gjjl_eiZoUpGozMo7dbBJ362A]]></FromUserName><CreateTime>${NOW / 1000}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[MASSSENDJOBFINISH]]></Event><MsgID>${msgId}</MsgID><Status><![CDATA[${status}]]></Status><TotalCount>100</TotalCount><FilterCount>80</FilterCount><SentCount>${sent}</SentCount><ErrorCount>5</ErrorCount></xml>`;

export const textXml = ({ to = PLAIN.originalId, content = 'hello' } = {}): string =>
  `<xml><ToUserName><![CDATA[${to}]]></ToUserName><FromUserName><![CDATA[oR5Gjjl_eiZoUpGozMo7dbBJ362A]]></FromUserName><CreateTime>${NOW / 1000}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${content}]]></Content><MsgId>24000000000000001</MsgId></xml>`;

export interface MadePush {
  query: Record<string, string>;
  contentType: string;
  body: string;
}

interface Signing {
  token?: string;
  at?: number;
  nonce?: string;
}

let made = 0;

/** Each with a nonce of its own, as WeChat's have. */
export function signed({ token = PLAIN.callbackToken, at = NOW, nonce }: Signing = {}) {
  made += 1;
  return signedWith(token, at, nonce ?? `n${made}`);
}

function signedWith(token: string, at: number, nonce: string) {
  const timestamp = String(Math.floor(at / 1000));
  return { signature: sha1(token, timestamp, nonce), timestamp, nonce };
}

export const plainPush = (body = finishedXml(), signing: Signing = {}): MadePush => ({
  query: signed(signing),
  contentType: body.startsWith('{') ? 'application/json' : 'text/xml',
  body,
});

interface Sealing extends Signing {
  appId?: string;
  key?: string;
  /** Pads to a block of this size. */
  block?: number;
  pad?: (count: number) => Buffer;
  claimedLength?: number;
  /** The 16 bytes that the sealed text begins with. */
  random?: Buffer;
  compatible?: boolean;
  json?: boolean;
}

export function sealed(message: string, sealing: Sealing = {}): string {
  const {
    appId = SAFE.appId,
    key: encoded = SAFE.encodingAesKey,
    block = 32,
    random = randomBytes(16),
  } = sealing;
  const key = Buffer.from(`${encoded}=`, 'base64');
  const text = Buffer.from(message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(sealing.claimedLength ?? text.length);
  const plain = Buffer.concat([random, length, text, Buffer.from(appId)]);
  const count = block - (plain.length % block);
  const padding = sealing.pad?.(count) ?? Buffer.alloc(count, count);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.update(padding), cipher.final()]).toString(
    'base64',
  );
}

export function safePush(
  message = finishedXml({ to: SAFE.originalId }),
  sealing: Sealing = {},
): MadePush {
  return sealedPush(sealed(message, sealing), message, sealing);
}

/** A push around a sealed text that is there already. */
export function sealedPush(encrypt: string, message: string, sealing: Sealing = {}): MadePush {
  const token = sealing.token ?? SAFE.callbackToken;
  const query = signed({ ...sealing, token });
  const xml = sealing.compatible
    ? message.replace('</xml>', `<Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`)
    : `<xml><ToUserName><![CDATA[${SAFE.originalId}]]></ToUserName><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`;
  return {
    query: {
      ...query,
      encrypt_type: 'aes',
      msg_signature: sha1(token, query.timestamp, query.nonce, encrypt),
    },
    contentType: sealing.json ? 'application/json' : 'text/xml',
    body: sealing.json ? JSON.stringify({ ToUserName: SAFE.originalId, Encrypt: encrypt }) : xml,
  };
}
