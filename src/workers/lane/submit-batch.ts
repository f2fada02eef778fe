/**
 * Submits one batch, once, however often the job runs.
 *
 * Look, see whether it may start, have everything ready, record the intent, call, take in the
 * answer. Whatever must be awaited comes before the intent, and the intent is recorded only while
 * nothing has changed since the look; so a rerun knows what may have happened, and of an operator's
 * decision and a call, the one that Redis took first holds. Every check is made on the record as it
 * is now, since any job may be promoted by hand.
 */
import { setImmediate as breath } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { batchOpenIdsAsJson } from '../../shared/actions/batch-open-ids.ts';
import type { StopCampaign } from '../../shared/actions/stop-campaign.ts';
import { massApiOf, usesSendAll } from '../../shared/campaign/audience.ts';
import {
  type Batch,
  type BatchRef,
  batchKey,
  type WaitReason,
} from '../../shared/campaign/batch.ts';
import { type Campaign, mayStart } from '../../shared/campaign/campaign.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import { consoleDraft, type Message, readPictures } from '../../shared/campaign/message.ts';
import { callableUntil } from '../../shared/campaign/repeat-steps.ts';
import { ServiceError } from '../../shared/platform/errors.ts';
import { SECOND } from '../../shared/platform/time.ts';
import type { SubmitBatchPayload } from '../../shared/queue/jobs.ts';
import type { CampaignRecord } from '../../shared/record/read-campaign.ts';
import type { Answer } from '../../shared/wechat/client.ts';
import {
  type MassCall,
  type MassMessage,
  massToAll,
  massToOpenIds,
  sendMass,
} from '../../shared/wechat/mass.ts';
import type { CheckDraft } from '../delivery/check-draft.ts';
import type { PrepareMessage } from '../delivery/prepare-message.ts';
import { type Handler, until, type Wait } from '../job.ts';
import type { ExpectReceipt } from '../receipts/expect-receipt.ts';
import type { Tools } from '../tools.ts';
import type { EnterLane } from './enter-lane.ts';
import type { LaneReactions } from './lane-reactions.ts';
import { lastLook } from './last-look.ts';
import { readTokenFailure } from './read-submission.ts';
import type { TakeInAnswer } from './take-in-answer.ts';

type Dependencies = Pick<
  Tools,
  'config' | 'stores' | 'wechatFor' | 'accountOf' | 'recordEvent' | 'telemetry' | 'now'
> & {
  readonly enterLane: EnterLane;
  readonly laneReactions: LaneReactions;
  readonly stopCampaign: StopCampaign;
  readonly takeInAnswer: TakeInAnswer;
  readonly expectReceipt: ExpectReceipt;
  readonly prepareMessage: PrepareMessage;
  readonly checkDraft: CheckDraft;
};

/** A batch as it was found, with all that bears on it. */
interface Seen extends CampaignRecord {
  readonly ref: BatchRef;
  readonly batch: Batch;
  readonly message: Message;
}

/** Waits that end sooner when an operator resumes the account. */
const LANE_DECIDES: readonly WaitReason[] = [
  'account-paused',
  'address-refused',
  'daily-quota',
  'monthly-quota',
  'send-quota',
  'wechat-approval',
];

const LOOK_AT_DRAFT_AFTER = 30 * SECOND;

/** Other batches of the campaign change its record, too; then it is looked at again soon. */
const MOST_LOOKS = 10;

const isOpen = ({ state }: Batch): boolean => state === 'pending' || state === 'submitting';

