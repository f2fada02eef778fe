/** What the API answers, for its description; a test holds every answer to these. */
import { z } from 'zod';
import { BATCH_STATES } from '../campaign/batch.ts';
import { CAMPAIGN_STATES, PAUSE_REASONS } from '../campaign/campaign.ts';
import { WARNING_CODES } from '../campaign/warnings.ts';
import { Next } from './paging.ts';

const Time = z.string().meta({ format: 'date-time' }).describe('RFC 3339, UTC');
const Count = z.int().nonnegative();
const UnknownCount = Count.nullable().describe('null: nobody knows');
const Id = z.string();

const Links = z
  .strictObject({
    self: z.string(),
    batches: z.string(),
    events: z.string(),
    audit: z.string(),
    results: z.string(),
  })
  .meta({ id: 'Links' });

const AudienceAnswer = z
  .looseObject({
    type: z.enum(['group', 'tag', 'everyone', 'list', 'followers']),
    tagId: z.int().optional(),
    listId: Id.optional().describe('The frozen list; OpenIDs given inline became one'),
    received: Count.optional(),
    duplicates: Count.optional(),
    invalid: Count.optional(),
    recipients: Count.optional(),
  })
  .meta({ id: 'CampaignAudience' });

const PausedFor = z.array(z.enum(PAUSE_REASONS)).describe('Every reason that keeps it paused');
const Version = Count.describe(
  'Grows with each change that matters to a decision: send it back as `seen`',
);

export const CampaignAccepted = z
  .strictObject({
    id: Id,
    version: Version,
    state: z.enum(CAMPAIGN_STATES),
    account: z.string(),
    name: z.string(),
    sandbox: z.literal(true).optional().describe('No follower gets anything'),
    audience: AudienceAnswer,
    sendAt: Time,
    notAfter: Time,
    pausedFor: PausedFor.optional(),
    links: Links,
  })
  .meta({ id: 'CampaignAccepted' });

const WarningAnswer = z
  .looseObject({
    code: z.enum(WARNING_CODES).describe('Stable, for programs'),
    message: z.string().describe('In the language of Accept-Language (en, zh)'),
    batches: Count.optional().describe('How many batches it is about'),
    at: Time.optional().describe('Of `corrected`: when'),
    read: Count.optional().describe('Of `followers-incomplete`: how many WeChat listed'),
    total: Count.optional().describe('Of `followers-incomplete`: how many it counts'),
  })
  .describe('What an operator should look at')
  .meta({ id: 'Warning' });

const CampaignFields = z.strictObject({
  id: Id,
  version: Version,
  name: z.string(),
  account: z.string(),
  sandbox: z.literal(true).optional().describe('No follower gets anything'),
  state: z.enum(CAMPAIGN_STATES),
  outcome: z
    .enum(['delivered', 'partly', 'none', 'unknown'])
    .optional()
    .describe('Once completed or cancelled; derived from the batches'),
  waiting: z
    .strictObject({
      reason: z.string(),
      until: Time.nullable(),
      queue: z.string().optional().describe('`no-worker`: the queue that no worker serves'),
    })
    .optional()
    .describe('Why it does not move'),
  recipients: UnknownCount,
  audience: AudienceAnswer,
  messageType: z.enum(['text', 'image', 'voice', 'video', 'news']),
  batches: z.strictObject({
    total: Count,
    pending: Count,
    submitting: Count,
    submitted: Count,
    settled: Count,
    refused: Count,
    held: Count,
    abandoned: Count,
    cancelled: Count,
  }),
  receipt: z.strictObject({
    total: UnknownCount,
    eligible: UnknownCount,
    sent: UnknownCount,
    failed: UnknownCount,
  }),
  warnings: z.array(WarningAnswer),
  createdAt: Time,
  sendAt: Time,
  notAfter: Time,
  completedAt: Time.optional(),
  correctedAt: Time.optional().describe('A receipt came or changed after the end'),
  pausedFor: PausedFor.optional(),
  error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
});

export const CampaignSummary = CampaignFields.meta({ id: 'CampaignSummary' });
export const CampaignAnswer = CampaignFields.extend({ links: Links }).meta({ id: 'Campaign' });

/** Of a pause or a cancel. */
export const StoppedAnswer = CampaignFields.extend({
  links: Links,
  inFlight: z
    .array(
      z.strictObject({
        no: z.int().positive(),
        clientMsgId: z.string(),
        why: z
          .enum(['calling', 'unanswered', 'accepted'])
          .describe(
            'calling: a call is under way · unanswered: a call was not answered, and is asked about again · accepted: WeChat has it',
          ),
      }),
    )
    .describe('Batches that could not be stopped: they may still go out'),
}).meta({ id: 'StoppedCampaign' });

export const CampaignPage = z
  .strictObject({ campaigns: z.array(CampaignSummary), next: Next })
  .meta({ id: 'CampaignPage' });

const ReceiptAnswer = z
  .strictObject({
    status: z.enum(['delivered', 'refused', 'failed', 'unknown']),
    code: z.string().optional().describe('WeChat’s own word, such as `send success`'),
    meaning: z.string().optional().describe('The code in words'),
    total: UnknownCount,
    eligible: Count.nullable().describe('How many were left after WeChat’s own filter'),
    sent: UnknownCount,
    failed: UnknownCount,
    articleUrls: z.array(z.strictObject({ index: z.int(), url: z.string() })).optional(),
    copyright: z
      .strictObject({
        state: z.int(),
        articles: z.array(
          z.strictObject({
            index: z.int(),
            declared: z.int(),
            audit: z.int(),
            originalUrl: z.string().optional(),
            mayReprint: z.boolean(),
          }),
        ),
      })
      .optional(),
  })
  .meta({ id: 'Receipt' });

