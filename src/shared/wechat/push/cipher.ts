/**
 * WeChat's sealed message: AES-256-CBC over
 *
 *   16 random bytes · length of the message, 4 bytes big-endian · message · appid · padding
 *
 * The key's first half is also the IV. Padding is PKCS#7 with blocks of 32, so 1 to 32 bytes;
 * Node's own refuses more than 16, therefore it is off and done here.
 *
 * @see https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.html
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const BLOCK = 32;
const AES_BLOCK = 16;
const RANDOM_BYTES = 16;
const LENGTH_BYTES = 4;
const HEADER_BYTES = RANDOM_BYTES + LENGTH_BYTES;

const ENCODED_KEY = /^[A-Za-z0-9+/]{43}$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

export interface Opened {
  readonly message: Buffer;
  readonly appId: string;
}

/** Whether a text has the form of an EncodingAESKey: 43 characters that stand for 32 bytes. */
const isEncodingAesKey = (text: string): boolean => ENCODED_KEY.test(text);

/**
 * The message inside, or null if this key did not seal it. The caller checks the appid: a message
 * of another account may be sealed with the same key.
 *
 * @param sealed base64, as it stands in `Encrypt`.
 * @throws {TypeError} the key is no EncodingAESKey.
 */
export function openSealed(encodingAesKey: string, sealed: string): Opened | null {
  const key = keyOf(encodingAesKey);
  const bytes = BASE64.test(sealed) ? Buffer.from(sealed, 'base64') : Buffer.alloc(0);
  if (bytes.length < BLOCK || bytes.length % AES_BLOCK !== 0) return null;

  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(bytes), decipher.final()]);

  const plain = withoutPadding(padded);
  if (plain === null || plain.length < HEADER_BYTES) return null;
  const end = HEADER_BYTES + plain.readUInt32BE(RANDOM_BYTES);
  if (end > plain.length) return null;
  return { message: plain.subarray(HEADER_BYTES, end), appId: plain.toString('utf8', end) };
}

/**
 * Base64 of a sealed message, for `Encrypt`.
 *
 * @param random 16 bytes that nobody can guess; given only where a test compares with a vector.
 * @throws {TypeError} the key is no EncodingAESKey.
 */
export function seal(
  encodingAesKey: string,
  { message, appId }: { message: string | Buffer; appId: string },
  random: Buffer = randomBytes(RANDOM_BYTES),
): string {
  const key = keyOf(encodingAesKey);
  const text = Buffer.from(message);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length);

  const plain = Buffer.concat([random, length, text, Buffer.from(appId)]);
  const pad = BLOCK - (plain.length % BLOCK);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const parts = [cipher.update(plain), cipher.update(Buffer.alloc(pad, pad)), cipher.final()];
  return Buffer.concat(parts).toString('base64');
}

function withoutPadding(padded: Buffer): Buffer | null {
  const pad = padded.at(-1) ?? 0;
  if (pad < 1 || pad > BLOCK) return null;
  const end = padded.length - pad;
  return padded.subarray(end).every((byte) => byte === pad) ? padded.subarray(0, end) : null;
}

function keyOf(encodingAesKey: string): Buffer {
  if (!isEncodingAesKey(encodingAesKey)) {
    throw new TypeError('an EncodingAESKey has 43 letters and digits');
  }
  return Buffer.from(`${encodingAesKey}=`, 'base64');
}
