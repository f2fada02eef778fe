/**
 * What other services send: every field, its limit and its default, once. Docs, errors, OpenAPI
 * and the typed client come from here.
 */
import { z } from 'zod';
import { isSeen } from '../campaign/article-pictures.ts';
import { type FlawCode, flaw } from '../campaign/mistake.ts';

const Id = (prefix: string, malformed: FlawCode) =>
  z.string().regex(new RegExp(`^${prefix}[A-Za-z0-9_-]{8,64}$`), malformed);

/**
 * JSON writes these as \uXXXX only, and WeChat refuses a body with that (40033, 47002): control
 * characters, and half a pair, as is left when a text is cut in the middle of an emoji.
 */
const NEVER_RAW = /[^\P{Cc}\b\t\n\f\r\x7f-\x9f]/u;

/** Text that goes into a body for WeChat. */
const Text = () =>
  z
    .string()
    .refine((text) => text.isWellFormed() && !NEVER_RAW.test(text), flaw('character-refused'));

/**
 * Goes out as given. WeChat's pages say 32 characters for drafts and 64 elsewhere, and a draft of 39
 * was kept in 2026: what a page refuses and WeChat may take is WeChat's to judge.
 */
const Title = () => Text().max(64, { abort: true }).refine(isSeen, flaw('nothing-visible'));

/** Date.parse takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}

export const Instant = z
  .string()
  .refine(
    (text) => /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text),
    { error: flaw('time-malformed'), abort: true },
  )
  .refine((text) => !Number.isNaN(Date.parse(text)) && isDay(text), flaw('time-impossible'))
  .meta({ format: 'date-time' });

const MediaRefRequest = z
  .union(
    [
      z.strictObject({
        upload: Id('m_', 'upload-id-malformed').describe('Id given by POST /v1/media'),
        fit: z
          .boolean()
          .optional()
          .describe(
            'A picture that WeChat does not take here (a cover over 64 KB or PNG; WebP, BMP, a JPG in CMYK; too large) is made a JPG that it takes',
          ),
      }),
      z.strictObject({
        base64: z.string().min(1).describe('The file itself; kept as an upload when accepted'),
        filename: z.string().min(1).max(128).optional(),
        fit: z.boolean().optional(),
      }),
      z.strictObject({
        mediaId: z.string().min(1).max(256).describe('Already at WeChat, of this account'),
      }),
    ],
    flaw('media-ref-malformed'),
  )
  .describe('One of {"upload"}, {"base64"}, {"mediaId"}')
  .meta({ id: 'MediaRef' });

const atMostBytes = (limit: number) =>
  [(text: string) => Buffer.byteLength(text) <= limit, { params: { limit }, abort: true }] as const;

const ArticleRequest = z
  .strictObject({
    thumb: MediaRefRequest.describe(
      'The cover: JPG, at most 64 KB; say "fit": true to have it made to fit',
    ),
    title: Title(),
    author: Text().max(16).optional(),
    content: Text()
      .refine(...atMostBytes(1_048_576))
      .describe(
        'HTML; pictures of ours as <img src="upload:m_…">, also in data-src, srcset, poster, url(…) of a style, and href of an svg image',
      ),
    contentSourceUrl: Text()
      .refine(...atMostBytes(1_024))
      .optional()
      .describe('“Read the original”; goes out as given'),
    digest: Text().max(128).optional().describe('Shown for a single article only'),
    showCover: z.boolean().optional(),
    openComment: z.boolean().optional(),
    fansOnlyComment: z.boolean().optional(),
  })
  .meta({ id: 'Article' });

/** Published nowhere; WeChat answers 45002. Generous, and below what would hurt Redis. */
const TEXT_LIMIT_BYTES = 20_000;

const TextMessage = z.strictObject({
  type: z.literal('text'),
  // As it is: two wide blanks in front are how a Chinese paragraph begins.
  content: Text()
    .refine(...atMostBytes(TEXT_LIMIT_BYTES))
    .refine(isSeen, flaw('nothing-visible')),
});
/** Of a picture post; of several pictures in one send WeChat publishes none. */
const MOST_IMAGES = 20;
const Images = () => z.array(MediaRefRequest).min(1).max(MOST_IMAGES);
const ImageMessage = z.strictObject({
  type: z.literal('image'),
  media: MediaRefRequest.optional(),
  images: Images().optional().describe('Several pictures in one send; not in the protocol of 2014'),
  title: Title().optional().describe('Of several pictures'),
  openComment: z.boolean().optional(),
  fansOnlyComment: z.boolean().optional(),
});
const VoiceMessage = z.strictObject({ type: z.literal('voice'), media: MediaRefRequest });
const VideoMessage = z.strictObject({
  type: z.literal('video'),
  media: MediaRefRequest,
  title: Title(),
  description: Text().max(512).default(''),
  thumb: MediaRefRequest.optional().describe(
    'Picture of the plain video that the protocol of 2014 sends to OpenIDs; elsewhere WeChat takes one from the film',
  ),
});
const NewsMessage = z.strictObject({
  type: z.literal('news'),
  articles: z.array(ArticleRequest).min(1).max(10).optional(),
  mediaId: z.string().min(1).max(256).optional().describe('Composed in WeChat’s console'),
  fetchImages: z
    .boolean()
    .optional()
    .describe(
      'Pictures of other hosts in articles are fetched when the campaign is accepted, made to fit, and replaced by uploads; https and public addresses only, 50 at most, 10 MB and 10 s each',
    ),
  fitImages: z
    .boolean()
    .optional()
    .describe('Uploads in articles that WeChat does not take there are made to fit'),
  ignoreReprint: z
    .boolean()
    .default(false)
    .describe('Go on when WeChat judges an article a reprint and the original allows it'),
});

