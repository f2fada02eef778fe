/**
 * What a list of OpenIDs is, outside any job's data, where it is in Redis, and what has to happen to
 * it in one step.
 *
 *   <prefix>:audience:<id>          what the list is (hash)
 *   <prefix>:audience:<id>:ids      block number → 7,446 packed ids (hash): one key, one lifetime
 *   <prefix>:audience:<id>:pages    the pages of a list that is being received, and
 *   <prefix>:audience:<id>:cursors  which they are
 *   <prefix>:audience-draft:<id>:…  blocks that nobody sees yet
 *   <prefix>:audiences              every list, newest last
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { AudienceCounts } from '../openids/distinct-ids.ts';
import { ServiceError } from '../platform/errors.ts';

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

export type AudienceKeys = ReturnType<typeof makeAudienceKeys>;

export function makeAudienceKeys(prefix: string) {
  return {
    index: `${prefix}:audiences`,
    of(id: string) {
      const meta = `${prefix}:audience:${id}`;
      return { meta, ids: `${meta}:ids`, pages: `${meta}:pages`, cursors: `${meta}:cursors` };
    },
    /** Another one each time: two processes may be finishing the same list. */
    draft: (id: string): string =>
      `${prefix}:audience-draft:${id}:${randomBytes(6).toString('base64url')}`,
  };
}

/** Sorts by age as text. */
export const memberOf = ({ createdAt, id }: AudienceList): string =>
  `${String(createdAt).padStart(15, '0')}:${id}`;
export const idOf = (member: string): string => member.slice(member.indexOf(':') + 1);

export const broken = (id: string, what: string): ServiceError =>
  new ServiceError('LIST_BROKEN', `list ${id} ${what}`, { details: { listId: id } });

/* Scripts. Lifetimes are only ever made longer: two campaigns may lean on the same list. */

/** `extend(key, ttl)`, before each script that needs it. */
const EXTEND = `
local function extend(key, ttl)
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ttl) end
end
`;

/**
 * Makes a list out of a draft: all of it, or nothing.
 *
 * KEYS meta, draft, ids, index, pages, cursors
 * ARGV blocks of the draft, ttl, index member, pages it was made from (-1: none), meta field, value …
 * @returns 1 · 0 the list was finished, removed or added to meanwhile · -1 the draft is not whole
 */
export const PUBLISH = `${EXTEND}
if tonumber(ARGV[4]) >= 0 then
  local was = redis.call('HMGET', KEYS[1], 'state', 'pages')
  if was[1] ~= 'receiving' or was[2] ~= ARGV[4] then
    redis.call('UNLINK', KEYS[2])
    return 0
  end
end
if redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[1]) then return -1 end
local ttl = math.max(tonumber(ARGV[2]), redis.call('PTTL', KEYS[1]))
if tonumber(ARGV[1]) > 0 then
  redis.call('RENAME', KEYS[2], KEYS[3])
  redis.call('PEXPIRE', KEYS[3], ttl)
end
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
redis.call('PEXPIRE', KEYS[1], ttl)
redis.call('ZADD', KEYS[4], 0, ARGV[3])
redis.call('UNLINK', KEYS[5], KEYS[6])
return 1
`;

/**
 * Appends one page, once: its cursor says which page it is. The page counts with the second write,
 * and with nothing before it: Redis may come back from a power loss with a part of them (recount.ts).
 *
 * KEYS meta, pages, cursors
 * ARGV cursor, ttl, received, invalid, packed ids
 * @returns cursor and recipients so far, or nil where nothing is being received
 */
export const APPEND = `${EXTEND}
if redis.call('HGET', KEYS[1], 'state') ~= 'receiving' then return false end
if redis.call('SISMEMBER', KEYS[3], ARGV[1]) == 0 then
  local was = redis.call('HMGET', KEYS[1], 'pages', 'received', 'invalid', 'recipients')
  redis.call('HSET', KEYS[2], was[1] or 0, ARGV[5])
  redis.call('HSET', KEYS[1], 'cursor', ARGV[1], 'pages', (was[1] or 0) + 1,
    'received', (was[2] or 0) + ARGV[3], 'invalid', (was[3] or 0) + ARGV[4],
    'recipients', (was[4] or 0) + ARGV[3] - ARGV[4])
  redis.call('SADD', KEYS[3], ARGV[1])
end
for _, key in ipairs(KEYS) do extend(key, tonumber(ARGV[2])) end
return redis.call('HMGET', KEYS[1], 'cursor', 'recipients')
`;

/**
 * KEYS meta, and whatever else the list has · ARGV ttl
 * @returns 1, or 0 where there is no such list
 */
export const KEEP_FOR = `${EXTEND}
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for _, key in ipairs(KEYS) do extend(key, tonumber(ARGV[1])) end
return 1
`;
