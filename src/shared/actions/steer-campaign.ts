/**
 * What an operator may do to a campaign: pause, resume, cancel, approve, reject, acknowledge, retry,
 * resolve.
 *
 * The record comes first, then the campaign's jobs are taken out of the lane or woken. Each may be
 * asked for twice and does it once; each is written down with who asked. A decision that names the
 * version it was made on is done only if that is still the current one.
 */

import { setImmediate as breath } from 'node:timers/promises';
import { isSamePerson } from '../campaign/approval.ts';
import type { Act } from '../campaign/audit.ts';
import { type InFlight, inFlight } from '../campaign/batch.ts';
import {
  type Campaign,
  type Control,
  type Decision,
  isEnded,
  isPaused,
  rfc3339,
} from '../campaign/campaign.ts';
import { allUploadsOf, consoleDraft, readPictures } from '../campaign/message.ts';
import { type CampaignView, viewOf } from '../contract/campaign-view.ts';
import { type Problem, type Refused, refuse } from '../contract/problem.ts';
import { readDraftDigest } from '../delivery/draft-digest.ts';
import { saidNo } from '../delivery/said-no.ts';
import type { WechatFor } from '../delivery/wechat-accounts.ts';
import type { EnqueueRoot } from '../queue/enqueue-root.ts';
import type { AllQueues } from '../queue/queues.ts';
import { wakeCampaign } from '../queue/wake-campaign.ts';
import type { Stores } from '../record/record.ts';
import {
  acknowledged,
  approved,
  asSeen,
  cancelled,
  type Decided,
  paused,
  rejected,
  rescheduled,
  resumed,
} from './campaign-decisions.ts';
import { LISTS_KEPT_AFTER } from './freeze-audience.ts';
import { timesOf } from './prepare-campaign.ts';
import { makeResolveHeld, type Resolution } from './resolve-held.ts';
import { makeRetryRefused, type RetryHow } from './retry-refused.ts';
import { makeStopCampaign } from './stop-campaign.ts';

/** `inFlight`, of a pause or a cancel: what it could not stop. */
export type SteerResult = (CampaignView & { readonly inFlight?: readonly InFlight[] }) | Refused;

export interface StepOptions {
  /** The version of the campaign that was decided on. */
  readonly seen?: number | undefined;
  /** Why; kept in the audit. */
  readonly note?: string | undefined;
}

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'batches' | 'audiences' | 'media'>;
  readonly queues: AllQueues;
  readonly enqueueRoot: EnqueueRoot;
  readonly wechatFor: WechatFor;
  readonly now: () => number;
}

export type SteerCampaign = ReturnType<typeof makeSteerCampaign>;

type Step = 'pause' | 'resume' | 'cancel' | 'approve' | 'reject' | 'acknowledge';
type Decide = (control: Control, campaign: Campaign) => Decided;

export interface OtherTimes extends StepOptions {
  /** RFC 3339. */
  readonly sendAt?: string | undefined;
  /** As long after `sendAt` as before, if absent. */
  readonly notAfter?: string | undefined;
}

