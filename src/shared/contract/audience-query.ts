import { z } from 'zod';
import { Cursor, Limit } from './paging.ts';

export const AUDIENCE_ID = /^a_[A-Za-z0-9_-]{22}$/;

const text = (most: number) => z.string().min(1).max(most);

export const AudienceUploadQuery = z.strictObject({
  format: z
    .enum(['text', 'csv', 'ndjson', 'json'])
    .optional()
    .describe(
      'text: an OpenID a line; json: one array, or what user/get answers. Told by Content-Type if absent',
    ),
  column: text(128)
    .optional()
    .describe('The CSV column, or the JSON field, that has the OpenID; openid if absent'),
  name: text(128).optional().describe('For people'),
  account: text(32).optional().describe('OpenIDs are of one account: no other can use the list'),
  exclude: z
    .string('separate them by commas')
    .transform((ids) => ids.split(','))
    .pipe(z.array(z.string().regex(AUDIENCE_ID, 'not the id of an audience (a_…)')).max(16))
    .optional()
    .describe('Ids of audiences, separated by commas: whoever is on one is left out'),
});

export const AudienceListQuery = z.strictObject({ limit: Limit, cursor: Cursor });
