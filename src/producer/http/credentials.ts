/** Secrets that callers show, kept as digests and compared in constant time. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from '../../shared/platform/api-keys.ts';

const digestOf = (text: string): Buffer => hash('sha256', text, 'buffer');

/** Who a key belongs to, or null. Every key is compared, so that time tells nothing. */
export function keepKeys(keys: readonly ApiKey[]): (shown: string) => string | null {
  const kept = keys.map(({ name, key }) => ({ name, digest: digestOf(key) }));
  return (shown) => {
    const digest = digestOf(shown);
    let owner: string | null = null;
    for (const { name, digest: known } of kept) {
      if (timingSafeEqual(known, digest)) owner = name;
    }
    return owner;
  };
}

export interface Board {
  readonly user: string;
  readonly password: string;
}

/** Whether these are the board's user and password (the part after `Basic `). */
export function keepBoard({ user, password }: Board): (shown: string) => boolean {
  const known = digestOf(`${user}:${password}`);
  return (shown) => timingSafeEqual(known, digestOf(Buffer.from(shown, 'base64').toString()));
}
