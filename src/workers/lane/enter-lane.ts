/**
 * May this account's lane call WeChat for this batch now? Not while an operator must act first, while
 * WeChat said wait, or while an earlier call is unanswered: those are asked about one after another.
 */
import type { Job } from 'bullmq';
import { type MassApi, massApiOf } from '../../shared/campaign/audience.ts';
import type { Batch, BatchRef, Called } from '../../shared/campaign/batch.ts';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import { type LaneState, stopOf } from '../../shared/campaign/lane.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import { submitBatchJob } from '../../shared/queue/jobs.ts';
import { promote } from '../../shared/queue/queues.ts';
import { REPEAT_PRIORITY, type Wait } from '../job.ts';
import type { Tools } from '../tools.ts';
import { wakeIfReleased } from './lane-reactions.ts';
import { comesBefore } from './may-adopt.ts';
import { STOPPED_PAUSE } from './read-submission.ts';

export type EnterLane = ReturnType<typeof makeEnterLane>;

export function makeEnterLane({ stores, queues, now }: Pick<Tools, 'stores' | 'queues' | 'now'>) {
  const { batches, campaigns, lanes } = stores;

  /** @returns how the job waits, or null when the batch may be called for. */
  return async function enterLane(
    job: Pick<Job, 'id'>,
    campaign: Campaign,
    batch: Batch,
    api: MassApi,
  ): Promise<Wait | null> {
    const { account } = campaign;
    const lane = queues.lane(account);
    const state = await lanes.read(account);
    if (stopOf(state, api)) {
      const at = now() + STOPPED_PAUSE;
      await batches.apply(
        { campaignId: campaign.id, no: batch.no },
        { type: 'put-back', reason: 'account-paused', nextAttemptAt: at },
        { unless: (b) => b.state !== 'pending' },
      );
      const onceAsleep = async (): Promise<void> => {
        if (!stopOf(await lanes.read(account), api)) await promote(lane, job.id ?? '');
      };
      return { kind: 'until', at, onceAsleep };
    }
    const { sleep } = state;
    if (sleep && sleep.until > now() && sleep.reason !== 'outcome-unknown') {
      const onceAsleep = (): Promise<void> => wakeIfReleased(lanes, lane, account);
      return { kind: 'lane', lane, ms: sleep.until - now(), onceAsleep };
    }
    const me = { ref: { campaignId: campaign.id, no: batch.no }, batch };
    for await (const one of unansweredIn(account, state)) {
      const until = one.batch.answered ? (one.batch.nextAttemptAt ?? 0) : 0;
      const ms = Math.min(Math.max(until - now(), SECOND), MINUTE);
      if (batch.state === 'submitting') {
        if (!comesBefore(one, me)) continue;
        return { kind: 'until', at: now() + ms, first: true };
      }
      // Asleep until that one is asked about again; its repeat has the first place in the lane.
      await putFirst(one);
      return { kind: 'lane', lane, ms };
    }
    return null;
  };

  /**
   * Calls that were not answered, and that are asked about again. Not those to OpenIDs whose interface
   * WeChat has closed: until an operator acts they are not asked about, and groups, tags and everyone
   * go on.
   */
  async function* unansweredIn(account: string, lane: LaneState): AsyncGenerator<Unanswered> {
    for (const ref of await batches.unanswered(account)) {
      const campaign = await campaigns.spec(ref.campaignId);
      const batch = await batches.read(ref);
      if (!campaign || batch?.state !== 'submitting') continue;
      if (!stopOf(lane, massApiOf(campaign.audience))) yield { ref, campaign, batch };
    }
  }

  /**
   * Whatever it slept for (its media, an operator, a lost worker), its job must not queue behind those
   * that wait for its answer: each of them would take the lane's next start, for ever.
   */
  async function putFirst({ campaign, batch }: Unanswered): Promise<void> {
    const { no, generation, run } = batch;
    const lane = queues.lane(campaign.account);
    const id = submitBatchJob.id({ campaignId: campaign.id, no, generation, run });
    const job = await lane.getJob(id);
    if (job && job.priority !== REPEAT_PRIORITY) {
      await job.changePriority({ priority: REPEAT_PRIORITY }).catch(() => undefined);
    }
  }
}

interface Unanswered {
  readonly ref: BatchRef;
  readonly campaign: Campaign;
  readonly batch: Called;
}
