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

type PayloadOf<Definition> = Definition extends JobDefinition<infer Payload> ? Payload : never;

/** Named in each job, done by every worker: see workers/job.ts. */
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

const define = <Payload>({
  options,
  ...job
}: Omit<JobDefinition<Payload>, 'options'> & {
  readonly options?: JobsOptions;
}): JobDefinition<Payload> => ({ ...job, options: { ...ALWAYS_BACK, ...options } });

const Id = z.string().min(1).max(64);
const No = z.int().positive();
const Count = z.int().nonnegative();
const OfCampaign = z.strictObject({ campaignId: Id });

type Traced = Pick<JobsOptions, 'telemetry'>;

/** A job carries the trace that it continues as BullMQ's own package for OpenTelemetry has it. */
export const inTrace = (traceparent: string | undefined): Traced =>
  traceparent === undefined ? {} : { telemetry: { metadata: JSON.stringify({ traceparent }) } };

/** The traceparent that a job carries, whoever added it. */
export const traceOf = ({ opts }: { readonly opts: Traced }): string | undefined =>
  /"traceparent":"([0-9a-f-]+)"/.exec(opts.telemetry?.metadata ?? '')?.[1];

export const acceptCampaignJob = {
  name: 'accept-campaign',
  /** The body of POST /v1/campaigns, as another service put it. */
  payload: z.unknown(),
  maxBytes: 65_536,
} as const;

export const runCampaignJob = define({
  name: 'run-campaign',
  payload: OfCampaign,
  id: ({ campaignId }) => `c-${campaignId}`,
});
export type CampaignPayload = PayloadOf<typeof runCampaignJob>;

export const uploadMediaJob = define({
  name: 'upload-media',
  payload: z.strictObject({ campaignId: Id, n: No, generation: Count }),
  id: ({ campaignId, n, generation }) => `u-${campaignId}-${n}-${generation}`,
});
export type UploadMediaPayload = PayloadOf<typeof uploadMediaJob>;

export const uploadNewsJob = define({
  name: 'upload-news',
  payload: z.strictObject({
    campaignId: Id,
    generation: Count,
    /** A draft dies with its send: one per batch. Absent with uploadnews, whose id serves all. */
    batchNo: No.optional(),
  }),
  id: ({ campaignId, generation, batchNo }) =>
    `n-${campaignId}-${generation}${batchNo === undefined ? '' : `-${batchNo}`}`,
});
export type UploadNewsPayload = PayloadOf<typeof uploadNewsJob>;

export const submitBatchJob = define({
  name: 'submit-batch',
  payload: z.strictObject({ campaignId: Id, no: No, generation: Count, run: Count }),
  id: (payload) => `${batchKey(payload.campaignId, payload)}.${payload.run}`,
});
export type SubmitBatchPayload = PayloadOf<typeof submitBatchJob>;

export const receiptJobId = (account: string, msgId: string): string => `m-${account}-${msgId}`;

export const awaitReceiptJob = define({
  name: 'await-receipt',
  payload: z.strictObject({
    campaignId: Id,
    no: No,
    account: Id,
    msgId: z.string().regex(MESSAGE_ID),
  }),
  id: ({ account, msgId }) => receiptJobId(account, msgId),
});
export type AwaitReceiptPayload = PayloadOf<typeof awaitReceiptJob>;

/** Sleeps (almost) for ever under the root of a campaign with a held batch, until an operator decides. */
export const awaitDecisionJob = define({
  name: 'await-decision',
  payload: z.strictObject({ campaignId: Id, no: No, generation: Count }),
  id: (payload) => `h-${batchKey(payload.campaignId, payload)}`,
});
export type AwaitDecisionPayload = PayloadOf<typeof awaitDecisionJob>;

/** The same under a paused campaign. Removed when done, so that it can be paused again. */
export const awaitResumeJob = define({
  name: 'await-resume',
  payload: OfCampaign,
  id: ({ campaignId }) => `p-${campaignId}`,
  options: { removeOnComplete: true },
});

/** Ten years: the score of a delayed job stays exact until 2039. */
export const FAR_AWAY = 3_650 * DAY;

export const readFollowersJob = define({
  name: 'read-followers',
  payload: OfCampaign,
  id: ({ campaignId }) => `f-${campaignId}`,
});

const FIRST_WEBHOOK_PAUSE = 5 * SECOND;

/** About how long after so many attempts the next is made. */
export const webhookPause = (attempts: number): number => FIRST_WEBHOOK_PAUSE * 2 ** (attempts - 1);

export const notifyWebhookJob = define({
  name: 'notify-webhook',
  payload: z.strictObject({
    campaignId: Id,
    replay: Count,
    /** Of what changed after the end, at `replay`. */
    corrected: z.boolean().optional(),
  }),
  id: ({ campaignId, replay, corrected }) =>
    `w-${campaignId}-${replay}${corrected ? '-corrected' : ''}`,
  options: {
    // 5 s, 10 s, 20 s … for about three days in all.
    attempts: 17,
    backoff: { type: 'exponential', delay: FIRST_WEBHOOK_PAUSE, jitter: 0.2 },
  },
});
export type NotifyWebhookPayload = PayloadOf<typeof notifyWebhookJob>;

export const sweepJob = { name: 'sweep', schedulerId: 'sweep', payload: z.unknown() } as const;
