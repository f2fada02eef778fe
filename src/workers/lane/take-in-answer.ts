/** What becomes of a batch, its lane and its job, once WeChat has answered the call for it. */
import type { Job } from 'bullmq';
import type { StopCampaign } from '../../shared/actions/stop-campaign.ts';
import type { BatchEvent } from '../../shared/campaign/advance-batch.ts';
import { type MassApi, massApiOf } from '../../shared/campaign/audience.ts';
import { awaits, type Batch, type BatchRef, type Called } from '../../shared/campaign/batch.ts';
import type { Campaign, Control } from '../../shared/campaign/campaign.ts';
import type { Message } from '../../shared/campaign/message.ts';
import { EVERYONE_PER_MONTH } from '../../shared/campaign/quota-window.ts';
import { repeatDelayMs } from '../../shared/campaign/repeat-steps.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { MINUTE } from '../../shared/platform/time.ts';
import type { Answer } from '../../shared/wechat/client.ts';
import type { MassMessage } from '../../shared/wechat/mass.ts';
import { isOfDayOrMonth } from '../../shared/wechat/remedies.ts';
import type { RenewMaterial } from '../delivery/renew-material.ts';
import type { Wait } from '../job.ts';
import type { ExpectReceipt } from '../receipts/expect-receipt.ts';
import type { Tools } from '../tools.ts';
import type { LaneReactions } from './lane-reactions.ts';
import { mayAdopt } from './may-adopt.ts';
import { type Reading, readSubmission, type Submission } from './read-submission.ts';

type Dependencies = Pick<Tools, 'config' | 'stores' | 'recordEvent' | 'telemetry' | 'now'> & {
  readonly stopCampaign: StopCampaign;
  readonly laneReactions: LaneReactions;
  readonly expectReceipt: ExpectReceipt;
  readonly renewMaterial: RenewMaterial;
};

/** A call, as it was made, and its answer. */
interface Answered {
  readonly ref: BatchRef;
  readonly campaign: Campaign;
  readonly control: Control;
  readonly account: AccountConfig;
  readonly message: Message;
  readonly batch: Called;
  readonly answer: Answer<Submission>;
  readonly ready: MassMessage;
}

type Accepted = Extract<BatchEvent, { type: 'accepted' }>;

export type TakeInAnswer = ReturnType<typeof makeTakeInAnswer>;

const KEY_EXISTS = 45065;
const MINUTE_IS_FULL = 45011;

export function makeTakeInAnswer(deps: Dependencies) {
  const { stores, stopCampaign, laneReactions, recordEvent, telemetry, now } = deps;
  const { batches, lanes, quota } = stores;
  const { unknownRetryMs } = deps.config.pace;

  /**
   * Records what WeChat said, before anything else is done about it.
   *
   * @returns how the job waits; null when its work is done.
   */
  return async function takeInAnswer(job: Pick<Job, 'parent'>, at: Answered): Promise<Wait | null> {
    const { campaign, message, batch, answer, ready } = at;
    const reading = await read(at);
    telemetry.submissionAnswered(campaign, batch, answer);
    if (reading.kind === 'new-media') {
      const { errcode } = reading;
      return deps.renewMaterial({ campaign, message, batch, mediaIds: mediaIdsOf(ready), errcode });
    }
    const { event, lane } = reading;
    if (event.type === 'accepted') return accepted(job, at, event);
    const answered = await recordEvent(campaign, batch.no, event, isNotAsked(batch));
    await laneReactions.react(campaign, lane);
    const after =
      event.type === 'put-back' ? await stopCampaign.stopIfCancelled(campaign, answered) : answered;
    if (after !== answered && after.state === 'held') {
      telemetry.batchHeld(campaign, after, after.reason);
    }
    if (after.state !== 'pending' && after.state !== 'submitting') return null;
    const { nextAttemptAt = now(), state } = after;
    return { kind: 'until', at: nextAttemptAt, first: state === 'submitting' };
  };

  /** An id that another call of this moment may have got is not taken over yet. */
  async function read({ ref, campaign, account, batch, answer }: Answered): Promise<Reading> {
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
    const isAdoption =
      reading.kind === 'event' && reading.event.type === 'accepted' && reading.event.adopted;
    if (!isAdoption) return reading;
    const others = await batches.asking(campaign.account);
    const at = { now: now(), restMs: unknownRetryMs };
    if (mayAdopt({ ref, batch }, others, at)) return reading;
    const until = now() + repeatDelayMs(batch.asked, unknownRetryMs);
    return {
      kind: 'event',
      event: { type: 'outcome-unknown', nextAttemptAt: until, errcode: KEY_EXISTS },
      lane: { kind: 'sleep', until, reason: 'outcome-unknown' },
    };
  }

  async function accepted(
    job: Pick<Job, 'parent'>,
    { ref, campaign, control, account, batch }: Answered,
    event: Accepted,
  ): Promise<null> {
    const { generation } = batch;
    const outcome = await batches.accepted(ref, event, { generation, from: batch });
    if (outcome.kind === 'taken') {
      const reason = 'message-id-taken';
      const held = { type: 'held', reason, takenMsgId: event.msgId, at: now() } as const;
      await recordEvent(campaign, batch.no, held, isNotAsked(batch));
      await laneReactions.idTaken(campaign);
      return null;
    }
    if (campaign.audience.type === 'everyone') await quota.noteEveryone(account.name);
    if (outcome.late) {
      telemetry.acceptedLate(campaign, outcome.batch);
      // The job of a later key has nothing to do any more, and its lane may sleep for days.
      await stopCampaign.leaveLane(campaign, outcome.late);
    }
    await laneReactions.answered(campaign, batch, control);
    await deps.expectReceipt(job, campaign, outcome.batch);
    return null;
  }

  async function monthIsUsedUp(name: string, answer: Answer<Submission>): Promise<boolean> {
    if (answer.kind !== 'refused' || !isOfDayOrMonth(answer.errcode)) return false;
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
}

const isNotAsked =
  (called: Called) =>
  (current: Batch): boolean =>
    !awaits(current, called);

function mediaIdsOf(message: MassMessage): readonly string[] {
  if ('mediaIds' in message) return message.mediaIds;
  return 'mediaId' in message ? [message.mediaId] : [];
}
