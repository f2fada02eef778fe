/** What becomes of a batch, its lane and its job, once WeChat has answered the call for it. */
import type { Job } from 'bullmq';
import type { StopCampaign } from '../../shared/actions/stop-campaign.ts';
import type { BatchEvent } from '../../shared/campaign/advance-batch.ts';
import { type MassApi, massApiOf } from '../../shared/campaign/audience.ts';
import type { Batch, BatchRef, Called } from '../../shared/campaign/batch.ts';
import type { Campaign, Control } from '../../shared/campaign/campaign.ts';
import type { Message } from '../../shared/campaign/message.ts';
import { EVERYONE_PER_MONTH } from '../../shared/campaign/quota-window.ts';
import { repeatDelayMs } from '../../shared/campaign/repeat-steps.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { MINUTE } from '../../shared/platform/time.ts';
import type { BatchStore } from '../../shared/record/batch-store.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { Answer } from '../../shared/wechat/client.ts';
import type { MassMessage } from '../../shared/wechat/mass.ts';
import type { RenewMaterial } from '../delivery/renew-material.ts';
import type { AfterAcceptance } from './after-acceptance.ts';
import type { LaneReactions } from './lane-reactions.ts';
import { mayAdopt } from './may-adopt.ts';
import { NO_SENDS_LEFT, readSubmission, type Submission } from './read-submission.ts';
import type { Pause } from './sleep.ts';

interface Dependencies {
  readonly batches: BatchStore;
  readonly lanes: Pick<Stores['lanes'], 'read'>;
  readonly quota: Pick<Stores['quota'], 'minuteHasRoom' | 'noteEveryone' | 'toEveryone'>;
  readonly stopCampaign: StopCampaign;
  readonly unknownRetryMs: number;
  readonly laneReactions: LaneReactions;
  readonly afterAcceptance: AfterAcceptance;
  readonly renewMaterial: RenewMaterial;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** A call, as it was made, and its answer. */
export interface Answered {
  readonly ref: BatchRef;
  readonly campaign: Campaign;
  readonly control: Control;
  readonly account: AccountConfig;
  readonly message: Message;
  readonly batch: Called;
  readonly answer: Answer<Submission>;
  readonly ready: MassMessage;
}

export type TakeInAnswer = ReturnType<typeof makeTakeInAnswer>;

const KEY_EXISTS = 45065;
const MINUTE_IS_FULL = 45011;

export function makeTakeInAnswer(deps: Dependencies) {
  const { batches, lanes, quota, stopCampaign, unknownRetryMs, telemetry, now } = deps;

  /**
   * Records what WeChat said, before anything else is done about it.
   *
   * @returns how the job waits; null when its work is done.
   */
  async function takeInAnswer(job: Pick<Job, 'parent'>, at: Answered): Promise<Pause | null> {
    const { ref, campaign, control, account, message, batch, answer, ready } = at;
    /** The answer to an older key says nothing about what became of the batch since. */
    const isNotAsked = (b: Batch): boolean =>
      b.state !== 'submitting' || b.generation !== batch.generation;
    const api = massApiOf(campaign.audience);
    const roomAt = await minuteHasRoom(account.name, api, answer);
    const reading = readSubmission(answer, {
      ...(roomAt === null ? {} : { roomAt }),
      monthIsUsedUp: await monthIsUsedUp(account.name, answer),
      now: now(),
      asked: batch.asked,
      unknownRetryMs,
      accountKind: account.kind,
      api,
    });
    telemetry.submissionAnswered(campaign, batch, answer);
    if (reading.kind === 'new-media') {
      const mediaId = 'mediaId' in ready ? ready.mediaId : null;
      return deps.renewMaterial({
        campaign,
        message,
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
      if (outcome.kind === 'taken') {
        const after = await batches.apply(
          ref,
          { type: 'held', reason: 'message-id-taken', takenMsgId: event.msgId, at: now() },
          { unless: isNotAsked },
        );
        if (after.state === 'held') telemetry.batchHeld(campaign, after, after.reason);
        await deps.laneReactions.idTaken(campaign);
        return null;
      }
      if (campaign.audience.type === 'everyone') await quota.noteEveryone(account.name);
      if (outcome.late) {
        telemetry.acceptedLate(campaign, outcome.batch);
        // The job of a later key has nothing to do any more, and its lane may sleep for days.
        await stopCampaign.leaveLane(campaign, outcome.late);
      }
      await deps.laneReactions.answered(campaign, batch, control);
      await deps.afterAcceptance(job, campaign, outcome.batch, {
        unconfirmedEvent: outcome.kind === 'submitted' && outcome.unconfirmedEvent,
      });
      return null;
    }
    const answered = await batches.apply(ref, event, { unless: isNotAsked });
    await deps.laneReactions.react(campaign, lane);
    const after =
      event.type === 'put-back' ? await stopCampaign.stopIfCancelled(campaign, answered) : answered;
    if (after.state === 'held') telemetry.batchHeld(campaign, after, after.reason);
    if (after.state !== 'pending' && after.state !== 'submitting') return null;
    const { nextAttemptAt = now(), state } = after;
    return { kind: 'until', at: nextAttemptAt, first: state === 'submitting' };
  }

  async function monthIsUsedUp(name: string, answer: Answer<Submission>): Promise<boolean> {
    if (answer.kind !== 'refused' || answer.errcode !== NO_SENDS_LEFT) return false;
    return (await quota.toEveryone(name)).thisMonth >= EVERYONE_PER_MONTH;
  }

  /**
   * The minute's limit was met: by our own calls of the last minute there is room once the oldest is
   * out of it. Refused again within a minute, somebody else calls, too, and a whole one is waited.
   */
  async function minuteHasRoom(name: string, api: MassApi, answer: Answer<Submission>) {
    if (answer.kind !== 'refused' || answer.errcode !== MINUTE_IS_FULL) return null;
    const { sleep } = await lanes.read(name);
    if (sleep?.reason === 'rate' && sleep.until > now() - MINUTE) return null;
    return quota.minuteHasRoom(name, `message/mass/${api}`);
  }

  /** Another call of this moment may be the one that WeChat's id is of. */
  async function isNobodyElses(ref: BatchRef, { account }: Campaign, batch: Batch) {
    return mayAdopt({ ref, batch }, await batches.asking(account));
  }

  function askLater({ asked }: Called) {
    const until = now() + repeatDelayMs(asked, unknownRetryMs);
    return {
      event: { type: 'outcome-unknown', nextAttemptAt: until, errcode: KEY_EXISTS },
      lane: { kind: 'sleep', until, reason: 'outcome-unknown' },
    } as const;
  }

  return takeInAnswer;
}

const isAdoption = (event: BatchEvent): boolean => event.type === 'accepted' && !!event.adopted;