/** As of every draft: "under 20,000". */
const DRAFT_TEXT_LIMIT = 19_999;
const PicturePostMessage = z
  .strictObject({
    type: z.literal('newspic'),
    images: Images().describe('The first is the cover; each is kept in the account’s library'),
    title: Title(),
    content: Text()
      .max(DRAFT_TEXT_LIMIT, { abort: true })
      .refine(isSeen, flaw('nothing-visible'))
      .describe('Plain text'),
    openComment: z.boolean().optional(),
    fansOnlyComment: z.boolean().optional(),
  })
  .describe('A picture post (贴图), where the account’s setting picturePosts allows it');

export const MessageRequest = z
  .discriminatedUnion('type', [
    TextMessage,
    ImageMessage,
    VoiceMessage,
    VideoMessage,
    NewsMessage,
    PicturePostMessage,
  ])
  .superRefine((message, context) => {
    if (message.type === 'image') {
      const { media, images, title, openComment, fansOnlyComment } = message;
      const isShown = [title, openComment, fansOnlyComment].some((one) => one !== undefined);
      if ((media === undefined) === (images === undefined) || (media && isShown)) {
        context.addIssue({ code: 'custom', message: flaw('image-ambiguous') });
      }
    }
    if (message.type !== 'news') return;
    if ((message.articles === undefined) === (message.mediaId === undefined)) {
      context.addIssue({ code: 'custom', message: flaw('news-ambiguous') });
    }
  })
  .meta({ id: 'Message' });
export type MessageRequest = z.output<typeof MessageRequest>;

const INLINE_OPENIDS = 100_000;

const AudienceRequest = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('group'),
      groupId: z.string().regex(/^\d{1,10}$/, flaw('group-id-malformed')),
    }),
    z.strictObject({ type: z.literal('tag'), tagId: z.int().nonnegative() }),
    z.strictObject({ type: z.literal('everyone') }),
    z.strictObject({
      type: z.literal('openids'),
      openids: z
        .array(z.string())
        .min(1, flaw('audience-empty'))
        // Looked at before the elements: a million wrong ones would be a million mistakes.
        .max(INLINE_OPENIDS, flaw('too-many-openids'))
        .describe('More by POST /v1/audiences'),
    }),
    z.strictObject({
      type: z.literal('list'),
      listId: Id('a_', 'audience-id-malformed').describe('Given by POST /v1/audiences'),
    }),
    z.strictObject({
      type: z.literal('followers'),
      tagId: z
        .exactOptional(z.int().nonnegative())
        .describe('Those with this tag only, as OpenIDs; {"type":"tag"} is one call instead'),
    }),
  ])
  .describe('Everyone is only ever explicit: an empty or mistyped audience is an error')
  .meta({ id: 'Audience' });
export type AudienceRequest = z.output<typeof AudienceRequest>;

export const CampaignRequest = z
  .strictObject({
    account: z
      .string()
      .optional()
      .describe('May be left out only where exactly one account is configured'),
    name: z
      .string()
      .trim()
      .min(1)
      .max(128)
      .regex(/^\P{Cc}*$/u, flaw('control-character'))
      .default('unnamed'),
    audience: AudienceRequest,
    message: MessageRequest,
    sendAt: Instant.optional().describe('When to begin; now if absent'),
    notAfter: Instant.optional().describe(
      'After it no call that could send is made; sendAt + 24 h if absent',
    ),
    webhook: z
      .strictObject({
        url: z
          .url({
            protocol: /^https?$/,
            error: flaw('address-malformed'),
          })
          .max(2_048, flaw('too-large')),
      })
      .optional()
      .describe('Told when the campaign ends, signed after Standard Webhooks'),
    repeat: z
      .boolean()
      .default(false)
      .describe('Meant to be the same content to the same audience as within the last 24 h'),
    priority: z.int().min(1).max(9).default(5).describe('1 goes first within the account'),
    exclude: z
      .array(Id('a_', 'audience-id-malformed'))
      .max(16)
      .default([])
      .describe('Suppression lists: whoever is on one gets nothing'),
  })
  .meta({
    id: 'CampaignRequest',
    examples: [
      {
        account: 'default',
        name: 'Happy Day',
        audience: { type: 'group', groupId: '2' },
        message: { type: 'text', content: 'Happy Day' },
      },
      {
        audience: { type: 'list', listId: 'a_Zm9vYmFyYmF6cXV4MTIzNA' },
        message: {
          type: 'news',
          articles: [
            {
              thumb: { upload: 'm_0123456789abcdef0123456789abcdef', fit: true },
              title: 'Spring sale',
              content: '<p>From Friday on.</p>',
            },
          ],
        },
        sendAt: '2026-12-01T09:00:00+08:00',
        exclude: ['a_c3VwcHJlc3NlZHBlb3BsZQ'],
      },
    ],
  });
export type CampaignRequest = z.output<typeof CampaignRequest>;

/** Named in every table of WeChat's since 2014, and never given a shape. */
const MUSIC = 'music';

/** Before the schema of the union says "invalid discriminator": music is a known word, not a type. */
export function isMusic(body: unknown): boolean {
  const { message } = Object(body) as { message?: unknown };
  return (Object(message) as { type?: unknown }).type === MUSIC;
}
