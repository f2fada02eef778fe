/**
 * Submits one batch, once, however often the job runs.
 *
 * The intent is recorded before the call and the answer after it, so a rerun knows what may have
 * happened. An outcome (accepted, refused, held) completes the job; "not now" puts it to sleep.
 * Every check is made on the record as it is now, since anybody may promote any job by hand.
 */
import type { Job } from 'bullmq';
import { batchOpenIdsAsJson } from '../../shared/actions/batch-open-ids.ts';
import { isWholesale } from '../../shared/campaign/audience.ts';
import {
  type Batch,
  type BatchRef,
  batchKey,
  type WaitReason,
} from '../../shared/campaign/batch.ts';
import { type Campaign, type Control, mayStart } from '../../shared/campaign/campaign.ts';
import { repeatDeadline } from '../../shared/campaign/repeat-steps.ts';
import { uploadRouteOf } from '../../shared/delivery/upload-route.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { ServiceError } from '../../shared/platform/errors.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { type SubmitBatchPayload, submitBatchJob } from '../../shared/queue/jobs.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { Era } from '../../shared/wechat/client.ts';
import {
  type MassCall,
  type MassMessage,
  massToAll,
  massToOpenIds,
  sendMass,
} from '../../shared/wechat/mass.ts';
import { massMessage, newsKey } from '../delivery/material.ts';
import type { RenewMaterial } from '../delivery/renew-material.ts';
import type { AfterAcceptance } from './after-acceptance.ts';
import type { EnterLane } from './enter-lane.ts';
import { sleepInLane } from './sleep-in-lane.ts';
import type { TakeInAnswer } from './take-in-answer.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'batches' | 'campaigns' | 'audiences'>;
  readonly wechatFor: WechatFor;
  readonly accountOf: (name: string) => AccountConfig;
  readonly era: Era;
  readonly unknownRetryMs: number;
  readonly enterLane: EnterLane;
  readonly takeInAnswer: TakeInAnswer;
  readonly afterAcceptance: AfterAcceptance;
  readonly renewMaterial: RenewMaterial;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** Waits that end sooner by a person's word, who resumes the account. */
const LANE_DECIDES: readonly WaitReason[] = [
  'account-paused',
  'address-refused',
  'daily-quota',
  'monthly-quota',
  'wechat-approval',
];

export function makeSubmitBatch(deps: Dependencies) {
  const { stores, wechatFor, accountOf, era, unknownRetryMs, telemetry, now } = deps;
  const { batches, campaigns, audiences } = stores;

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
    if (notBefore > now()) return sleepInLane(job, token, batch, notBefore);

    const account = accountOf(campaign.account);
    const api = isWholesale(campaign.audience) ? 'sendall' : 'send';
    await deps.enterLane(job, token, { campaign, batch, api });

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

    const call = await callFor({ campaign, control, batch, message: ready }).catch(ifListIsGone);
    if (call === null) return refuseWithoutList(ref, campaign);
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

    const answer = await sendMass(wechatFor(account.name), call);
    const asked = { ref, campaign, control, account, message, batch: tried };
    await deps.takeInAnswer(job, token, { ...asked, answer, ready, api });
  }

  async function look(ref: BatchRef) {
    const [record, batch, message] = await Promise.all([
      campaigns.read(ref.campaignId),
      batches.read(ref),
      campaigns.message(ref.campaignId),
    ]);
    return record && batch && message ? { ...record, batch, message } : null;
  }

  /** Nothing brings it back: a person must know. Held, where an earlier call was never answered. */
  async function refuseWithoutList(ref: BatchRef, campaign: Campaign): Promise<void> {
    const after = await batches.apply(
      ref,
      { type: 'refused', reason: 'audience-gone', at: now() },
      { unless: ({ state }) => state !== 'pending' && state !== 'submitting' },
    );
    if (after.state === 'held') telemetry.batchHeld(campaign, after, after.reason);
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

  async function callFor(of: {
    campaign: Campaign;
    control: Control;
    batch: Batch;
    message: MassMessage;
  }): Promise<MassCall> {
    const { campaign, batch, message } = of;
    const clientMsgId = batchKey(campaign.id, batch);
    const openIds = await batchOpenIdsAsJson(audiences, of);
    if (openIds) return massToOpenIds(era, { openIds, message, clientMsgId });
    const { audience } = campaign;
    if (!isWholesale(audience)) throw new TypeError('an audience of OpenIDs without OpenIDs');
    return massToAll(era, { target: audience, message, clientMsgId });
  }

  return submitBatch;
}

function ifListIsGone(error: unknown): null {
  if (error instanceof ServiceError && error.code === 'LIST_BROKEN') return null;
  throw error;
}
