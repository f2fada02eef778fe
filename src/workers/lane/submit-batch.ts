/**
 * Submits one batch, once, however often the job runs.
 *
 * Look, see whether it may start, have everything ready, record the intent, call, take in the
 * answer. Whatever must be awaited comes before the intent, and the intent is recorded only while
 * nothing has changed since the look; so a rerun knows what may have happened, and of an operator's
 * decision and a call, the one that Redis took first holds. Every check is made on the record as it
 * is now, since any job may be promoted by hand.
 */
import type { Job } from 'bullmq';
import { batchOpenIdsAsJson } from '../../shared/actions/batch-open-ids.ts';
import type { StopCampaign } from '../../shared/actions/stop-campaign.ts';
import { isWholesale, massApiOf } from '../../shared/campaign/audience.ts';
import {
  type Batch,
  type BatchRef,
  batchKey,
  type WaitReason,
} from '../../shared/campaign/batch.ts';
import { type Campaign, type Control, mayStart } from '../../shared/campaign/campaign.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import type { Message } from '../../shared/campaign/message.ts';
import type { Tally } from '../../shared/campaign/progress.ts';
import { callableUntil } from '../../shared/campaign/repeat-steps.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { ServiceError } from '../../shared/platform/errors.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { type SubmitBatchPayload, submitBatchJob } from '../../shared/queue/jobs.ts';
import type { Queues } from '../../shared/queue/queues.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { Answer, Era } from '../../shared/wechat/client.ts';
import {
  type MassCall,
  type MassMessage,
  massToAll,
  massToOpenIds,
  sendMass,
} from '../../shared/wechat/mass.ts';
import type { PrepareMessage } from '../delivery/prepare-message.ts';
import type { AfterAcceptance } from './after-acceptance.ts';
import type { EnterLane } from './enter-lane.ts';
import type { LaneReactions } from './lane-reactions.ts';
import { lastLook } from './last-look.ts';
import { readTokenFailure } from './read-submission.ts';
import { type Pause, rest } from './sleep.ts';
import type { TakeInAnswer } from './take-in-answer.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'batches' | 'campaigns' | 'audiences'>;
  readonly queues: Pick<Queues, 'lane'>;
  readonly wechatFor: WechatFor;
  readonly accountOf: (name: string) => AccountConfig;
  readonly era: Era;
  readonly unknownRetryMs: number;
  readonly enterLane: EnterLane;
  readonly laneReactions: LaneReactions;
  readonly stopCampaign: StopCampaign;
  readonly takeInAnswer: TakeInAnswer;
  readonly afterAcceptance: AfterAcceptance;
  readonly prepareMessage: PrepareMessage;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** A batch as it was found, with all that bears on it. */
interface Seen {
  readonly ref: BatchRef;
  readonly campaign: Campaign;
  readonly control: Control;
  readonly tally: Tally;
  readonly batch: Batch;
  readonly message: Message;
}

/** Waits that end sooner when an operator resumes the account. */
const LANE_DECIDES: readonly WaitReason[] = [
  'account-paused',
  'address-refused',
  'daily-quota',
  'monthly-quota',
  'wechat-approval',
];

/** Other batches of the campaign change its record, too; then it is looked at again soon. */
const MOST_LOOKS = 10;