export function makeSubmitBatch(deps: Dependencies): Handler<SubmitBatchPayload> {
  const { config, stores, wechatFor, accountOf, recordEvent, telemetry, now } = deps;
  const { prepareMessage, checkDraft, stopCampaign, laneReactions } = deps;
  const { batches, campaigns, audiences } = stores;

  return async function submitBatch(payload, job) {
    for (let looks = 1; ; looks += 1) {
      const seen = await look(payload);
      if (!seen) return null;
      const outcome = await submitOnce(job, seen);
      if (outcome !== 'moved') return outcome;
      if (looks === MOST_LOOKS) return until(now() + SECOND);
    }
  };

  /** Null where a repeat was asked for after this one: its own job does the work. */
  async function look({ campaignId, no, generation, run }: SubmitBatchPayload) {
    const ref: BatchRef = { campaignId, no };
    const [record, batch, message] = await Promise.all([
      campaigns.read(campaignId),
      batches.read(ref),
      campaigns.message(campaignId),
    ]);
    if (!record || !batch || !message) return null;
    await readPictures(message, breath);
    const isMeant = generation === batch.generation && run === batch.run;
    return isMeant ? { ref, ...record, batch, message } : null;
  }

  /** @returns how the job waits; null when its work is done; 'moved' when it must look again. */
  async function submitOnce(job: Job, seen: Seen): Promise<Wait | 'moved' | null> {
    const { ref, campaign, control, tally, batch, message } = seen;

    // May it start?
    if (batch.state === 'submitted') {
      await deps.expectReceipt(job, campaign, batch);
      return null;
    }
    if (!isOpen(batch) || (batch.state === 'pending' && !mayStart(control))) return null;
    if (control.cancelled && (await stopCampaign.stopIfCancelled(campaign, batch)) !== batch) {
      return null;
    }
    if (now() >= callableUntil(batch, campaign.notAfter)) return giveUp(campaign, batch);
    const notBefore = earliest(batch);
    const first = batch.state === 'submitting';
    if (notBefore > now()) return { kind: 'until', at: notBefore, first };
    const api = massApiOf(campaign.audience);
    const barred = await deps.enterLane(job, campaign, batch, api);
    if (barred) return barred;

    // Is everything there: what is sent, to whom, and a token?
    const account = accountOf(campaign.account);
    const route = prepareMessage.routeOf(campaign, control);
    const prepared = await prepareMessage.forBatch({ job, campaign, message, route }, batch, tally);
    if ('wait' in prepared) return prepared.wait;
    if ('failed' in prepared) return refuse(campaign, batch, prepared.failed);
    const { ready } = prepared;
    const draft = await isAsApproved(seen, ready);
    if (draft !== true) return draft;
    const call = await callFor(seen, ready);
    // Nothing brings the list back: an operator must know.
    if (call === 'list-gone') return refuse(campaign, batch, { code: 'audience-gone' });
    const client = wechatFor(account.name);
    const token = await client.token();
    if (token.kind !== 'ok') return waitForToken(campaign, batch, token);

    // The intent, on record while nothing has changed since the look; then the call.
    const at = now();
    const callable = callableUntil(batch, campaign.notAfter);
    // A host that stood still for a day since the look: WeChat may have forgotten the key.
    if (at >= callable) return 'moved';
    const whyNot = lastLook({ at, until: callable, now });
    const called = await batches.startAttempt({ ref, batch, control, api, at });
    if (called === 'moved') return 'moved';
    const answer = await sendMass(client, call, { token: token.value, whyNot });
    return deps.takeInAnswer(job, { ...seen, account, batch: called, answer, ready });
  }

  /**
   * The draft of the console goes out itself: it must say what was approved. A call that has no answer
   * is repeated where the draft is gone, since it may have sent it.
   *
   * @returns true, or how the job waits.
   */
  async function isAsApproved(
    { campaign, control, batch, message }: Seen,
    ready: MassMessage,
  ): Promise<true | Wait | null> {
    const mediaId = consoleDraft(message);
    if (mediaId === null || ready.type !== 'news' || ready.mediaId !== mediaId) return true;
    const found = await checkDraft.look(campaign, control, mediaId);
    const isRepeat = batch.state === 'submitting';
    if (found === 'as-approved' || (found === 'gone' && isRepeat)) return true;
    if (found === 'unreadable' && isRepeat) return until(now() + LOOK_AT_DRAFT_AFTER);
    await checkDraft.askAgain(campaign, control, found);
    return isRepeat ? giveUp(campaign, batch) : null;
  }

  /** Before any call. Held, where an earlier call has no answer. */
  async function refuse(campaign: Campaign, { no }: Batch, failure: Failure): Promise<null> {
    const event = { type: 'refused', failure, at: now() } as const;
    await recordEvent(campaign, no, event, (current) => !isOpen(current));
    return null;
  }

  /** After `notAfter`, or once WeChat may have forgotten the key, no call is made any more. */
  async function giveUp(campaign: Campaign, { no, state }: Batch): Promise<null> {
    const at = now();
    const event =
      state === 'pending'
        ? ({ type: 'cancelled', at } as const)
        : ({ type: 'held', reason: 'outcome-unknown', at } as const);
    await recordEvent(campaign, no, event, (current) => current.state !== state);
    return null;
  }

  function earliest(batch: Batch): number {
    if (batch.state !== 'pending' && batch.state !== 'submitting') return 0;
    const { unknownRetryMs } = config.pace;
    const keyRests = batch.state === 'submitting' ? batch.lastAttemptAt + unknownRetryMs : 0;
    // A recorded attempt without a recorded answer: its worker died, and WeChat may have it.
    if (batch.state === 'submitting' && !batch.answered) return keyRests;
    if (batch.reason !== undefined && LANE_DECIDES.includes(batch.reason)) return keyRests;
    return batch.nextAttemptAt ?? 0;
  }

  async function callFor(of: Seen, message: MassMessage): Promise<MassCall | 'list-gone'> {
    const { campaign, batch } = of;
    const { era = config.wechat.era, audience } = campaign;
    const clientMsgId = batchKey(campaign.id, batch);
    if (usesSendAll(audience)) return massToAll(era, { target: audience, message, clientMsgId });
    try {
      const openIds = await batchOpenIdsAsJson(audiences, of);
      if (!openIds) throw new TypeError('an audience of OpenIDs without OpenIDs');
      return massToOpenIds(era, { openIds, message, clientMsgId });
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'LIST_BROKEN') return 'list-gone';
      throw error;
    }
  }

  /** Without a token no call was made: nothing is known less than before. */
  async function waitForToken(
    campaign: Campaign,
    { no, state }: Batch,
    failure: Exclude<Answer<string>, { kind: 'ok' }>,
  ): Promise<Wait> {
    const accountKind = accountOf(campaign.account).kind;
    const { wait, lane } = readTokenFailure(failure, { now: now(), accountKind });
    telemetry.tokenMissing(campaign.account, failure);
    await laneReactions.react(campaign, lane);
    const event = { type: 'put-back', ...wait } as const;
    await recordEvent(campaign, no, event, (current) => current.state !== 'pending');
    return { kind: 'until', at: wait.nextAttemptAt, first: state === 'submitting' };
  }
}
