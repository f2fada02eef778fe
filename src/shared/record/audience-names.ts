/** What WeChat calls an account's tags and groups, and how many followers each had, as last heard. */

import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { makeKeys } from './keys.ts';
import { storedOrNull } from './stored.ts';

export interface AudienceName {
  readonly name: string;
  readonly count: number;
  /** When WeChat said so, ms. */
  readonly at: number;
}

type Of = 'tag' | 'group';

export interface Named {
  readonly id: string | number;
  readonly name: string;
  readonly count: number;
}

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly identityOf: IdentityOf;
  readonly now: () => number;
}

export type AudienceNames = ReturnType<typeof makeAudienceNames>;

export function makeAudienceNames({ redis, record, identityOf, now }: Dependencies) {
  const keys = makeKeys(record);

  async function note(account: string, of: Of, all: readonly Named[]): Promise<void> {
    if (all.length === 0) return;
    const fields = all.flatMap(({ id, name, count }) => [
      `${of}:${id}`,
      JSON.stringify({ name, count, at: now() } satisfies AudienceName),
    ]);
    await redis.hset(keys.audienceNames(identityOf(account)), ...fields);
  }

  async function read(account: string, of: Of, id: string | number): Promise<AudienceName | null> {
    const text = await redis.hget(keys.audienceNames(identityOf(account)), `${of}:${id}`);
    return storedOrNull<AudienceName>(text);
  }

  return { note, read };
}
