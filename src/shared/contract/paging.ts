/** How long lists are read: by a cursor that is handed back as it came. */
import { z } from 'zod';

export const Limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(100)
  .default(20)
  .describe('How many at most');

export const Cursor = z.string().min(1).max(200).describe('`next` of the page before').optional();

/** `next` of every list. */
export const Next = z.string().nullable().describe('The cursor of the next page; null on the last');

export const AccountListQuery = z.strictObject({
  limit: Limit,
  cursor: Cursor,
  search: z.string().max(32).describe('A part of the name, in any case').optional(),
  state: z.enum(['open', 'asleep', 'paused']).describe('Of the lane').optional(),
});
