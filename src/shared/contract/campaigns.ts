/** Campaigns as they are looked at. What enqueues one: campaign-request.ts. */
import { z } from 'zod';
import { AUDIT_ACTIONS } from '../campaign/audit.ts';
import { WAIT_REASONS } from '../campaign/batch.ts';
import { CAMPAIGN_STATES, PAUSE_REASONS } from '../campaign/campaign.ts';
import { MESSAGE_TYPES } from '../campaign/message.ts';
import { flaw } from '../campaign/mistake.ts';
import { OUTCOME_COLUMNS, OUTCOMES, outcomeTable } from '../campaign/outcome.ts';
import { Warning } from '../campaign/warnings.ts';
import { FailureAnswer } from './batches.ts';
import {
  type Answered,
  Count,
  Cursor,
  Limit,
  Next,
  NextNumber,
  numbered,
  Time,
  UnknownCount,
} from './shapes.ts';

export const CAMPAIGN_ID = /^[0-9a-hjkmnp-z]{18}$/;

const Day = z.iso.date().exactOptional();

export const CampaignListQuery = z.strictObject({
  limit: Limit,
  cursor: z
    .string()
    .regex(CAMPAIGN_ID, flaw('cursor-unknown'))
    .describe('`next` of the page before')
    .exactOptional(),
  account: z.string().min(1).max(32).exactOptional().describe('Of this account only'),
  state: z.enum(CAMPAIGN_STATES).exactOptional().describe('In this state only'),
  from: Day.describe('Planned for this day or later (`sendAt`, a day of Beijing)'),
  until: Day.describe('Planned for this day or earlier'),
  search: z.string().min(1).max(100).exactOptional().describe('A part of the name, in any case'),
  createdBy: z
    .string()
    .min(1)
    .max(100)
    .exactOptional()
    .describe('Enqueued by this key or operator'),
  messageType: z.enum(MESSAGE_TYPES).exactOptional().describe('Of this type only'),
});

export const AuditQuery = numbered('entries');

export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/)
  .describe('Same key and body: same answer. Same key, other body: 409. Per account');

const Links = z
  .strictObject({
    self: z.string(),
    batches: z.string(),
    events: z.string(),
    audit: z.string(),
    results: z.string(),
    statistics: z.string(),
  })
  .meta({ id: 'Links' });

const counts = {
  received: Count.exactOptional(),
  duplicates: Count.exactOptional(),
  invalid: Count.exactOptional(),
  suppressed: Count.exactOptional(),
  recipients: Count.exactOptional(),
};

const named = {
  name: z.string().exactOptional().describe('What WeChat calls it, as last heard'),
  count: Count.exactOptional().describe('How many followers WeChat counted in it then'),
};

const AudienceAnswer = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('group'), groupId: z.string(), ...named, ...counts }),
    z.strictObject({ type: z.literal('tag'), tagId: z.int(), ...named, ...counts }),
    z.strictObject({ type: z.literal('everyone'), ...counts }),
    z.strictObject({
      type: z.literal('list'),
      listId: z.string().describe('The frozen list; OpenIDs given inline became one'),
      name: named.name,
      ...counts,
    }),
    z.strictObject({
      ...{ type: z.literal('followers'), tagId: z.int().exactOptional() },
      ...named,
      ...counts,
    }),
  ])
  .meta({ id: 'CampaignAudience' });

/** What is answered at once, and never changes but for the first three. */
const Accepted = {
  id: z.string(),
  version: Count.describe(
    'Grows with each change that matters to a decision: send it back as `seen`',
  ),
  state: z.enum(CAMPAIGN_STATES),
  account: z.string(),
  name: z.string(),
  sandbox: z.literal(true).exactOptional().describe('No follower gets anything'),
  audience: AudienceAnswer,
  sendAt: Time,
  notAfter: Time,
  pausedFor: z
    .array(z.enum(PAUSE_REASONS))
    .exactOptional()
    .describe('Every reason that keeps it paused'),
};

const acceptedExample = {
  id: '3kq8v2x0a5n7c1d9f0',
  version: 0,
  state: 'scheduled',
  account: 'default',
  name: 'Happy Day',
  audience: { type: 'tag', tagId: 2 },
  sendAt: '2026-12-01T01:00:00.000Z',
  notAfter: '2026-12-02T01:00:00.000Z',
};
const links = {
  self: '/v1/campaigns/3kq8v2x0a5n7c1d9f0',
  batches: '/v1/campaigns/3kq8v2x0a5n7c1d9f0/batches',
  events: '/v1/campaigns/3kq8v2x0a5n7c1d9f0/events',
  audit: '/v1/campaigns/3kq8v2x0a5n7c1d9f0/audit',
  results: '/v1/campaigns/3kq8v2x0a5n7c1d9f0/results.csv',
  statistics: '/v1/campaigns/3kq8v2x0a5n7c1d9f0/statistics',
};

