/**
 * May this account's lane call WeChat for this batch now? Not while a person must act first, while
 * WeChat said wait, or while an earlier call is unanswered.
 */
import { type MassApi, massApiOf } from '../../shared/campaign/audience.ts';
import type { Batch, Called } from '../../shared/campaign/batch.ts';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import { type LaneState, stopOf } from '../../shared/campaign/lane.ts';
import { HOUR, MINUTE, SECOND } from '../../shared/platform/time.ts';
import { submitBatchJob } from '../../shared/queue/jobs.ts';
import type { Queues } from '../../shared/queue/queues.ts';
import type { Stores } from '../../shared/record/record.ts';
import { type Pause, REPEAT_PRIORITY } from './sleep.ts';

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

  /** @returns how the job waits, or null when the batch may be called for. */
  return async function enterLane(
    campaign: Campaign,
    batch: Batch,
    api: MassApi,
  ): Promise<Pause | null> {
    const { account } = campaign;
    const lane = await lanes.read(account);
    if (stopOf(lane, api)) {
      const at = now() + STOPPED_PAUSE;
      await batches.apply(
        { campaignId: campaign.id, no: batch.no },
        { type: 'put-back', reason: 'account-paused', nextAttemptAt: at },
        { unless: (b) => b.state !== 'pending' },
      );
      return { kind: 'until', at, isOver: async () => !stopOf(await lanes.read(account), api) };
    }
    if (lane.sleep && lane.sleep.until > now() && lane.sleep.reason !== 'outcome-unknown') {
      return { kind: 'lane', ms: lane.sleep.until - now() };
    }
    if (batch.state === 'submitting') return null;
    const blocking = await unansweredIn(account, lane);
    if (!blocking) return null;
    // Asleep until that one is asked about again; its repeat has the first place in the lane.
    await putFirst(blocking);
    const until = blocking.batch.answered ? (blocking.batch.nextAttemptAt ?? 0) : 0;
    return { kind: 'lane', ms: Math.min(Math.max(until - now(), SECOND), MINUTE) };
  };

  /**
   * A call that nobody answered, and that is asked about again. Not one to OpenIDs whose interface
   * WeChat has closed: until a person acts it is not asked about, and groups, tags and everyone go on.
   */
  async function unansweredIn(account: string, lane: LaneState): Promise<Unanswered | null> {
    for (const { campaignId, no } of await batches.unanswered(account)) {
      const campaign = await campaigns.spec(campaignId);
      const batch = await batches.read({ campaignId, no });
      if (!campaign || batch?.state !== 'submitting') continue;
      if (!stopOf(lane, massApiOf(campaign.audience))) return { campaign, batch };
    }
    return null;
  }

  /**
   * Whatever it slept for (its media, a person, a lost worker), its job must not queue behind those
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
  readonly campaign: Campaign;
  readonly batch: Called;
}