const BatchAnswer = z
  .strictObject({
    no: z.int().positive(),
    version: Version,
    state: z.enum(BATCH_STATES),
    size: UnknownCount,
    clientMsgId: z.string().max(32).describe('What WeChat knows the batch by'),
    attempts: Count,
    msgId: z.string().optional().describe('64 bits at WeChat’s, so a string'),
    msgDataId: z
      .string()
      .nullable()
      .optional()
      .describe('null: unknown, since an answer of 45065 lacks it'),
    submittedAt: Time.optional(),
    settledAt: Time.optional(),
    nextAttemptAt: Time.optional(),
    firstAttemptAt: Time.optional().describe(
      'Of a held or abandoned one: from when on it may be in WeChat’s console',
    ),
    errcode: z.int().optional().describe('WeChat’s'),
    reason: z.string().optional(),
    takenMsgId: z
      .string()
      .optional()
      .describe('Held because this message id belongs to another batch'),
    receipt: ReceiptAnswer.optional(),
    twice: z
      .literal(true)
      .optional()
      .describe('WeChat accepted two of its keys: it may have been received twice'),
  })
  .meta({ id: 'Batch' });

export const BatchPage = z
  .strictObject({
    batches: z.array(BatchAnswer),
    next: z.int().nullable().describe('`from` of the next page; null on the last'),
  })
  .meta({ id: 'BatchPage' });

export const AuditAnswer = z
  .strictObject({
    audit: z.array(
      z.strictObject({
        at: Time,
        by: z.string().describe('The name of the API key, or who else acted'),
        action: z.string(),
        note: z.string().optional(),
        batch: z.int().optional(),
        msgId: z.string().optional(),
        clientMsgId: z.string().optional(),
      }),
    ),
    next: z.int().nullable().describe('`from` of the next page; null on the last'),
  })
  .meta({ id: 'Audit' });

const MediaFields = z.strictObject({
  id: Id.describe('`m_…`; the same content has the same id'),
  type: z.enum(['image', 'voice', 'video']),
  format: z.enum(['jpg', 'png', 'gif', 'bmp', 'mp3', 'amr', 'mp4']),
  bytes: Count,
  sha256: z.string(),
  filename: z.string(),
  width: Count.optional(),
  height: Count.optional(),
  durationMs: z.number().optional(),
});
export const MediaAnswer = MediaFields.meta({ id: 'Media' });
export const MediaDetails = MediaFields.extend({
  atWechat: z
    .array(
      z.strictObject({
        account: z.string(),
        kind: z.string(),
        expiresAt: Time.nullable().describe('null: kept for good'),
      }),
    )
    .describe('Where WeChat has it'),
}).meta({ id: 'MediaDetails' });
export const MediaPage = z
  .strictObject({ media: z.array(MediaAnswer), next: Next })
  .meta({ id: 'MediaPage' });

export const AudienceListAnswer = z
  .strictObject({
    id: Id.describe('`a_…`'),
    account: z.string().optional(),
    name: z.string().optional(),
    state: z.enum(['receiving', 'ready']),
    received: Count,
    duplicates: Count,
    invalid: Count,
    suppressed: Count.describe('Left out because they are on a list of `exclude`'),
    recipients: Count,
    invalidLines: z
      .array(z.int().positive())
      .optional()
      .describe('Lines of the first ten that are no OpenIDs; told once, to whoever sent the list'),
    createdAt: Time,
  })
  .meta({ id: 'AudienceList' });
export const AudiencePage = z
  .strictObject({
    audiences: z.array(AudienceListAnswer),
    receiving: z
      .array(
        z.strictObject({
          name: z.string().nullable(),
          since: z.iso.datetime(),
          received: z.int(),
          invalid: z.int(),
        }),
      )
      .describe('On their way in through this producer, with what has come so far'),
    next: Next,
  })
  .meta({ id: 'AudiencePage' });

export const AliveAnswer = z.strictObject({ status: z.literal('alive') });
export const ReadyAnswer = z.strictObject({
  status: z.enum(['ready', 'not ready']),
  findings: z.array(z.string()).describe('What stands in the way, in sentences'),
  unserved: z
    .array(
      z.strictObject({
        code: z.literal('no-worker'),
        queue: z.string().optional(),
        account: z.string().optional(),
      }),
    )
    .describe('Queues, or lanes of accounts, that no running worker serves'),
});

export const ProblemAnswer = z
  .looseObject({
    type: z.string(),
    title: z.string().describe('In the language of Accept-Language: English or Chinese'),
    status: z.int(),
    detail: z.string().describe('What is wrong and what to do, in the language of Accept-Language'),
    code: z.string().describe('Stable, for programs; the facts of each code stand beside it'),
    errors: z
      .array(z.strictObject({ path: z.string(), message: z.string(), code: z.string().optional() }))
      .optional()
      .describe('Every mistake of the input at once'),
    campaignId: z.string().optional().describe('The campaign this one collides with'),
    campaign: CampaignSummary.optional().describe('`moved`: how it is now'),
    batch: BatchAnswer.optional().describe('`moved`: how it is now'),
  })
  .describe('problem+json (RFC 9457)')
  .meta({ id: 'Problem' });
