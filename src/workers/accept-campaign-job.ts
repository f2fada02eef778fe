/** Takes in campaigns that another service put straight into Redis, in any language. */
import type { Job } from 'bullmq';
import { UnrecoverableError } from 'bullmq';
import type { AcceptCampaign } from '../shared/accept/accept-campaign.ts';
import { acceptCampaignJob } from '../shared/jobs.ts';

/**
 * The job's data is the body of POST /v1/campaigns; its id is the idempotency key. What it returns
 * is what the API would have answered; a refused request fails the job for good, with every mistake
 * in the reason.
 */
export function makeAcceptCampaignJob({ accept }: AcceptCampaign) {
  return async function acceptCampaign(job: Job): Promise<{ id: string; state: string }> {
    const bytes = Buffer.byteLength(JSON.stringify(job.data));
    if (bytes > acceptCampaignJob.maxBytes) {
      throw new UnrecoverableError(
        `${bytes} bytes of job data, at most ${acceptCampaignJob.maxBytes}: put OpenIDs and media in first, and name them by id`,
      );
    }
    const result = await accept(job.data, { by: 'redis', idempotencyKey: `job:${job.id}` });
    if ('refused' in result) {
      const { code, detail, errors = [] } = result.refused;
      const mistakes = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
      throw new UnrecoverableError(`${code}: ${detail}${mistakes ? ` (${mistakes})` : ''}`);
    }
    return { id: result.view.id, state: result.view.state };
  };
}
