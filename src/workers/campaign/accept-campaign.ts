/** Takes in campaigns that another service put straight into Redis, in any language. */
import type { Job } from 'bullmq';
import type { AcceptCampaign, Caller } from '../../shared/actions/accept-campaign.ts';
import { refuse } from '../../shared/contract/problem.ts';
import { describeProblem } from '../../shared/contract/problem-words.ts';
import { readJsonText } from '../../shared/platform/json-text.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { acceptCampaignJob } from '../../shared/queue/jobs.ts';
import { CallerMistake, type Handler, until } from '../job.ts';
import type { Tools } from '../tools.ts';

type Dependencies = Pick<Tools, 'log' | 'now'> &
  Pick<AcceptCampaign, 'accept'> & {
    /** The job's data as it is in Redis. */
    readonly dataOf: (job: Job) => Promise<string | null>;
  };

const FAULT_PAUSE = 5 * SECOND;

/**
 * The job's data is the body of POST /v1/campaigns; its id is the idempotency key. Its result
 * is what the API would have answered; a refused request fails the job for good, with the problem
 * as JSON as its `failedReason`. A fault of ours is none of the other service's: whatever
 * `attempts` it gave the job, it is tried again.
 */
export function makeAcceptCampaignJob(deps: Dependencies): Handler<unknown> {
  const { accept, dataOf, log, now } = deps;

  return async function acceptCampaign(_payload, job) {
    const result = await take(job).catch((error: unknown) => {
      log.error(
        { event: 'accept.failed', job: job.id, err: error },
        'a campaign is taken in later',
      );
      return null;
    });
    if (!result) return until(now() + FAULT_PAUSE);
    if ('refused' in result) {
      throw new CallerMistake(JSON.stringify(describeProblem(result.refused, 'en')));
    }
    const { id, state } = result.view;
    return { kind: 'result', value: { id, state } };
  };

  async function take(job: Job) {
    const data = (await dataOf(job)) ?? JSON.stringify(job.data);
    const bytes = Buffer.byteLength(data);
    if (bytes > acceptCampaignJob.maxBytes) {
      return refuse({ code: 'body-too-large', bytes, maxBytes: acceptCampaignJob.maxBytes });
    }
    const read = readJsonText(data);
    if ('flaw' in read) return refuse(read.flaw);
    return accept(read.value, callerOf(job));
  }
}

/** BullMQ's own ids: a number, or a scheduler's tick. */
const MADE_BY_BULLMQ = /^(?:\d+|repeat:.*)$/;

/** A counter of BullMQ's may start anew, so its number alone would name two jobs. */
function callerOf({ id = '', timestamp }: Job): Caller {
  return MADE_BY_BULLMQ.test(id)
    ? { by: 'redis', via: 'job', idempotencyKey: `made:${id}:${timestamp}`, keyIsMade: true }
    : { by: 'redis', via: 'job', idempotencyKey: id };
}