export const AcceptedCampaign = z
  .strictObject({ ...Accepted, links: Links })
  .describe('Accepted: it is on record and goes out by itself')
  .meta({ id: 'CampaignAccepted', examples: [{ ...acceptedExample, links }] });
export type AcceptedCampaign = Answered<typeof AcceptedCampaign>;

const Fields = z.strictObject({
  ...Accepted,
  outcome: z
    .enum(OUTCOMES)
    .exactOptional()
    .describe(`Once completed or cancelled. ${OUTCOME_COLUMNS}\n\n${outcomeTable()}`),
  waiting: z
    .strictObject({
      reason: z.enum(WAIT_REASONS),
      until: Time.nullable(),
      missesNotAfter: z
        .literal(true)
        .exactOptional()
        .describe('It would go on after `notAfter`, so what is not out by then is cancelled'),
      queue: z.string().exactOptional().describe('`no-worker`: the queue that no worker serves'),
    })
    .exactOptional()
    .describe('Why it does not move'),
  recipients: UnknownCount,
  messageType: z.enum(MESSAGE_TYPES),
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
  warnings: z.array(Warning),
  createdAt: Time,
  createdBy: z.string().describe('The name of the API key or of the operator'),
  approved: z
    .strictObject({
      at: Time,
      by: z.string(),
      draft: z
        .literal('read')
        .exactOptional()
        .describe('The draft’s content was read then; where it is another one, it is not sent'),
    })
    .exactOptional()
    .describe('An approval that is void does not stand here'),
  completedAt: Time.exactOptional(),
  correctedAt: Time.exactOptional().describe('A receipt came or changed after the end'),
  error: FailureAnswer.exactOptional(),
});

const example = {
  ...acceptedExample,
  version: 3,
  state: 'completed',
  outcome: 'delivered',
  recipients: null,
  messageType: 'text',
  batches: {
    total: 1,
    pending: 0,
    submitting: 0,
    submitted: 0,
    settled: 1,
    refused: 0,
    held: 0,
    abandoned: 0,
    cancelled: 0,
  },
  receipt: { total: 52_340, eligible: 52_300, sent: 52_291, failed: 9 },
  warnings: [],
  createdAt: '2026-11-30T08:12:40.201Z',
  createdBy: 'crm',
  completedAt: '2026-12-01T01:00:31.870Z',
};

export const CampaignSummary = Fields.meta({ id: 'CampaignSummary', examples: [example] });
/** Its warnings are codes with facts, and a `message` in the language that was asked for. */
export type CampaignSummary = Answered<typeof CampaignSummary>;

const Media = z.union([
  z.strictObject({ upload: z.string() }),
  z.strictObject({ mediaId: z.string() }),
]);

const MessageAnswer = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('text'), content: z.string() }),
    z.strictObject({
      type: z.literal('image'),
      media: Media.exactOptional(),
      images: z.array(Media).exactOptional(),
      title: z.string().exactOptional(),
      openComment: z.boolean().exactOptional(),
      fansOnlyComment: z.boolean().exactOptional(),
    }),
    z.strictObject({ type: z.literal('voice'), media: Media }),
    z.strictObject({
      ...{ type: z.literal('video'), media: Media },
      ...{ title: z.string(), description: z.string(), thumb: Media.exactOptional() },
    }),
    z.strictObject({
      type: z.literal('news'),
      articles: z
        .array(
          z.strictObject({
            ...{ thumb: Media, title: z.string(), content: z.string() },
            author: z.string().exactOptional(),
            contentSourceUrl: z.string().exactOptional(),
            digest: z.string().exactOptional(),
            showCover: z.boolean().exactOptional(),
            openComment: z.boolean().exactOptional(),
            fansOnlyComment: z.boolean().exactOptional(),
          }),
        )
        .exactOptional(),
      mediaId: z.string().exactOptional(),
      ignoreReprint: z.boolean(),
    }),
    z.strictObject({
      ...{ type: z.literal('newspic'), images: z.array(Media) },
      ...{ title: z.string(), content: z.string() },
      openComment: z.boolean().exactOptional(),
      fansOnlyComment: z.boolean().exactOptional(),
    }),
  ])
  .describe('What goes out; files by the ids of GET /v1/media/:id. Absent after a decision')
  .meta({ id: 'CampaignMessage' });

