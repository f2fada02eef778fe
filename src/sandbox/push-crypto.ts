/** WeChat's side of a signed and encrypted push. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';

/** WeChat pads to 32 bytes, not to AES's 16. */
const BLOCK = 32;

export function signatureOf(...parts: readonly string[]): string {
  const sorted = [...parts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return createHash('sha1').update(sorted.join('')).digest('hex');
}

/**
 * AES-256-CBC over 16 random bytes, the length of the message in bytes, the message and the appid.
 *
 * @param encodingAesKey 43 characters of base64.
 */
export function encrypt(
  message: string,
  { encodingAesKey, appId }: { encodingAesKey: string; appId: string },
  random16: Buffer = Buffer.from(randomBytes(8).toString('hex')),
): string {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64');
  const text = Buffer.from(message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const plain = Buffer.concat([random16, length, text, Buffer.from(appId)]);
  const pad = BLOCK - (plain.length % BLOCK);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([
    cipher.update(plain),
    cipher.update(Buffer.alloc(pad, pad)),
    cipher.final(),
  ]).toString('base64');
}
