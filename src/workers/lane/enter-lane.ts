/**
 * May this account's lane call WeChat for this batch now? Not while a person must act first, while
 * WeChat said wait, or while an earlier call is unanswered.
 */
import { DelayedError, type Job, RateLimitError } from 'bullmq';
import type { Batch, BatchRef } from '../../shared/campaign/batch.ts';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import { HOUR, MINUTE, SECOND } from '../../shared/platform/time.ts';
import { submitBatchJob } from '../../shared/queue/jobs.ts';
import { promote, type Queues } from '../../shared/queue/queues.ts';
import type { LaneState } from '../../shared/record/lane-store.ts';
import type { Stores } from '../../shared/record/record.ts';
import { REPEAT_PRIORITY } from './sleep-in-lane.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'batches' | 'campaigns' | 'lanes'>;
  readonly queues: Queues;
  readonly now: () => number;
}

export type EnterLane = ReturnType<typeof makeEnterLane>;

/** A lane that a person must release looks again this often, should the release be missed. */
const STOPPED_PAUSE = HOUR;

export function makeEnterLane({ stores, queues, now }: Dependencies) {
  const { batches, campaigns, lanes } = stores;

  /** Returns when the batch may be called for; else the job sleeps, and this never returns. */
  async function enterLane(
    job: Job,
    token: string | undefined,
    at: { campaign: Campaign; batch: Batch; api: 'send' | 'sendall' },
  ): Promise<void> {
    const { campaign, batch, api } = at;
    const ref = { campaignId: campaign.id, no: batch.no };
    const lane = await lanes.read(campaign.account);
    if (isStopped(lane, api)) {
      const nextAttemptAt = now() + STOPPED_PAUSE;
      await batches.apply(
        ref,
        { type: 'put-back', reason: 'account-paused', nextAttemptAt },
        { unless: (b) => b.state !== 'pending' },
      );
      await job.moveToDelayed(nextAttemptAt, token);
      // The release may have come between our look and our going to sleep: look again.
      if (!isStopped(await lanes.read(campaign.account), api)) {
        await promote(queues.lane(campaign.account), job.id ?? '');
      }
      throw new DelayedError();
    }
    if (lane.sleep && lane.sleep.until > now() && lane.sleep.reason !== 'outcome-unknown') {
      await queues.lane(campaign.account).rateLimit(lane.sleep.until - now());
      throw new RateLimitError();
    }
    if (batch.state === 'submitting') return;
    const [other] = await batches.unanswered(campaign.account);
    if (!other) return;
    const blocking = await batches.read(other);
    if (blocking?.state !== 'submitting') return;
    // Asleep until that one is asked about again; its repeat has the first place in the lane.
    await putFirst(other, blocking);
    const until = blocking.answered ? (blocking.nextAttemptAt ?? 0) : 0;
    await queues
      .lane(campaign.account)
      .rateLimit(Math.min(Math.max(until - now(), SECOND), MINUTE));
    throw new RateLimitError();
  }

  /**
   * Whatever it slept for (its media, a person, a lost worker), its job must not queue behind those
   * that wait for its answer: each of them would take the lane's next start, for ever.
   */
  async function putFirst({ campaignId }: BatchRef, batch: Batch): Promise<void> {
    const campaign = await campaigns.spec(campaignId);
    if (!campaign) return;
    const { no, generation, run } = batch;
    const lane = queues.lane(campaign.account);
    const job = await lane.getJob(submitBatchJob.id({ campaignId, no, generation, run }));
    if (job && job.priority !== REPEAT_PRIORITY) {
      await job.changePriority({ priority: REPEAT_PRIORITY }).catch(() => undefined);
    }
  }

  return enterLane;
}

const isStopped = (lane: LaneState, api: 'send' | 'sendall'): boolean =>
  lane.paused !== undefined || (api === 'send' && lane.sendBlocked !== undefined);
