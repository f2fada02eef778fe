/** The media library. */
import { z } from 'zod';
import { type Answered, Count, Cursor, Limit, Next, Time } from './shapes.ts';

export const MediaUploadQuery = z.strictObject({
  filename: z
    .string()
    .min(1)
    .max(128)
    .exactOptional()
    .describe('What the file is called; its content alone tells what it is'),
});

export const MediaListQuery = z.strictObject({ limit: Limit, cursor: Cursor });

const example = {
  id: 'm_0123456789abcdef0123456789abcdef',
  type: 'image',
  format: 'jpg',
  bytes: 48_213,
  sha256: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  filename: 'cover.jpg',
  width: 900,
  height: 383,
};

export const MediaFile = z
  .strictObject({
    id: z.string().describe('`m_` and 32 hex digits: the same content has the same id'),
    type: z.enum(['image', 'voice', 'video']),
    format: z.enum(['jpg', 'png', 'gif', 'bmp', 'webp', 'mp3', 'amr', 'mp4']),
    bytes: Count,
    sha256: z.string(),
    filename: z.string().describe('ASCII, with the extension of what it is'),
    width: Count.exactOptional(),
    height: Count.exactOptional(),
    cmyk: z.literal(true).exactOptional().describe('A JPG in the colours of print'),
    durationMs: z.number().exactOptional(),
  })
  .describe('The file; it is kept')
  .meta({ id: 'Media', examples: [example] });
export type MediaFile = Answered<typeof MediaFile>;

export const MediaDetails = MediaFile.extend({
  atWechat: z
    .array(
      z.strictObject({
        account: z.string(),
        kind: z.string(),
        expiresAt: Time.nullable().describe('null: kept for good'),
      }),
    )
    .describe('Where WeChat has it'),
})
  .describe('The file, and where WeChat has it')
  .meta({
    id: 'MediaDetails',
    examples: [
      {
        ...example,
        atWechat: [
          { account: 'default', kind: 'temporary', expiresAt: '2026-12-03T08:12:40.201Z' },
        ],
      },
    ],
  });
export type MediaDetails = Answered<typeof MediaDetails>;

export const MediaPage = z
  .strictObject({ media: z.array(MediaFile), next: Next })
  .describe('A page of files')
  .meta({ id: 'MediaPage' });