export const CampaignDetails = Fields.extend({
  message: MessageAnswer.exactOptional(),
  links: Links,
})
  .describe('The campaign as it is now')
  .meta({ id: 'Campaign', examples: [{ ...example, links }] });
export type CampaignDetails = Answered<typeof CampaignDetails>;

export const CampaignPage = z
  .strictObject({ campaigns: z.array(CampaignSummary), next: Next })
  .describe('A page of campaigns')
  .meta({ id: 'CampaignPage' });

const InFlight = z.strictObject({
  no: z.int().positive(),
  clientMsgId: z.string(),
  why: z
    .enum(['calling', 'unanswered', 'accepted'])
    .describe(
      'calling: a call is under way · unanswered: a call was not answered, and is asked about again · accepted: WeChat has it',
    ),
});
export type InFlight = Answered<typeof InFlight>;

/** Of a pause or a cancel. */
export const StoppedCampaign = CampaignDetails.extend({
  inFlight: z.array(InFlight).describe('Batches that could not be stopped: they may still go out'),
})
  .describe('The campaign as it is now, and what could not be stopped')
  .meta({ id: 'StoppedCampaign' });
export type StoppedCampaign = Answered<typeof StoppedCampaign>;

const AuditEntry = z.strictObject({
  at: Time,
  by: z.string().describe('The name of the API key, or who else acted'),
  action: z.enum(AUDIT_ACTIONS).describe('The facts of each action stand beside it'),
  message: z.string().describe('The same in words, in the language of Accept-Language'),
  note: z.string().exactOptional().describe('What the operator gave as the reason'),
  batch: z.int().exactOptional(),
  msgId: z.string().exactOptional(),
  clientMsgId: z.string().exactOptional(),
  article: z.int().exactOptional().describe('Of a recall: that one only, counted from 1'),
  outcome: z.enum(['recalled', 'refused', 'unknown', 'not-sent']).exactOptional(),
  as: z.enum(['sent', 'not-sent', 'given-up', 'is', 'halves', 'without']).exactOptional(),
  reason: z.enum(PAUSE_REASONS).exactOptional(),
  code: z.string().exactOptional().describe('Of the campaign’s error'),
  why: z.string().exactOptional().describe('Why its webhook was given up, or its approval is void'),
  draft: z.literal('read').exactOptional().describe('Of an approval: the draft’s content was read'),
  sendAt: Time.exactOptional(),
  notAfter: Time.exactOptional(),
  approvalIsVoid: z.literal(true).exactOptional(),
});
export type AuditEntry = Answered<typeof AuditEntry>;

/** Of the log over all campaigns: with whose it is, and who it was. */
const LoggedAct = AuditEntry.extend({
  account: z.string(),
  campaignId: z.string().exactOptional().describe('Absent where it was done to the account'),
  person: z.string().exactOptional().describe('The operator, where one did it'),
  key: z.string().exactOptional().describe('The name of the API key, where a system did it'),
}).meta({
  id: 'LoggedAct',
  examples: [
    {
      at: '2026-12-01T01:00:31.870Z',
      ...{ by: 'board:ann', person: 'ann', action: 'approve', message: 'approved it' },
      ...{ account: 'default', campaignId: '3kq8v2x0a5n7c1d9f0' },
    },
  ],
});
export type LoggedAct = Answered<typeof LoggedAct>;

const Filters = {
  from: Day.describe('From this day of Beijing on; 30 days back if absent'),
  until: Day.describe('Until this day of Beijing; today if absent'),
  account: z.string().min(1).max(32).exactOptional(),
  by: z.string().min(1).max(100).exactOptional().describe('Name of an operator or of an API key'),
  action: z.enum(AUDIT_ACTIONS).exactOptional(),
};
export const AuditLogQuery = z.strictObject({ ...Filters, limit: Limit, cursor: Cursor });
export const AuditLogFileQuery = z.strictObject(Filters);

export const AuditLogPage = z
  .strictObject({ audit: z.array(LoggedAct), next: Next })
  .describe('Who did what, newest first')
  .meta({ id: 'AuditLog' });

export const Audit = z
  .strictObject({ audit: z.array(AuditEntry), next: NextNumber })
  .describe('Who did what, oldest first')
  .meta({ id: 'Audit' });

export const WebhookReplay = z
  .strictObject({ campaignId: z.string(), queuedAt: Time })
  .describe('It will be told');
export type WebhookReplay = Answered<typeof WebhookReplay>;
