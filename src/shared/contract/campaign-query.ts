/** What may be asked of campaigns, apart from the campaign itself (shared/campaign/request.ts). */
import { z } from 'zod';
import { CAMPAIGN_STATES } from '../campaign/campaign.ts';
import { isOpenId } from '../campaign/cut.ts';
import { MESSAGE_ID } from '../wechat/message-id.ts';
import { Limit } from './paging.ts';

export const CAMPAIGN_ID = /^[0-9a-hjkmnp-z]{18}$/;

export const CampaignListQuery = z.strictObject({
  limit: Limit,
  cursor: z
    .string()
    .regex(CAMPAIGN_ID, 'is no cursor of this list')
    .describe('`next` of the page before')
    .optional(),
  account: z.string().min(1).max(32).optional().describe('Of this account only'),
  state: z.enum(CAMPAIGN_STATES).optional().describe('In this state only'),
});

export const BatchListQuery = z.strictObject({
  from: z.coerce
    .number()
    .int()
    .min(1, 'batches count from 1')
    .max(1_000_000)
    .default(1)
    .describe('Number of the first batch on the page; `next` of the page before'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('How many at most'),
});

export const AuditQuery = z.strictObject({
  from: z.coerce
    .number()
    .int()
    .min(1, 'entries count from 1')
    .default(1)
    .describe('Number of the first entry on the page; `next` of the page before'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('How many at most'),
});

const Note = z.string().max(500).optional().describe('Why; kept in the audit');

export const Seen = z
  .int()
  .nonnegative()
  .optional()
  .describe('The `version` that this was decided on; where it is another one by now, 409 `moved`');

export const StepRequest = z.strictObject({ seen: Seen, note: Note }).meta({ id: 'Step' });
export const RejectRequest = z
  .strictObject({
    seen: Seen,
    note: z.string().min(1).max(500).describe('Why; shown as its error'),
  })
  .meta({ id: 'Reject' });

/** 64-bit at WeChat's, so a string here: as a JSON number it may have been rounded already. */
const MsgId = z
  .string('a string of digits: as a JSON number it may have been rounded')
  .regex(MESSAGE_ID, 'at most 20 digits');

export const ResolveRequest = z
  .discriminatedUnion('as', [
    z.strictObject({ as: z.literal('sent'), msgId: MsgId, note: Note, seen: Seen }),
    z.strictObject({
      as: z.literal('not-sent'),
      mayBeReceivedTwice: z
        .literal(true)
        .optional()
        .describe('Needed for an abandoned batch, whose followers may get the message twice'),
      note: Note,
      seen: Seen,
    }),
    z.strictObject({ as: z.literal('given-up'), note: Note, seen: Seen }),
  ])
  .describe(
    'sent: it went out under this message id · not-sent: it did not; it is submitted again under a new key, or cancelled where nothing may be sent any more · given-up: abandon it, its outcome stays unknown. `seen` is the version of the batch; of the campaign for `all-held`',
  )
  .meta({ id: 'Resolve' });
export type ResolveRequest = z.output<typeof ResolveRequest>;

/** WeChat refuses a whole batch for one OpenID of another account (40003, 49003). */
export const RetryRequest = z
  .strictObject({
    split: z.boolean().default(false).describe('In halves, to find the OpenID that is refused'),
    without: z
      .array(z.string().refine(isOpenId, 'not an OpenID'))
      .min(1, 'name at least one OpenID')
      .max(10_000, 'at most 10,000')
      .optional()
      .describe('Without these OpenIDs, and those left out before'),
    seen: Seen,
  })
  .refine(({ split, without }) => !(split && without), 'either split or without')
  .meta({ id: 'Retry' });
export type RetryRequest = z.output<typeof RetryRequest>;

export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/, '1 to 255 printable ASCII characters')
  .describe('Same key and body: same answer. Same key, other body: 409. Per account');
