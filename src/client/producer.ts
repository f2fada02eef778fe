/**
 * Enqueues campaigns straight into Redis, from another service's process. The same from any
 * language: docs/enqueue.md.
 *
 * What is put in is taken in by a worker, so that a mistake which only the record shows (no such
 * account, audience or file) is told by `waitUntilAccepted`, not by `enqueue`.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Job, Queue } from 'bullmq';
import type { z } from 'zod';
import { CampaignRequest } from '../shared/contract/campaign-request.ts';
import { mistakesOf } from '../shared/contract/mistakes-of.ts';
import type { Problem } from '../shared/contract/problem.ts';
import { describeProblem } from '../shared/contract/problem-words.ts';
import { inTime } from '../shared/platform/in-time.ts';
import { connect } from '../shared/platform/redis.ts';
import { DAY, MINUTE, SECOND } from '../shared/platform/time.ts';
import { acceptCampaignJob, CAPPED_BACKOFF } from '../shared/queue/jobs.ts';
import { jobIdOf } from './job-id.ts';
import { isProblem } from './problem.ts';
import { QunfaError } from './qunfa-error.ts';

// biome-ignore lint/performance/noBarrelFile: what a service catches comes from where it enqueues
export { QunfaError } from './qunfa-error.ts';

export interface DirectProducerOptions {
  /** As REDIS_URL of the workers, in any of its forms. */
  readonly redisUrl: string;
  /** For the forms with TLS, PEM: an authority of one's own, and a client's certificate and key. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** As REDIS_PREFIX of the workers: 1 to 32 of a to z, 0 to 9 and `-`; `qunfa`. */
  readonly prefix?: string;
}

/** The body of POST /v1/campaigns; OpenIDs and files by id where it would be over 64 KB. */
export type NewCampaign = z.input<typeof CampaignRequest>;

export interface EnqueuedCampaign {
  /** Of the job, made of the idempotency key. */
  readonly jobId: string;
}

export interface TakenCampaign {
  readonly id: string;
  readonly state: string;
}

export interface DirectProducer {
  /**
   * @param options.idempotencyKey same key and body: the same campaign, however often.
   * @throws {QunfaError} `invalid-campaign` with every mistake at once, `body-too-large`,
   *   `idempotency-key-reused`, `redis-unavailable`.
   */
  enqueue(
    body: NewCampaign,
    options: { readonly idempotencyKey: string },
  ): Promise<EnqueuedCampaign>;
  /**
   * Waits for a worker to take it in.
   *
   * @throws {QunfaError} with the API's own code where it was refused; `not-yet-accepted` when
   *   nobody took it in time. It is kept all the same.
   */
  waitUntilAccepted(
    job: EnqueuedCampaign,
    options?: { readonly timeoutMs?: number },
  ): Promise<TakenCampaign>;
  close(): Promise<void>;
}

const ANSWER_WITHIN = 5 * SECOND;
const LONGEST_PAUSE = SECOND;

/**
 * Connects when it is first used. One for a process is enough.
 *
 * @throws {TypeError} for a url or prefix that REDIS_URL or REDIS_PREFIX would not take.
 */
export function makeDirectProducer({
  redisUrl,
  tls,
  prefix = 'qunfa',
}: DirectProducerOptions): DirectProducer {
  if (!/^[a-z0-9-]{1,32}$/.test(prefix)) {
    throw new TypeError('prefix: 1 to 32 of a to z, 0 to 9 and -, as REDIS_PREFIX, without braces');
  }
  // Without Redis, whoever enqueues hears so instead of waiting for ever.
  const connection = connect({ url: redisUrl, ...(tls ? { tls } : {}) }, { purpose: 'caller' });
  connection.on('error', () => undefined);
  const queue = new Queue('campaigns', { connection, prefix: `{${prefix}}` });
  queue.on('error', () => undefined);

  async function enqueue(
    body: NewCampaign,
    options: { readonly idempotencyKey: string },
  ): Promise<EnqueuedCampaign> {
    // What a caller without types may have left out would become the key "undefined".
    const jobId = jobIdOf((options as Partial<typeof options> | undefined)?.idempotencyKey);
    check(body);
    // As Redis will have it: `undefined` fields are gone.
    const data: unknown = JSON.parse(JSON.stringify(body));
    return answered(add(jobId, data));
  }

  async function add(jobId: string, data: unknown): Promise<EnqueuedCampaign> {
    await queue.add(acceptCampaignJob.name, data, { ...KEPT, jobId });
    // BullMQ says nothing where the id is taken, and keeps what was there.
    const kept = await queue.getJob(jobId);
    if (kept && !isDeepStrictEqual(kept.data, data))
      throw refusal({ code: 'idempotency-key-reused' });
    return { jobId };
  }

  /** Looked for, not listened for: an event between looking and listening is lost for good. */
  async function waitUntilAccepted(
    { jobId }: EnqueuedCampaign,
    { timeoutMs = MINUTE }: { readonly timeoutMs?: number } = {},
  ): Promise<TakenCampaign> {
    const until = performance.now() + timeoutMs;
    for (let pause = 25; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const job = await answered(queue.getJob(jobId));
      if (!job) throw failure(404, 'job-not-found', 'no such job is kept in Redis');
      if (job.finishedOn !== undefined) {
        if (job.failedReason) throw refusalOf(job);
        return job.returnvalue as TakenCampaign;
      }
      if (performance.now() + pause > until) {
        const detail = `no worker took it in within ${timeoutMs / SECOND} s; it is kept all the same`;
        throw failure(0, 'not-yet-accepted', detail);
      }
      await sleep(pause);
    }
  }

  async function close(): Promise<void> {
    await queue.close();
    connection.disconnect();
  }

  return { enqueue, waitUntilAccepted, close };
}

/** A fault on the worker's side is tried again; a refusal is final and says why. */
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

/** The worker fails the job with the problem as JSON; BullMQ itself fails it with a sentence. */
function refusalOf({ failedReason = 'failed' }: Job): QunfaError {
  const problem = parsed(failedReason);
  if (!isProblem(problem)) return failure(422, 'failed', failedReason);
  const { status } = problem as { status?: unknown };
  return new QunfaError({ ...problem, status: typeof status === 'number' ? status : 422 });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await inTime(work, ANSWER_WITHIN);
  } catch (error) {
    if (error instanceof QunfaError) throw error;
    const detail =
      'Redis cannot be reached, so nobody knows whether it was enqueued; the same key can be used again';
    throw failure(0, 'redis-unavailable', detail, { cause: error });
  }
}

const refusal = (problem: Problem): QunfaError => new QunfaError(describeProblem(problem, 'en'));

const failure = (status: number, code: string, detail: string, options?: ErrorOptions) =>
  new QunfaError({ status, code, detail }, options);
