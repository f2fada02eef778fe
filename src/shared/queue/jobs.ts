/**
 * Every job there is: its queue, its name, what it carries, its identity, how it is retried.
 *
 * Both ends import the same definition, so they cannot disagree. A payload carries identifiers
 * only, never OpenIDs or content; the worker reads the rest afresh from the record. Names, ids and
 * payloads are a contract with services that look into Redis: version 1.
 */
import type { JobsOptions } from 'bullmq';
import { z } from 'zod';
import { batchKey } from '../campaign/batch.ts';
import { DAY, SECOND } from '../platform/time.ts';
import { MESSAGE_ID } from '../wechat/message-id.ts';

/** `upkeep` has the sweeper alone: no webhook and no reading of followers may hold up a deadline. */
export const SHARED_QUEUES = [
  'campaigns',
  'media',
  'news',
  'receipts',
  'followers',
  'webhooks',
  'upkeep',
] as const;
export type SharedQueue = (typeof SHARED_QUEUES)[number];
/** `send` stands for all lanes. */
export const QUEUE_NAMES: readonly string[] = [...SHARED_QUEUES, 'send'];

/** Each account has a queue of its own for sends, with its own pace and its own pause. */
export const laneOf = (account: string): string => `send.${account}`;
export const accountOfLane = (queue: string): string | null =>
  queue.startsWith('send.') ? queue.slice('send.'.length) : null;

export interface JobDefinition<Payload> {
  readonly name: string;
  readonly payload: z.ZodType<Payload>;
  /** Same work, same id: adding it twice is adding it once. BullMQ allows no colon in it. */
  readonly id: (payload: Payload) => string;
  readonly options: JobsOptions;
}

/** Named in each job, done by every worker: see workers/backoff.ts. */
export const CAPPED_BACKOFF = 'capped';

/**
 * A root must always come back, and a child that failed must not leave its root asleep for ever:
 * the record decides what became of the work, not the job.
 */
const ALWAYS_BACK: JobsOptions = {
  attempts: 1_000_000,
  backoff: { type: CAPPED_BACKOFF },
  // Kept until the campaign is closed: a removed job's id guards nothing.
  removeOnComplete: { age: (30 * DAY) / SECOND, limit: 1_000 },
  removeOnFail: { age: (30 * DAY) / SECOND },
};

const Id = z.string().min(1).max(64);
const No = z.int().positive();

export const acceptCampaignJob = {
  name: 'accept-campaign',
  /** The body of POST /v1/campaigns, as another service put it; at most 64 KB. */
  maxBytes: 65_536,
} as const;

export const CampaignPayload = z.strictObject({ campaignId: Id });
export type CampaignPayload = z.output<typeof CampaignPayload>;

export const runCampaignJob: JobDefinition<CampaignPayload> = {
  name: 'run-campaign',
  payload: CampaignPayload,
  id: ({ campaignId }) => `c-${campaignId}`,
  options: ALWAYS_BACK,
};

export const UploadMediaPayload = z.strictObject({
  campaignId: Id,
  n: No,
  generation: z.int().nonnegative(),
});
export type UploadMediaPayload = z.output<typeof UploadMediaPayload>;

export const uploadMediaJob: JobDefinition<UploadMediaPayload> = {
  name: 'upload-media',
  payload: UploadMediaPayload,
  id: ({ campaignId, n, generation }) => `u-${campaignId}-${n}-${generation}`,
  options: ALWAYS_BACK,
};

export const UploadNewsPayload = z.strictObject({
  campaignId: Id,
  generation: z.int().nonnegative(),
  /** A draft dies with its send: one per batch. Absent with uploadnews, whose id serves all. */
  batchNo: No.optional(),
});
export type UploadNewsPayload = z.output<typeof UploadNewsPayload>;

