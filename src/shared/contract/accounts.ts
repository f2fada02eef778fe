/** How an account stands, and what WeChat has of it. */
import { z } from 'zod';
import { WAIT_REASONS } from '../campaign/batch.ts';
import { STOP_CODES } from '../campaign/lane.ts';
import { flaw } from '../campaign/mistake.ts';
import { ACCOUNT_WARNINGS } from './account-words.ts';
import { Quota } from './plans.ts';
import { type Answered, Count, Cursor, Limit, Next, Time } from './shapes.ts';

const LANE_STATES = ['open', 'asleep', 'paused'] as const;

export const AccountListQuery = z.strictObject({
  limit: Limit,
  cursor: Cursor,
  search: z.string().max(32).describe('A part of the name, in any case').exactOptional(),
  state: z.enum(LANE_STATES).describe('Of the lane').exactOptional(),
});

const LaneDetails = z.strictObject({
  state: z.enum(LANE_STATES),
  pending: Count.describe('Batches that WeChat must still be called for'),
  why: z.string().exactOptional().describe('Why it does not move, in words'),
  reason: z.enum(WAIT_REASONS).exactOptional(),
  until: Time.exactOptional(),
  code: z.enum(STOP_CODES).exactOptional().describe('Why it is paused'),
  errcode: z.int().exactOptional().describe('WeChat’s'),
  path: z.string().exactOptional().describe('The call that WeChat refused'),
  minutes: z.int().exactOptional().describe('For how long no worker had run'),
  pausedAt: Time.exactOptional(),
  pausedBy: z.string().exactOptional(),
  sendBlocked: z
    .strictObject({
      why: z.string(),
      code: z.enum(STOP_CODES),
      errcode: z.int().exactOptional(),
      path: z.string().exactOptional(),
      minutes: z.int().exactOptional(),
      at: Time,
    })
    .exactOptional()
    .describe('message/mass/send alone is refused; groups, tags and everyone go on'),
  oneByOneUntil: Time.exactOptional().describe(
    'One call at a time until then: WeChat found us too fast',
  ),
});
export type LaneDetails = Answered<typeof LaneDetails>;

const AccountWarning = z
  .looseObject({
    code: z.enum(ACCOUNT_WARNINGS),
    message: z.string().describe('What it means and what to do'),
  })
  .describe('The facts of each code stand beside it');

export const AccountDetails = z
  .strictObject({
    name: z.string(),
    kind: z.enum(['service', 'subscription']),
    newsRoute: z.enum(['auto', 'uploadnews', 'draft']),
    picturePosts: z.boolean().describe('Whether newspic may be sent'),
    approval: z.enum(['always', 'everyone', 'never']),
    callsPerMinute: z.number(),
    sandbox: z.literal(true).exactOptional(),
    quota: z
      .record(z.string(), Quota)
      .describe('Today’s calls (Beijing) by our own count, by API path'),
    lane: LaneDetails,
    token: z.strictObject({ expiresAt: Time }).nullable(),
    lastEvent: z.strictObject({ at: Time, mode: z.string() }).nullable(),
    warnings: z.array(AccountWarning),
  })
  .describe('The account as it is now')
  .meta({
    id: 'Account',
    examples: [
      {
        name: 'default',
        kind: 'service',
        newsRoute: 'auto',
        picturePosts: false,
        approval: 'everyone',
        callsPerMinute: 60,
        quota: { 'message/mass/send': { perDay: 100, usedToday: 4, left: 96 } },
        lane: { state: 'open', pending: 0 },
        token: { expiresAt: '2026-12-01T02:40:00.000Z' },
        lastEvent: { at: '2026-12-01T01:00:31.870Z', mode: 'safe' },
        warnings: [],
      },
    ],
  });
export type AccountDetails = Answered<typeof AccountDetails>;

export const AccountPage = z
  .strictObject({ accounts: z.array(AccountDetails), next: Next })
  .describe('A page of accounts, by name');

export const ResumedAccounts = z
  .strictObject({ accounts: z.array(z.string()) })
  .describe('The names of the accounts that were resumed');

const Group = z.strictObject({ id: z.string(), name: z.string(), count: Count });
export type Group = Answered<typeof Group>;
export const GroupList = z.strictObject({ groups: z.array(Group) }).describe('The groups');

const Tag = z.strictObject({ id: z.int(), name: z.string(), count: Count });
export type Tag = Answered<typeof Tag>;
export const TagList = z.strictObject({ tags: z.array(Tag) }).describe('The tags');

export const FollowersQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, flaw('cursor-unknown'))
    .describe('`next` of the page before; each page costs one of 500 calls a day')
    .exactOptional(),
});
export const FollowerPage = z
  .strictObject({ total: Count.nullable(), openids: z.array(z.string()), next: Next })
  .describe('A page of OpenIDs');

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

export const DraftsQuery = z.strictObject({
  offset: whole(0, 1_000_000).default(0).describe('Drafts to leave out'),
  count: whole(1, 20).default(20).describe('How many; WeChat gives 20 at most'),
});

const ConsoleDraft = z.strictObject({
  mediaId: z.string().describe('Sent as {"type": "news", "mediaId": "…"}'),
  titles: z.array(z.string()),
  updatedAt: Time,
});
/** Composed in WeChat's console; sent as `{"type": "news", "mediaId": …}`. */
export type ConsoleDraft = Answered<typeof ConsoleDraft>;

export const DraftPage = z
  .strictObject({
    total: Count,
    drafts: z.array(ConsoleDraft),
    next: z.int().nullable().describe('`offset` of the next page; null on the last'),
  })
  .describe('A page of drafts');

export const SpeedRequest = z
  .strictObject({
    speed: z
      .literal([0, 1, 2, 3, 4])
      .describe('0 (800,000 followers a minute) to 4 (100,000), for the whole account'),
  })
  .meta({ id: 'Speed', examples: [{ speed: 2 }] });

export const SpeedAnswer = z
  .strictObject({
    speed: z.int(),
    realSpeed: z.number().exactOptional().describe('In ten thousands a minute'),
  })
  .describe('The speed');

/** WeChat's own parameters (`signature`, `timestamp` …) may stay where they are. */
export const ReceiptQuery = z.looseObject({
  account: z
    .string()
    .optional()
    .describe('May be left out only where exactly one account is configured'),
});

export const ReceiptOutcome = z
  .strictObject({
    outcome: z
      .string()
      .describe(
        'settled, repeated or replaced; parked: no batch waits for it yet; ignored: not ours',
      ),
    msgId: z.string().exactOptional(),
    event: z.string().exactOptional(),
  })
  .describe('What it did')
  .meta({ examples: [{ outcome: 'settled', msgId: '1000000002' }] });
