/** What an operator may decide about a campaign or its batches. */
import { z } from 'zod';
import { isOpenId } from '../campaign/cut.ts';
import { flaw } from '../campaign/mistake.ts';
import { MESSAGE_ID } from '../wechat/message-id.ts';
import { CAUSES } from '../wechat/silence.ts';
import { Instant } from './campaign-request.ts';
import { RECALL_NOTES } from './campaign-words.ts';
import { Quota } from './plans.ts';
import { type Answered, Count } from './shapes.ts';

const Note = z.string().max(500).optional().describe('Why; kept in the audit');

const Seen = z
  .int()
  .nonnegative()
  .optional()
  .describe('The `version` that this was decided on; where it is another one by now, 409 `moved`');

export const StepRequest = z
  .strictObject({ seen: Seen, note: Note })
  .meta({ id: 'Step', examples: [{ seen: 3, note: 'wrong cover' }] });
/** Whoever approves names what they saw. */
export const ApproveRequest = z
  .strictObject({
    seen: z
      .int()
      .nonnegative()
      .describe('The `version` of the campaign that was looked at; where it moved, 409 `moved`'),
    note: Note,
  })
  .meta({ id: 'Approve', examples: [{ seen: 0 }] });

export const RescheduleRequest = z
  .strictObject({
    sendAt: Instant.optional().describe('When to begin'),
    notAfter: Instant.optional().describe('As long after `sendAt` as before, if absent'),
    note: Note,
    seen: Seen,
  })
  .meta({ id: 'Reschedule', examples: [{ sendAt: '2026-12-01T09:00:00+08:00', seen: 0 }] });

export const RejectRequest = z
  .strictObject({
    seen: Seen,
    note: z.string().min(1).max(500).describe('Why; shown as its error'),
  })
  .meta({ id: 'Reject', examples: [{ seen: 0, note: 'not this week' }] });

/** 64-bit at WeChat's, so a string here: as a JSON number it may have been rounded already. */
const MsgId = z.string(flaw('message-id-not-text')).regex(MESSAGE_ID, flaw('message-id-malformed'));

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
  .meta({
    id: 'Resolve',
    examples: [
      { as: 'sent', msgId: '1000000002', seen: 5 },
      { as: 'not-sent', seen: 5, note: 'not in the console' },
    ],
  });
export type ResolveRequest = z.output<typeof ResolveRequest>;

/** WeChat refuses a whole batch for one OpenID of another account (40003, 49003). */
export const RetryRequest = z
  .strictObject({
    split: z.boolean().default(false).describe('In halves, to find the OpenID that is refused'),
    without: z
      .array(z.string().refine(isOpenId, flaw('openid-malformed')))
      .min(1)
      .max(10_000)
      .optional()
      .describe('Without these OpenIDs, and those left out before'),
    seen: Seen,
  })
  .refine(({ split, without }) => !(split && without), flaw('split-or-without'))
  .meta({ id: 'Retry', examples: [{ seen: 7 }, { split: true, seen: 7 }] });
export type RetryRequest = z.output<typeof RetryRequest>;

export const RecallRequest = z
  .strictObject({
    articleIndex: z
      .int()
      .min(1)
      .max(10)
      .optional()
      .describe('Counted from 1; every article if absent'),
    batches: z
      .array(z.int().positive())
      .min(1)
      .max(1_000)
      .optional()
      .describe('Numbers; every batch that WeChat took if absent'),
    seen: Seen,
  })
  .meta({ id: 'RecallRequest', examples: [{ articleIndex: 1, seen: 9 }] });
export type RecallRequest = Answered<typeof RecallRequest>;

/** Of one call of several. */
export const NoAnswer = {
  errcode: z.int().exactOptional().describe('WeChat’s'),
  cause: z.enum(CAUSES).exactOptional().describe('Why there is no answer that can be read'),
  meaning: z.string().exactOptional().describe('The errcode or the cause in words'),
};

export const RecallReport = z
  .strictObject({
    id: z.string(),
    recalled: Count,
    results: z.array(
      z.strictObject({
        no: z.int().positive(),
        msgId: z.string().exactOptional(),
        outcome: z
          .enum(['recalled', 'already', 'refused', 'unknown', 'not-sent', 'not-tried'])
          .describe('already: an earlier recall did it · not-tried: no call is left today'),
        ...NoAnswer,
      }),
    ),
    quota: Quota.describe('Of today’s recalls, after these'),
    notes: z
      .array(
        z.strictObject({
          code: z.enum(RECALL_NOTES),
          message: z.string(),
          batches: Count.exactOptional().describe('How many it is about'),
        }),
      )
      .describe('What this did not do'),
  })
  .describe('What became of each batch')
  .meta({ id: 'Recall' });
export type RecallReport = Answered<typeof RecallReport>;
