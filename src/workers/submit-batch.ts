/**
 * Submits one batch, once, however often the job runs.
 *
 * The intent is recorded before the call and the answer after it, so a rerun knows what may have
 * happened. An outcome (accepted, refused, held) completes the job; "not now" puts it to sleep.
 * Every check is made on the record as it is now, since anybody may promote any job by hand.
 */
import { type FlowProducer, type Job, RateLimitError } from 'bullmq';
import type { AccountConfig } from '../shared/accounts.ts';
import { batchOpenIds } from '../shared/batch-open-ids.ts';
import type { BatchEvent } from '../shared/campaign/advance-batch.ts';
import { isWholesale } from '../shared/campaign/audience.ts';
import { type Batch, type BatchRef, batchKey, type WaitReason } from '../shared/campaign/batch.ts';
import { type Campaign, type Control, mayStart } from '../shared/campaign/campaign.ts';
import type { Message } from '../shared/campaign/message.ts';
import { repeatDeadline, repeatDelayMs } from '../shared/campaign/repeat-steps.ts';
import { type SubmitBatchPayload, submitBatchJob } from '../shared/jobs.ts';
import type { Queues } from '../shared/queues.ts';
import type { Stores } from '../shared/record.ts';
import type { LaneState } from '../shared/store/lane-store.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import { HOUR, MINUTE, SECOND } from '../shared/time.ts';
import { uploadRouteOf } from '../shared/upload-route.ts';
import type { Answer, Era } from '../shared/wechat/client.ts';
import { type MassMessage, sendToAll, sendToOpenIds } from '../shared/wechat/mass.ts';
import type { WechatFor } from '../shared/wechat-accounts.ts';
import type { AfterAcceptance } from './after-acceptance.ts';
import type { LaneReactions } from './lane-reactions.ts';
import { massMessage, newsKey } from './material.ts';
import { mayAdopt } from './may-adopt.ts';
import { readSubmission, type Submission } from './read-submission.ts';
import type { RenewMaterial } from './renew-material.ts';
import { sleepUntil } from './sleep.ts';

