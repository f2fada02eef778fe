/**
 * Enqueues campaigns directly in Redis, from the process of another service. From any language:
 * docs/enqueue.md.
 *
 * A worker accepts what is enqueued. What only the record can refuse (an unknown account, audience
 * or file) is therefore reported by `waitUntilAccepted`, not by `enqueue`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Job, Queue } from 'bullmq';
import { CampaignRequest } from '../shared/contract/campaign-request.ts';
import { mistakesOf } from '../shared/contract/mistakes-of.ts';
import type { Problem } from '../shared/contract/problem.ts';
import { describeProblem } from '../shared/contract/problem-words.ts';
import type { Asked } from '../shared/contract/shapes.ts';
import { ServiceError } from '../shared/platform/errors.ts';
import { inTime } from '../shared/platform/in-time.ts';
import { connect } from '../shared/platform/redis.ts';
import { DAY, MINUTE, SECOND } from '../shared/platform/time.ts';
import { acceptCampaignJob, CAPPED_BACKOFF, inTrace } from '../shared/queue/jobs.ts';
import { recordOf } from '../shared/record/keys.ts';
import { makeReplicas } from '../shared/record/replicas.ts';
import { failed } from './failures.ts';
import { isProblem, jsonIn, QunfaError } from './qunfa-error.ts';

// biome-ignore lint/performance/noBarrelFile: the public entry of the package
export { QunfaError } from './qunfa-error.ts';

export interface DirectProducerOptions {
  /** As REDIS_URL of the workers, in any of its forms. */
  readonly redisUrl: string;
  /** For the forms with TLS, PEM: an authority of one's own, and a client's certificate and key. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** As REDIS_PREFIX of the workers: 1 to 32 of a to z, 0 to 9 and `-`; `qunfa`. */
  readonly prefix?: string;
  /** As REDIS_WAIT_REPLICAS: `enqueue` resolves once so many replicas have the job. */
  readonly waitReplicas?: number;
}

/** The body of POST /v1/campaigns; OpenIDs and files by id where it would be over 64 KB. */
export type NewCampaign = Asked<typeof CampaignRequest>;

export interface EnqueuedCampaign {
  /** Of the job, made of the idempotency key. */
  readonly jobId: string;
}

export interface TakenCampaign {
  readonly id: string;
  readonly state: string;
}

export type DirectProducer = ReturnType<typeof makeDirectProducer>;

const ANSWER_WITHIN = 5 * SECOND;
const LONGEST_PAUSE = SECOND;

/**
 * Connects when it is first used. One for a process is enough.
 *
 * @throws {TypeError} for a url or prefix that REDIS_URL or REDIS_PREFIX would not take.
 */
