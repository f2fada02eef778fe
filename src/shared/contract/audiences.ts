/** Lists of OpenIDs. */
import { z } from 'zod';
import { flaw } from '../campaign/mistake.ts';
import { type Answered, Count, Cursor, Limit, Next, Time } from './shapes.ts';

export const AUDIENCE_ID = /^a_[A-Za-z0-9_-]{22}$/;

const text = (most: number) => z.string().min(1).max(most);

export const AudienceUploadQuery = z.strictObject({
  format: z
    .enum(['text', 'csv', 'ndjson', 'json'])
    .exactOptional()
    .describe(
      'text: an OpenID a line; json: one array, or what user/get answers. Told by Content-Type if absent',
    ),
  column: text(128)
    .exactOptional()
    .describe('The CSV column, or the JSON field, that has the OpenID; openid if absent'),
  name: text(128).exactOptional().describe('For people'),
  account: text(32)
    .exactOptional()
    .describe('OpenIDs are of one account: no other can use the list'),
  exclude: z
    .string(flaw('not-comma-separated'))
    .transform((ids) => ids.split(','))
    .pipe(z.array(z.string().regex(AUDIENCE_ID, flaw('audience-id-malformed'))).max(16))
    .exactOptional()
    .describe('Ids of audiences, separated by commas: whoever is on one is left out'),
});

export const AudienceListQuery = z.strictObject({ limit: Limit, cursor: Cursor });

export const AudienceDetails = z
  .strictObject({
    id: z.string().describe('`a_…`'),
    account: z.string().exactOptional(),
    name: z.string().exactOptional(),
    state: z.enum(['receiving', 'ready']),
    received: Count,
    duplicates: Count,
    invalid: Count,
    suppressed: Count.describe('Left out because they are on a list of `exclude`'),
    recipients: Count,
    invalidLines: z
      .array(z.int().positive())
      .exactOptional()
      .describe('Lines of the first ten that are no OpenIDs; told once, to whoever sent the list'),
    createdAt: Time,
  })
  .describe('The audience, counted and frozen')
  .meta({
    id: 'AudienceList',
    examples: [
      {
        id: 'a_Zm9vYmFyYmF6cXV4MTIzNA',
        account: 'default',
        name: 'spring customers',
        state: 'ready',
        received: 25_010,
        duplicates: 9,
        invalid: 1,
        suppressed: 0,
        recipients: 25_000,
        createdAt: '2026-11-30T08:10:02.000Z',
      },
    ],
  });
export type AudienceDetails = Answered<typeof AudienceDetails>;

export const AudiencePage = z
  .strictObject({
    audiences: z.array(AudienceDetails),
    receiving: z
      .array(
        z.strictObject({
          name: z.string().nullable(),
          since: Time,
          received: z.int(),
          invalid: z.int(),
        }),
      )
      .describe('On their way in through this producer, with what has come so far'),
    next: Next,
  })
  .describe('A page of audiences, newest first')
  .meta({ id: 'AudiencePage' });
