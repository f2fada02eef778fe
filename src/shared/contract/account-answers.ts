/** How an account stands, and what WeChat has of it. */
import { z } from 'zod';
import { Next } from './paging.ts';
import { Quota } from './report-answers.ts';

const Time = z.iso.datetime();
const Count = z.int().nonnegative();

const Lane = z.strictObject({
  state: z.enum(['open', 'asleep', 'paused']),
  pending: Count.describe('Batches that WeChat must still be called for'),
  why: z.string().optional().describe('Why it does not move, in words'),
  reason: z.string().optional(),
  until: Time.optional(),
  errcode: z.int().optional().describe('WeChat’s'),
  pausedAt: Time.optional(),
  pausedBy: z.string().optional(),
  sendBlocked: z
    .strictObject({ why: z.string(), errcode: z.int().optional(), at: Time })
    .optional()
    .describe('message/mass/send alone is refused; groups, tags and everyone go on'),
  oneByOneUntil: Time.optional().describe('WeChat found us too fast'),
});

export const AccountAnswer = z
  .strictObject({
    name: z.string(),
    kind: z.enum(['service', 'subscription']),
    newsRoute: z.enum(['auto', 'uploadnews', 'draft']),
    approval: z.enum(['always', 'everyone', 'never']),
    callsPerMinute: z.number(),
    sandbox: z.literal(true).optional(),
    quota: z.record(z.string(), Quota).describe('Today’s calls (Beijing), by API path'),
    lane: Lane,
    token: z.strictObject({ expiresAt: Time }).nullable(),
    lastEvent: z.strictObject({ at: Time, mode: z.string() }).nullable(),
    warnings: z.array(z.strictObject({ code: z.string(), message: z.string() })),
  })
  .meta({ id: 'Account' });

export const GroupsAnswer = z.strictObject({
  groups: z.array(z.strictObject({ id: z.string(), name: z.string(), count: Count })),
});
export const TagsAnswer = z.strictObject({
  tags: z.array(z.strictObject({ id: z.int(), name: z.string(), count: Count })),
});
export const FollowersAnswer = z.strictObject({
  total: Count.nullable(),
  openids: z.array(z.string()),
  next: Next,
});
export const DraftsAnswer = z.strictObject({
  total: Count,
  drafts: z.array(
    z.strictObject({
      mediaId: z.string().describe('Sent as {"type": "news", "mediaId": "…"}'),
      titles: z.array(z.string()),
      updatedAt: Time,
    }),
  ),
  next: z.int().nullable().describe('`offset` of the next page; null on the last'),
});
export const SpeedAnswer = z.strictObject({
  speed: z.int(),
  realSpeed: z.number().optional().describe('In ten thousands a minute'),
});
export const EventAnswer = z.strictObject({
  outcome: z
    .string()
    .describe(
      'settled, repeated or replaced; parked: no batch waits for it yet; ignored: not ours',
    ),
  msgId: z.string().optional(),
  event: z.string().optional(),
});
