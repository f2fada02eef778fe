/** A stored list of OpenIDs, as the rest of the product sees it, and as Redis' meta hash has it. */
import { z } from 'zod';
import type { AudienceCounts } from '../openids/distinct-ids.ts';

export interface AudienceList extends AudienceCounts {
  /** `a_` and 22 characters of base64url. */
  readonly id: string;
  readonly account?: string;
  readonly name?: string;
  /** While receiving, counts are of what came so far, duplicates among it. Ready is for ever. */
  readonly state: 'receiving' | 'ready';
  readonly createdAt: number;
  /** Once ready: the same for the same recipients in any order. */
  readonly fingerprint?: string;
}

const Count = z.coerce.number().int().nonnegative();

const Meta = z.object({
  account: z.string().optional(),
  name: z.string().optional(),
  state: z.enum(['receiving', 'ready']),
  received: Count,
  duplicates: Count,
  invalid: Count,
  suppressed: Count,
  recipients: Count,
  createdAt: Count,
  fingerprint: z.string().optional(),
});

/** The list in a meta hash, or null where there is none. */
export function listIn(id: string, meta: Readonly<Record<string, string>>): AudienceList | null {
  if (meta.state === undefined) return null;
  const { account, name, fingerprint, ...rest } = Meta.parse(meta);
  return {
    id,
    ...(account !== undefined && { account }),
    ...(name !== undefined && { name }),
    ...rest,
    ...(fingerprint !== undefined && { fingerprint }),
  };
}

/** Field, value, field, value … for HSET. */
export function metaOf({ id: _, ...list }: AudienceList): string[] {
  return Object.entries(list).flatMap(([field, value]) => [field, String(value)]);
}
