/** What a list of OpenIDs is. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ServiceError } from '../platform/errors.ts';

const Count = z.coerce.number().int().nonnegative();

/** As the list's hash has it. While receiving, counts are of what came so far, with duplicates. */
const Meta = z.object({
  account: z.string().exactOptional(),
  name: z.string().exactOptional(),
  /** Ready is for ever. */
  state: z.enum(['receiving', 'ready']),
  received: Count,
  duplicates: Count,
  invalid: Count,
  suppressed: Count,
  recipients: Count,
  createdAt: Count,
  /** Once ready: the same for the same recipients in any order. */
  fingerprint: z.string().exactOptional(),
});

export interface AudienceList extends Readonly<z.output<typeof Meta>> {
  /** `a_` and 22 characters of base64url. */
  readonly id: string;
}

export const listIn = (id: string, meta: Readonly<Record<string, string>>): AudienceList => ({
  id,
  ...Meta.parse(meta),
});

const RANDOM_BYTES = 16;
/** Of 16 bytes the last character of base64url is A, Q, g or w. */
const SHARD = /([0-9]{2})s$/;

/** The id of a list in another shard than 0 says so at its end. */
export function newListId(shard: number): string {
  const id = `a_${randomBytes(RANDOM_BYTES).toString('base64url')}`;
  return shard === 0 ? id : id.replace(/...$/, `${String(shard).padStart(2, '0')}s`);
}

/** In which shard a list's keys are, by its id. */
export const shardOfList = (id: string): number => Number(SHARD.exec(id)?.[1] ?? 0);

/** Sorts by age as text. */
export const memberOf = ({ createdAt, id }: AudienceList): string =>
  `${String(createdAt).padStart(15, '0')}:${id}`;
export const idOf = (member: string): string => member.slice(member.indexOf(':') + 1);

export const broken = (id: string, what: string): ServiceError =>
  new ServiceError('LIST_BROKEN', `list ${id} ${what}`, { details: { listId: id } });