export function makeDirectProducer(options: DirectProducerOptions) {
  const { redisUrl, tls, prefix = 'qunfa', waitReplicas } = options;
  if (!/^[a-z0-9-]{1,32}$/.test(prefix)) {
    throw new TypeError('prefix: 1 to 32 of a to z, 0 to 9 and -, as REDIS_PREFIX, without braces');
  }
  // Without Redis, a call fails instead of waiting for ever.
  const connection = connect({ url: redisUrl, ...(tls ? { tls } : {}) }, { purpose: 'caller' });
  connection.on('error', () => undefined);
  const queue = new Queue('campaigns', { connection, prefix: `{${prefix}}` });
  queue.on('error', () => undefined);
  const replicas = makeReplicas({
    redis: connection,
    record: recordOf(`{${prefix}}`),
    count: waitReplicas,
  });

  /**
   * @param options.idempotencyKey same key and body: the same campaign.
   * @param options.traceparent W3C's, for the campaign to continue the caller's trace.
   * @throws {QunfaError} `invalid-campaign` with every mistake at once, `body-too-large`,
   *   `idempotency-key-reused`; `redis-unavailable` and `replicas-behind`: repeat it with the same key.
   */
  async function enqueue(
    body: NewCampaign,
    options: { readonly idempotencyKey: string; readonly traceparent?: string },
  ): Promise<EnqueuedCampaign> {
    // Without types, a caller may leave the options out.
    const given = options as Partial<typeof options> | undefined;
    const jobId = jobIdOf(given?.idempotencyKey);
    check(body);
    // As Redis will have it, without `undefined` fields.
    const data: unknown = JSON.parse(JSON.stringify(body));
    return answered(add(jobId, data, given?.traceparent));
  }

  async function add(
    jobId: string,
    data: unknown,
    traceparent?: string,
  ): Promise<EnqueuedCampaign> {
    await queue.add(acceptCampaignJob.name, data, {
      ...KEPT,
      ...inTrace(traceparent),
      jobId,
    });
    // BullMQ keeps the first job of an id, and reports nothing.
    const kept = await queue.getJob(jobId);
    if (kept && !isDeepStrictEqual(kept.data, data)) {
      throw refusal({ code: 'idempotency-key-reused' });
    }
    const key = queue.toKey(jobId);
    const isKept = await replicas.confirm([{ key, field: 'name', is: acceptCampaignJob.name }]);
    if (!isKept) throw refusal({ code: 'replicas-behind' });
    return { jobId };
  }

  /**
   * Waits until a worker has accepted it. It polls: an event could come before the first read.
   *
   * @throws {QunfaError} with the API's code where it was refused; `not-yet-accepted` after
   *   `timeoutMs`: the job is kept, and a worker may still accept it.
   */
  async function waitUntilAccepted(
    { jobId }: EnqueuedCampaign,
    { timeoutMs = MINUTE }: { readonly timeoutMs?: number } = {},
  ): Promise<TakenCampaign> {
    const until = performance.now() + timeoutMs;
    for (let pause = 25; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const job = await answered(queue.getJob(jobId));
      if (!job) throw failed('job-not-found', 'Redis has no such job', {}, 404);
      if (job.finishedOn !== undefined) {
        if (job.failedReason) throw refusalOf(job);
        return job.returnvalue as TakenCampaign;
      }
      if (performance.now() + pause > until) {
        const detail = `no worker accepted it within ${timeoutMs / SECOND} s; the job is kept`;
        throw failed('not-yet-accepted', detail);
      }
      await sleep(pause);
    }
  }

  async function close(): Promise<void> {
    replicas.close();
    await queue.close();
    connection.disconnect();
  }

  return { enqueue, waitUntilAccepted, close };
}

/** A failure of the worker is retried; a refusal is final. */
const KEPT = {
  attempts: 1_000,
  backoff: { type: CAPPED_BACKOFF },
  removeOnComplete: { age: (30 * DAY) / SECOND },
  removeOnFail: { age: (30 * DAY) / SECOND },
};

function check(body: unknown): void {
  const bytes = Buffer.byteLength(JSON.stringify(body) ?? '');
  if (bytes > acceptCampaignJob.maxBytes) {
    throw refusal({ code: 'body-too-large', bytes, maxBytes: acceptCampaignJob.maxBytes });
  }
  const parsed = CampaignRequest.safeParse(body, { reportInput: true });
  if (parsed.success) return;
  throw refusal({ code: 'invalid-campaign', errors: mistakesOf(parsed.error) });
}

/** A worker fails the job with the problem as JSON; BullMQ fails it with a sentence. */
function refusalOf({ failedReason = 'failed' }: Job): QunfaError {
  const problem = jsonIn(failedReason);
  if (!isProblem(problem)) return failed('failed', failedReason, {}, 422);
  const { status } = problem as { status?: unknown };
  return new QunfaError({ ...problem, status: typeof status === 'number' ? status : 422 });
}

async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await inTime(work, ANSWER_WITHIN);
  } catch (error) {
    if (error instanceof QunfaError) throw error;
    if (error instanceof ServiceError && error.code === 'REPLICAS_BEHIND') {
      throw refusal({ code: 'replicas-behind' });
    }
    const detail =
      'Redis cannot be reached, so it is unknown whether the job was added; repeat it with the same key';
    throw failed('redis-unavailable', detail, { cause: error });
  }
}

const refusal = (problem: Problem): QunfaError => new QunfaError(describeProblem(problem, 'en'));

const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/**
 * The job's id for an idempotency key. BullMQ allows neither a colon nor a bare number, so those
 * are percent-encoded; no two keys share an id.
 *
 * @throws {QunfaError} `idempotency-key-invalid`
 */
export function jobIdOf(idempotencyKey: unknown): string {
  if (typeof idempotencyKey !== 'string' || !KEY.test(idempotencyKey)) {
    const detail =
      'idempotencyKey must be 1 to 255 printable ASCII characters, the same for the same campaign';
    throw failed('idempotency-key-invalid', detail, {}, 400);
  }
  const encoded = encodeURIComponent(idempotencyKey);
  return /^-?\d+$/.test(encoded) ? `%${hexOf(encoded)}${encoded.slice(1)}` : encoded;
}

const hexOf = (text: string): string => text.charCodeAt(0).toString(16).toUpperCase();
