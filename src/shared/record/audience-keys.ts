/**
 * Where lists of OpenIDs are in Redis, outside any job's data.
 *
 *   <prefix>:audience:<id>          what the list is (hash)
 *   <prefix>:audience:<id>:ids      block number → 7,446 packed ids (hash): one key, one lifetime
 *   <prefix>:audience:<id>:pages    the pages of a list that is being received, and
 *   <prefix>:audience:<id>:cursors  which they are
 *   <prefix>:audience-draft:<id>:…  blocks that nobody sees yet
 *   <prefix>:audiences              every list, newest last
 */
import { randomBytes } from 'node:crypto';
import { ServiceError } from '../platform/errors.ts';
import type { AudienceList } from './audience-list.ts';

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