export function makeSteerCampaign(deps: Dependencies) {
  const { stores, queues, enqueueRoot, wechatFor, now } = deps;
  const { campaigns, batches, audiences, media } = stores;
  const retryRefused = makeRetryRefused({ stores, now });
  const resolveHeld = makeResolveHeld({ batches, now });
  const stopCampaign = makeStopCampaign({ stores, queues, now });

  const word = (by: string): Decision => ({ at: now(), by });

  const pause = (id: string, by: string, options: StepOptions = {}): Promise<SteerResult> =>
    stop(id, by, 'pause', options, (control) => paused(control, word(by)));

  const resume = (id: string, by: string, options: StepOptions = {}): Promise<SteerResult> =>
    steer(id, by, 'resume', options, resumed);

  async function approve(id: string, by: string, options: StepOptions = {}): Promise<SteerResult> {
    const read = await readForApproval(id, by);
    if (read && read.kind !== 'ok') return saidNo(read);
    const draft = read?.value ? { draft: read.value } : {};
    return steer(
      ...([id, by, 'approve', options] as const),
      (control, campaign) => approved(control, campaign, { ...word(by), ...draft }),
      read?.value ? { action: 'approve', draft: 'read' } : { action: 'approve' },
    );
  }

  /** A draft of the console may be changed there until it goes out: what it says now is approved. */
  async function readForApproval(id: string, by: string) {
    const record = await campaigns.read(id);
    if (!record?.control.pauses?.approval || isSamePerson(by, record.campaign.createdBy)) return;
    const mediaId = consoleDraft(await campaigns.message(id));
    if (mediaId === null) return;
    return readDraftDigest(wechatFor(record.campaign.account), mediaId);
  }

  const reject = (id: string, by: string, options: StepOptions = {}): Promise<SteerResult> =>
    steer(id, by, 'reject', options, (control) => {
      const { note } = options;
      return rejected(control, { ...word(by), ...(note ? { note } : {}) });
    });

  /** Batches not called yet leave the lane at once; what was called goes on to its receipt. */
  const cancel = (id: string, by: string, options: StepOptions = {}): Promise<SteerResult> =>
    stop(id, by, 'cancel', options, (control) => cancelled(control, word(by)));

  const acknowledge = (id: string, by: string, options: StepOptions = {}): Promise<SteerResult> =>
    steer(id, by, 'acknowledge', options, (control) => acknowledged(control, word(by)));

  async function reschedule(id: string, by: string, asked: OtherTimes): Promise<SteerResult> {
    const campaign = await campaigns.spec(id);
    if (!campaign) return NO_CAMPAIGN;
    const at = now();
    const { mistakes, ...times } = timesOf(
      { ...asked, sendAt: asked.sendAt ?? rfc3339(campaign.sendAt) },
      at,
      campaign.notAfter - campaign.sendAt,
    );
    if (mistakes.length > 0) return refuse({ code: 'invalid-body', errors: mistakes });
    await keepUntil(campaign, times.notAfter);
    const { seen, note } = asked;
    let approvalIsVoid = false;
    const after = await campaigns.control<Problem>(
      id,
      (control, { version }) => {
        approvalIsVoid = control.approved !== undefined;
        return asSeen(rescheduled(control, { at, by }), { control, version, seen });
      },
      {
        audit: () => ({
          ...{ at, by, action: 'reschedule', ...(note ? { note } : {}) },
          sendAt: rfc3339(times.sendAt),
          notAfter: rfc3339(times.notAfter),
          ...(approvalIsVoid ? { approvalIsVoid } : {}),
        }),
        times,
        overVersion: seen !== undefined,
        isLasting: true,
      },
    );
    if (after === null) return NO_CAMPAIGN;
    if ('refused' in after) return withCampaign(id, after);
    await carryOut(id, after);
    return show(id);
  }

  /** Its lists and files are needed for as long as it may be called. */
  async function keepUntil({ id, audience, exclude = [] }: Campaign, notAfter: number) {
    const lists = [...(audience.type === 'list' ? [audience.listId] : []), ...exclude];
    for (const list of lists) await audiences.touch(list, notAfter - now() + LISTS_KEPT_AFTER);
    const message = await campaigns.message(id);
    if (message) await readPictures(message, breath);
    for (const { upload } of message ? allUploadsOf(message) : []) {
      await media.touch(upload, { until: notAfter });
    }
  }

  /** The answer names what may still go out. */
  async function stop(
    id: string,
    by: string,
    step: Step,
    options: StepOptions,
    decide: Decide,
  ): Promise<SteerResult> {
    const result = await steer(id, by, step, options, decide);
    if ('refused' in result) return result;
    return { ...result, inFlight: inFlight(id, await batches.all(id)) };
  }

  async function steer(
    id: string,
    by: string,
    action: Step,
    { seen, note }: StepOptions,
    decide: Decide,
    act: Act = { action },
  ): Promise<SteerResult> {
    const after = await campaigns.control<Problem>(
      id,
      (control, { version }, campaign) =>
        asSeen(decide(control, campaign), { control, version, seen }),
      {
        audit: { ...act, at: now(), by, ...(note ? { note } : {}) },
        overVersion: seen !== undefined,
        isLasting: true,
      },
    );
    if (after === null) return NO_CAMPAIGN;
    if ('refused' in after) return withCampaign(id, after);
    // Asked again, too: whoever recorded it may have died before anything was woken.
    if (!isEnded(after)) await carryOut(id, after);
    return show(id);
  }

  async function carryOut(id: string, control: Control): Promise<void> {
    const campaign = await campaigns.spec(id);
    if (!campaign) return;
    if (control.cancelled) await stopCampaign.cancelPending(campaign);
    else if (isPaused(control)) await stopCampaign.parkPending(campaign);
    await wakeCampaign(queues, id);
  }

  /** The refused batches only, under new keys; on request in halves, or without some OpenIDs. */
  async function retry(id: string, by: string, how: RetryHow = { as: 'is' }): Promise<SteerResult> {
    const campaign = await campaigns.spec(id);
    if (!campaign) return NO_CAMPAIGN;
    // What WeChat refused of its material must not refuse these batches again.
    await campaigns.askWechatAgain(id);
    const refused = await retryRefused(campaign, how, by);
    return refused ? withCampaign(id, refused) : goOn(id);
  }

  /** A batch whose outcome is unknown: an operator says what became of it. */
  async function resolve(
    id: string,
    which: number | 'all-held',
    decision: Resolution,
    by: string,
  ): Promise<SteerResult> {
    const campaign = await campaigns.spec(id);
    if (!campaign) return NO_CAMPAIGN;
    const refused = await resolveHeld(campaign, which, decision, by);
    return refused ? withCampaign(id, refused) : goOn(id);
  }

  /** The root may be asleep over other batches, or have ended: either way it looks again. */
  async function goOn(id: string): Promise<SteerResult> {
    const record = await campaigns.read(id);
    if (!record) return NO_CAMPAIGN;
    if (!isEnded(record.control)) await enqueueRoot(record.campaign);
    await wakeCampaign(queues, id);
    return show(id);
  }

  async function show(id: string): Promise<CampaignView | Refused> {
    const record = await campaigns.read(id);
    return record ? viewOf(record.campaign, record.control, record.tally) : NO_CAMPAIGN;
  }

  /** Whoever decided on an earlier version is shown the current one. */
  async function withCampaign(id: string, { refused }: Refused): Promise<Refused> {
    if (refused.code !== 'moved') return { refused };
    if (refused.batch) return refuse({ ...refused, campaignId: id });
    const view = await show(id);
    return 'refused' in view ? view : refuse({ ...refused, campaign: view });
  }

  return { pause, resume, cancel, approve, reject, acknowledge, reschedule, retry, resolve };
}

const NO_CAMPAIGN = refuse({ code: 'campaign-not-found' });
