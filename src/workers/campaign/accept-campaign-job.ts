/** Takes in campaigns that another service put straight into Redis, in any language. */
import { type Job, UnrecoverableError } from 'bullmq';
import type { Logger } from 'pino';
import type { AcceptCampaign, Caller } from '../../shared/actions/accept-campaign.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { acceptCampaignJob } from '../../shared/queue/jobs.ts';
import { sleepUntil } from '../lane/sleep.ts';

interface Dependencies extends Pick<AcceptCampaign, 'accept'> {
  readonly log: Logger;
  readonly now: () => number;
}

const FAULT_PAUSE = 5 * SECOND;

/**
 * The job's data is the body of POST /v1/campaigns; its id, if the other service chose one, is the
 * idempotency key. What it returns
 * is what the API would have answered; a refused request fails the job for good, with every mistake
 * in the reason. A fault of ours is none of the other service's: whatever `attempts` it gave the
 * job, it is tried again.
 */
export function makeAcceptCampaignJob({ accept, log, now }: Dependencies) {
  return async function acceptCampaign(
    job: Job,
    token?: string,
  ): Promise<{ id: string; state: string }> {
    const bytes = Buffer.byteLength(JSON.stringify(job.data));
    if (bytes > acceptCampaignJob.maxBytes) {
      throw new UnrecoverableError(
        `${bytes} bytes of job data, at most ${acceptCampaignJob.maxBytes}: put OpenIDs and media in first, and name them by id`,
      );
    }
    const result = await accept(job.data, callerOf(job)).catch((error: unknown) => {
      log.error(
        { event: 'accept.failed', job: job.id, err: error },
        'a campaign is taken in later',
      );
      return sleepUntil(job, token, now() + FAULT_PAUSE);
    });
    if ('refused' in result) {
      const { code, detail, errors = [] } = result.refused;
      const mistakes = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
      throw new UnrecoverableError(`${code}: ${detail}${mistakes ? ` (${mistakes})` : ''}`);
    }
    return { id: result.view.id, state: result.view.state };
  };
}

/** BullMQ's own ids: a number, or a scheduler's tick. */
const MADE_BY_BULLMQ = /^(?:\d+|repeat:.*)$/;

/** A counter of BullMQ's may start anew, so its number alone would name two jobs. */
function callerOf({ id = '', timestamp }: Job): Caller {
  return MADE_BY_BULLMQ.test(id)
    ? { by: 'redis', idempotencyKey: `made:${id}:${timestamp}`, keyIsMade: true }
    : { by: 'redis', idempotencyKey: `job:${id}` };
}
