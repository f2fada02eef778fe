/** One span for each run of a job, in the trace of its campaign. */
import type { Job } from 'bullmq';
import { inSpan, isTracing } from '../shared/platform/tracing.ts';
import { acceptCampaignJob, sweepJob, traceOf } from '../shared/queue/jobs.ts';
import type { Stores } from '../shared/record/record.ts';

/** A job that was lost and added again by the sweeper carries no trace: its campaign does. */
export const makeTraceJob =
  ({ campaigns }: Pick<Stores, 'campaigns'>) =>
  async <T>(job: Job, work: () => Promise<T>): Promise<T> => {
    if (!isTracing() || job.name === sweepJob.name) return work();
    const queue = { 'qunfa.queue': job.queueName };
    // Its data is what another service wrote.
    if (job.name === acceptCampaignJob.name) {
      return inSpan(
        { name: job.name, kind: 'consumer', parent: traceOf(job), attributes: queue },
        work,
      );
    }
    const { campaignId, no } = job.data as { campaignId: string; no?: number };
    const parent = traceOf(job) ?? (await campaigns.spec(campaignId))?.trace;
    const attributes = { ...queue, 'qunfa.campaign': campaignId, 'qunfa.batch': no };
    return inSpan({ name: job.name, kind: 'consumer', parent, attributes }, work);
  };
