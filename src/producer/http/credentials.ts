/** Secrets that callers show, kept as digests and compared in constant time. */
import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from '../../shared/platform/api-keys.ts';
import {
  ALL_RIGHTS,
  type HashedKey,
  type Operator,
  passwordFits,
  type Rights,
} from '../../shared/platform/people.ts';

const digestOf = (text: string): Buffer => hash('sha256', text, 'buffer');

export interface KeyOwner {
  readonly name: string;
  readonly rights: Rights;
}

/** Who a key belongs to, or null. Every key is compared, so that time tells nothing. */
export function keepKeys(
  keys: readonly ApiKey[],
  hashed: readonly HashedKey[],
): (shown: string) => KeyOwner | null {
  const kept = [
    ...keys.map(({ name, key }) => ({ name, digest: digestOf(key), rights: ALL_RIGHTS })),
    ...hashed.map(({ name, sha256, ...rights }) => ({
      ...{ name, rights },
      digest: Buffer.from(sha256, 'hex'),
    })),
  ];
  return (shown) => {
    const digest = digestOf(shown);
    let owner: KeyOwner | null = null;
    for (const { name, rights, digest: known } of kept) {
      if (timingSafeEqual(known, digest)) owner = { name, rights };
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

const MOST_KEPT = 1_000;

/**
 * Which operator these credentials are (the part after `Basic `), or null. A password that was right
 * once is known again without the 50 ms of its hash; only a keyed digest of it is kept.
 */
export function keepOperators(operators: readonly Operator[]) {
  const secret = randomBytes(32);
  const right = new Set<string>();
  return async (shown: string): Promise<Operator | null> => {
    const text = Buffer.from(shown, 'base64').toString();
    const colon = text.indexOf(':');
    const operator = operators.find(({ name }) => name === text.slice(0, colon));
    if (!operator?.scrypt) return null;
    const digest = createHmac('sha256', secret).update(text).digest('base64');
    if (right.has(digest)) return operator;
    if (!(await passwordFits(text.slice(colon + 1), operator.scrypt))) return null;
    if (right.size >= MOST_KEPT) right.clear();
    right.add(digest);
    return operator;
  };
}
