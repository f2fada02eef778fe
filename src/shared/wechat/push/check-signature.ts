import { createHash, timingSafeEqual } from 'node:crypto';

const DIGEST = /^[0-9a-f]{40}$/;

/** SHA-1 of the parts, sorted by their bytes and joined: WeChat's signature, in lower-case hex. */
export function signatureOf(parts: readonly string[]): string {
  const sorted = parts.map((part) => Buffer.from(part)).sort(Buffer.compare);
  const hash = createHash('sha1');
  for (const part of sorted) hash.update(part);
  return hash.digest('hex');
}

/**
 * Whether WeChat made this signature over these parts, the account's token among them. Takes the
 * same time however much of a wrong signature is right.
 */
export function isSignatureOf(signature: string | null, parts: readonly string[]): boolean {
  if (signature === null || !DIGEST.test(signature)) return false;
  return timingSafeEqual(Buffer.from(signature), Buffer.from(signatureOf(parts)));
}