export function makeSubmitBatch(deps: Dependencies) {
  const { stores, wechatFor, accountOf, unknownRetryMs, telemetry, now } = deps;
  const { batches, campaigns, audiences } = stores;

  return async function submitBatch(job: Job, token?: string): Promise<void> {
    const payload = submitBatchJob.payload.parse(job.data);
    for (let looks = 1; ; looks += 1) {
      const seen = await look(payload);
      if (!seen) return;
      const found = await submitOnce(job, seen);
      if (found === 'moved' && looks < MOST_LOOKS) continue;
      if (found === null) return;
      const pause: Pause = found === 'moved' ? { kind: 'until', at: now() + SECOND } : found;
      return rest({ job, token, lane: deps.queues.lane(seen.campaign.account) }, pause);
    }
  };

  /** @returns how the job waits; null when its work is done; 'moved' when it must look again. */
  async function submitOnce(job: Job, seen: Seen): Promise<Pause | 'moved' | null> {
    const { ref, campaign, control, tally, batch, message } = seen;
    if (batch.state === 'submitted') {
      await deps.afterAcceptance(job, campaign, batch);
      return null;
    }
    if (batch.state !== 'pending' && batch.state !== 'submitting') return null;
    if (batch.state === 'pending' && !mayStart(control)) return null;
    if (control.cancelled && (await deps.stopCampaign.stopIfCancelled(campaign, batch)) !== batch) {
      return null;
    }
    if (await isTooLate(ref, campaign, batch)) return null;
    const notBefore = earliest(batch);
    if (notBefore > now()) {
      return { kind: 'until', at: notBefore, first: batch.state === 'submitting' };
    }
    const api = massApiOf(campaign.audience);
    const barred = await deps.enterLane(campaign, batch, api);
    if (barred) return barred;

    const account = accountOf(campaign.account);
    const prepared = await deps.prepareMessage.forBatch(
      { job, campaign, message, route: deps.prepareMessage.routeOf(campaign, control) },
      batch,
      tally,
    );
    if ('wait' in prepared) return prepared.wait;
    if ('failed' in prepared) {
      return refuse(ref, campaign, prepared.failed);
    }
    const { ready } = prepared;
    const call = await callFor(seen, ready).catch(ifListIsGone);
    // Nothing brings the list back: an operator must know.
    if (call === null) return refuse(ref, campaign, { code: 'audience-gone' });
    const client = wechatFor(account.name);
    const token = await client.prepare(call.path);
    if (token.kind !== 'ok') return waitForToken(seen, account, token);

    const at = now();
    const until = callableUntil(batch, campaign.notAfter);
    // A host that stood still for a day since the look: WeChat may have forgotten the key.
    if (at >= until) return 'moved';
    const whyNot = lastLook({ at, until, now });
    const called = await batches.startAttempt({ ref, batch, control, api, at });
    if (called === 'moved') return 'moved';
    const answer = await sendMass(client, call, { token: token.value, whyNot });
    const asked = { ref, campaign, control, account, message, batch: called };
    return deps.takeInAnswer(job, { ...asked, answer, ready });
  }

  /** Nothing, where a repeat was asked for after this one: its own job does the work. */
  async function look(payload: SubmitBatchPayload): Promise<Seen | null> {
    const ref: BatchRef = { campaignId: payload.campaignId, no: payload.no };
    const [record, batch, message] = await Promise.all([
      campaigns.read(ref.campaignId),
      batches.read(ref),
      campaigns.message(ref.campaignId),
    ]);
    if (!record || !batch || !message) return null;
    const isMeant = payload.generation === batch.generation && payload.run === batch.run;
    return isMeant ? { ref, ...record, batch, message } : null;
  }

  /** Before any call. Held, where an earlier call has no answer. */
  async function refuse(ref: BatchRef, campaign: Campaign, failure: Failure): Promise<null> {
    const after = await batches.apply(
      ref,
      { type: 'refused', failure, at: now() },
      { unless: ({ state }) => state !== 'pending' && state !== 'submitting' },
    );
    if (after.state === 'held') telemetry.batchHeld(campaign, after, after.reason);
    return null;
  }

  /** After `notAfter`, or once WeChat may have forgotten the key, no call is made any more. */
  async function isTooLate(ref: BatchRef, campaign: Campaign, batch: Batch): Promise<boolean> {
    const at = now();
    if (batch.state === 'pending') {
      if (at < campaign.notAfter) return false;
      await batches.apply(ref, { type: 'cancelled', at }, { unless: (b) => b.state !== 'pending' });
      return true;
    }
    if (batch.state !== 'submitting') return true;
    if (at < callableUntil(batch, campaign.notAfter)) return false;
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

  async function callFor(of: Seen, message: MassMessage): Promise<MassCall> {
    const { campaign, batch } = of;
    const { era = deps.era } = campaign;
    const clientMsgId = batchKey(campaign.id, batch);
    const openIds = await batchOpenIdsAsJson(audiences, of);
    if (openIds) return massToOpenIds(era, { openIds, message, clientMsgId });
    const { audience } = campaign;
    if (!isWholesale(audience)) throw new TypeError('an audience of OpenIDs without OpenIDs');
    return massToAll(era, { target: audience, message, clientMsgId });
  }

  /** Without a token no call was made: nothing is known less than before. */
  async function waitForToken(
    { ref, campaign, batch }: Seen,
    { kind: accountKind }: AccountConfig,
    failure: Exclude<Answer<string>, { kind: 'ok' }>,
  ): Promise<Pause> {
    const { wait, lane } = readTokenFailure(failure, { now: now(), accountKind });
    telemetry.tokenMissing(campaign.account, failure);
    await deps.laneReactions.react(campaign, lane);
    await batches.apply(
      ref,
      { type: 'put-back', ...wait },
      { unless: ({ state }) => state !== 'pending' },
    );
    return { kind: 'until', at: wait.nextAttemptAt, first: batch.state === 'submitting' };
  }
}

function ifListIsGone(error: unknown): null {
  if (error instanceof ServiceError && error.code === 'LIST_BROKEN') return null;
  throw error;
}
