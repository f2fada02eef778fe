import { z } from 'zod';
import { Cursor, Limit } from './paging.ts';

export const MediaUploadQuery = z.strictObject({
  filename: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('What the file is called; its content alone tells what it is'),
});

export const MediaListQuery = z.strictObject({ limit: Limit, cursor: Cursor });