export interface Dependencies {
  readonly stores: Stores;
  readonly queues: Queues;
  readonly flows: FlowProducer;
  readonly wechatFor: WechatFor;
  readonly accountOf: (name: string) => AccountConfig;
  readonly era: Era;
  readonly unknownRetryMs: number;
  readonly laneReactions: LaneReactions;
  readonly afterAcceptance: AfterAcceptance;
  readonly renewMaterial: RenewMaterial;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** Repeats of an unanswered call go before everything new: the lane waits for their answer. */
export const REPEAT_PRIORITY = 1;
/** Waits that end sooner by a person's word, who resumes the account. */
const LANE_DECIDES: readonly WaitReason[] = [
  'account-paused',
  'address-refused',
  'daily-quota',
  'monthly-quota',
  'wechat-approval',
];
/** A lane that a person must release looks again this often, should the release be missed. */
const STOPPED_PAUSE = HOUR;

export function makeSubmitBatch(deps: Dependencies) {
  const { stores, wechatFor, accountOf, era, unknownRetryMs, telemetry, now } = deps;
  const { batches, campaigns, lanes, audiences } = stores;

  async function submitBatch(job: Job, token?: string): Promise<void> {
    const payload = submitBatchJob.payload.parse(job.data);
    const ref: BatchRef = { campaignId: payload.campaignId, no: payload.no };
    const found = await look(ref);
    if (!found || !isFor(payload, found.batch)) return;
    const { campaign, control, batch, message } = found;

    if (batch.state === 'submitted') return deps.afterAcceptance(job, campaign, batch);
    if (batch.state !== 'pending' && batch.state !== 'submitting') return;
    if (batch.state === 'pending' && !mayStart(control)) return;
    if (await isTooLate(ref, campaign, batch)) return;

    const notBefore = earliest(batch);
    if (notBefore > now()) return sleepAsIs(job, token, batch, notBefore);

    const account = accountOf(campaign.account);
    const api = isWholesale(campaign.audience) ? 'sendall' : 'send';
    await waitForLane(job, token, { campaign, batch, api });

    const ready = massMessage(
      {
        message,
        route: uploadRouteOf(account, era, campaign.audience),
        material: control.material,
        now: now(),
      },
      newsKey(account, batch.no),
    );
    if (!ready) return deps.renewMaterial.wait(job, token, { campaign, message, account, batch });

    const openIds = await batchOpenIds(audiences, { campaign, control, batch });
    let mine = false;
    const tried = await batches.apply(
      ref,
      { type: 'attempt-started', at: now() },
      {
        from: batch,
        // Somebody else may have begun, decided or cancelled since this run looked.
        unless: (current) => {
          mine = isFor(payload, current) && current.attempts === batch.attempts;
          return !mine || (current.state !== 'pending' && current.state !== 'submitting');
        },
      },
    );
    if (!mine || tried.state !== 'submitting') return;

    const answer = await call({ campaign, account, message: ready, openIds, batch: tried });
    const asked = { ref, campaign, control, account, message, batch: tried };
    await takeIn(job, token, { ...asked, answer, ready, api });
  }

  async function look(ref: BatchRef) {
    const [record, batch, message] = await Promise.all([
      campaigns.read(ref.campaignId),
      batches.read(ref),
      campaigns.message(ref.campaignId),
    ]);
    return record && batch && message ? { ...record, batch, message } : null;
  }

  /** A repeat was asked for after this one: its own job does the work. */
  const isFor = (payload: SubmitBatchPayload, batch: Batch): boolean =>
    payload.generation === batch.generation && payload.run === batch.run;

  /** After `notAfter`, or once WeChat may have forgotten the key, no call is made any more. */
  async function isTooLate(ref: BatchRef, campaign: Campaign, batch: Batch): Promise<boolean> {
    const at = now();
    if (batch.state === 'pending') {
      if (at < campaign.notAfter) return false;
      await batches.apply(ref, { type: 'cancelled', at }, { unless: (b) => b.state !== 'pending' });
      return true;
    }
    if (batch.state !== 'submitting') return true;
    if (at < repeatDeadline(batch.firstAttemptAt, campaign.notAfter)) return false;
    const after = await batches.apply(
      ref,
      { type: 'held', reason: 'outcome-unknown', at },
      { unless: (b) => b.state !== 'submitting' },
    );
    if (after.state === 'held') telemetry.batchHeld(campaign, after, after.reason);
    return true;
  }

  function earliest(batch: Batch): number {
    if (batch.state !== 'pending' && batch.state !== 'submitting') return 0;
    const keyRests = batch.state === 'submitting' ? batch.lastAttemptAt + unknownRetryMs : 0;
    // A recorded attempt without a recorded answer: its worker died, and WeChat may have it.
    if (batch.state === 'submitting' && !batch.answered) return keyRests;
    if (batch.reason !== undefined && LANE_DECIDES.includes(batch.reason)) return keyRests;
    return batch.nextAttemptAt ?? 0;
  }

  async function sleepAsIs(
    job: Job,
    token: string | undefined,
    batch: Batch,
    until: number,
  ): Promise<never> {
    if (batch.state === 'submitting') await job.changePriority({ priority: REPEAT_PRIORITY });
    return sleepUntil(job, token, until);
  }

  /** Why this account's lane must not call now, if it must not: then this never returns. */
  async function waitForLane(
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
      return sleepUntil(job, token, nextAttemptAt);
    }
    if (lane.sleep && lane.sleep.until > now() && lane.sleep.reason !== 'outcome-unknown') {
      await deps.queues.lane(campaign.account).rateLimit(lane.sleep.until - now());
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
    await deps.queues
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
    const lane = deps.queues.lane(campaign.account);
    const job = await lane.getJob(submitBatchJob.id({ campaignId, no, generation, run }));
    if (job && job.priority !== REPEAT_PRIORITY) {
      await job.changePriority({ priority: REPEAT_PRIORITY }).catch(() => undefined);
    }
  }

  const isStopped = (lane: LaneState, api: 'send' | 'sendall'): boolean =>
    lane.paused !== undefined || (api === 'send' && lane.sendBlocked !== undefined);

  async function call(request: {
    campaign: Campaign;
    account: AccountConfig;
    message: MassMessage;
    openIds: string[] | null;
    batch: Batch;
  }): Promise<Answer<Submission>> {
    const { campaign, account, message, openIds, batch } = request;
    const client = wechatFor(account.name);
    const clientMsgId = batchKey(campaign.id, batch);
    if (openIds) return sendToOpenIds(client, { openIds, message, clientMsgId });
    const { audience } = campaign;
    if (!isWholesale(audience)) throw new TypeError('an audience of OpenIDs without OpenIDs');
    return sendToAll(client, { target: audience, message, clientMsgId });
  }

  /** Records what WeChat said, before anything else is done about it. */
  async function takeIn(
    job: Job,
    token: string | undefined,
    at: {
      ref: BatchRef;
      campaign: Campaign;
      control: Control;
      account: AccountConfig;
      message: Message;
      batch: Batch;
      answer: Answer<Submission>;
      ready: MassMessage;
      api: 'send' | 'sendall';
    },
  ): Promise<void> {
    const { ref, campaign, control, account, message, batch, answer, ready, api } = at;
    /** The answer to an older key says nothing about what became of the batch since. */
    const isNotAsked = (b: Batch): boolean =>
      b.state !== 'submitting' || b.generation !== batch.generation;
    const reading = readSubmission(answer, {
      now: now(),
      asked: batch.state === 'submitting' ? batch.asked : 1,
      unknownRetryMs,
      accountKind: account.kind,
      api,
    });
    telemetry.submissionAnswered(campaign, batch, answer);
    if (reading.kind === 'new-media') {
      const mediaId = 'mediaId' in ready ? ready.mediaId : null;
      return deps.renewMaterial.renew(job, token, {
        campaign,
        message,
        account,
        batch,
        mediaId,
        errcode: reading.errcode,
      });
    }
    const { event, lane } =
      isAdoption(reading.event) && !(await isNobodyElses(ref, campaign, batch))
        ? askLater(batch)
        : reading;
    if (event.type === 'accepted') {
      const { generation } = batch;
      const outcome = await batches.accepted(ref, event, { generation, from: batch });
      if (outcome.kind === 'too-late') {
        return telemetry.batchHeld(campaign, batch, 'accepted-after-decision');
      }
      if (outcome.kind === 'taken') {
        await batches.apply(
          ref,
          { type: 'held', reason: 'message-id-taken', takenMsgId: event.msgId, at: now() },
          { unless: isNotAsked },
        );
        telemetry.batchHeld(campaign, batch, 'message-id-taken');
        return deps.laneReactions.idTaken(campaign);
      }
      await deps.laneReactions.answered(campaign, batch, control);
      return deps.afterAcceptance(job, campaign, outcome.batch, {
        unconfirmedEvent: outcome.kind === 'submitted' && outcome.unconfirmedEvent,
      });
    }
    const after = await batches.apply(ref, event, { unless: isNotAsked });
    await deps.laneReactions.react(campaign, lane);
    if (after.state === 'held') telemetry.batchHeld(campaign, after, after.reason);
    if (after.state === 'pending' || after.state === 'submitting') {
      return sleepAsIs(job, token, after, after.nextAttemptAt ?? now());
    }
  }

  /** Another call of this moment may be the one that WeChat's id is of. */
  async function isNobodyElses(ref: BatchRef, { account }: Campaign, batch: Batch) {
    return mayAdopt({ ref, batch }, await batches.asking(account));
  }

  function askLater(batch: Batch) {
    const asked = batch.state === 'submitting' ? batch.asked : 1;
    const until = now() + repeatDelayMs(asked, unknownRetryMs);
    return {
      event: { type: 'outcome-unknown', nextAttemptAt: until, errcode: KEY_EXISTS },
      lane: { kind: 'sleep', until, reason: 'outcome-unknown' },
    } as const;
  }

  return submitBatch;
}

const KEY_EXISTS = 45065;
const isAdoption = (event: BatchEvent): boolean => event.type === 'accepted' && !!event.adopted;