export const uploadNewsJob: JobDefinition<UploadNewsPayload> = {
  name: 'upload-news',
  payload: UploadNewsPayload,
  id: ({ campaignId, generation, batchNo }) =>
    batchNo === undefined
      ? `n-${campaignId}-${generation}`
      : `n-${campaignId}-${generation}-${batchNo}`,
  options: ALWAYS_BACK,
};

export const SubmitBatchPayload = z.strictObject({
  campaignId: Id,
  no: No,
  generation: z.int().nonnegative(),
  run: z.int().nonnegative(),
});
export type SubmitBatchPayload = z.output<typeof SubmitBatchPayload>;

export const submitBatchJob: JobDefinition<SubmitBatchPayload> = {
  name: 'submit-batch',
  payload: SubmitBatchPayload,
  id: (payload) => `${batchKey(payload.campaignId, payload)}.${payload.run}`,
  options: ALWAYS_BACK,
};

export const AwaitReceiptPayload = z.strictObject({
  campaignId: Id,
  no: No,
  account: Id,
  msgId: z.string().regex(MESSAGE_ID),
});
export type AwaitReceiptPayload = z.output<typeof AwaitReceiptPayload>;

export const receiptJobId = (account: string, msgId: string): string => `m-${account}-${msgId}`;

export const awaitReceiptJob: JobDefinition<AwaitReceiptPayload> = {
  name: 'await-receipt',
  payload: AwaitReceiptPayload,
  id: ({ account, msgId }) => receiptJobId(account, msgId),
  options: ALWAYS_BACK,
};

export const AwaitDecisionPayload = z.strictObject({
  campaignId: Id,
  no: No,
  generation: z.int().nonnegative(),
});
export type AwaitDecisionPayload = z.output<typeof AwaitDecisionPayload>;

/** Sleeps (almost) for ever under the root of a campaign with a held batch, until a person decides. */
export const awaitDecisionJob: JobDefinition<AwaitDecisionPayload> = {
  name: 'await-decision',
  payload: AwaitDecisionPayload,
  id: (payload) => `h-${batchKey(payload.campaignId, payload)}`,
  options: ALWAYS_BACK,
};

/** The same under a paused campaign. Removed when done, so that it can be paused again. */
export const awaitResumeJob: JobDefinition<CampaignPayload> = {
  name: 'await-resume',
  payload: CampaignPayload,
  id: ({ campaignId }) => `p-${campaignId}`,
  options: { ...ALWAYS_BACK, removeOnComplete: true },
};

/** Ten years: the score of a delayed job stays exact until 2039. */
export const FAR_AWAY = 3_650 * DAY;

export const readFollowersJob: JobDefinition<CampaignPayload> = {
  name: 'read-followers',
  payload: CampaignPayload,
  id: ({ campaignId }) => `f-${campaignId}`,
  options: ALWAYS_BACK,
};

export const NotifyWebhookPayload = z.strictObject({
  campaignId: Id,
  replay: z.int().nonnegative(),
  /** Of what changed after the end, at `replay`. */
  corrected: z.boolean().default(false),
});
export type NotifyWebhookPayload = z.input<typeof NotifyWebhookPayload>;

const FIRST_WEBHOOK_PAUSE = 5 * SECOND;

/** About how long after so many attempts the next is made. */
export const webhookPause = (attempts: number): number => FIRST_WEBHOOK_PAUSE * 2 ** (attempts - 1);

export const notifyWebhookJob: JobDefinition<NotifyWebhookPayload> = {
  name: 'notify-webhook',
  payload: NotifyWebhookPayload,
  id: ({ campaignId, replay, corrected }) =>
    `w-${campaignId}-${replay}${corrected ? '-corrected' : ''}`,
  options: {
    ...ALWAYS_BACK,
    // 5 s, 10 s, 20 s … for about three days in all.
    attempts: 17,
    backoff: { type: 'exponential', delay: FIRST_WEBHOOK_PAUSE, jitter: 0.2 },
  },
};

export const sweepJob = { name: 'sweep', schedulerId: 'sweep' } as const;
