/**
 * What a person may do to a campaign: pause, resume, cancel, approve, retry, resolve.
 *
 * The record comes first, then the campaign's jobs are taken out of the lane or woken. Each may be
 * asked for twice and does it once; each is written down with who asked.
 */

import { type CampaignView, type Control, isEnded, viewOf } from '../campaign/campaign.ts';
import type { EnqueueRoot } from '../queue/enqueue-root.ts';
import type { Queues } from '../queue/queues.ts';
import { wakeCampaign } from '../queue/wake-campaign.ts';
import type { Stores } from '../record/record.ts';
import { type Refusal, refuse } from './refusal.ts';
import { type Decision, makeResolveHeld, notAfterPassed } from './resolve-held.ts';
import { makeChooseRetries, type RetryHow } from './retry-refused.ts';
import { makeStopCampaign } from './stop-campaign.ts';

export type SteerResult = CampaignView | { readonly refused: Refusal };

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'batches' | 'audiences'>;
  readonly queues: Queues;
  readonly enqueueRoot: EnqueueRoot;
  readonly now: () => number;
}

export type SteerCampaign = ReturnType<typeof makeSteerCampaign>;

type Decided = Control | { refused: Refusal };

export function makeSteerCampaign({ stores, queues, enqueueRoot, now }: Dependencies) {
  const { campaigns } = stores;
  const chooseRetries = makeChooseRetries({ stores, now });
  const resolveHeld = makeResolveHeld({ batches: stores.batches, now });
  const stopCampaign = makeStopCampaign({ stores, queues, now });

  async function pause(id: string, by: string): Promise<SteerResult> {
    return steer(id, by, 'pause', (control) =>
      isEnded(control) || control.cancelled
        ? over('pause')
        : control.paused
          ? control
          : { ...control, paused: { at: now(), by, reason: 'operator' } },
    );
  }

  async function resume(id: string, by: string): Promise<SteerResult> {
    return steer(id, by, 'resume', (control) => {
      if (isEnded(control)) return over('resume');
      if (!control.paused) return control;
      if (control.paused.reason === 'approval') {
        return refuse(409, 'approval-needed', 'this campaign waits for approval: approve it');
      }
      return withoutPause(control);
    });
  }

  /** By another key than the one that enqueued it: two people, or two systems, must agree. */
  async function approve(id: string, by: string): Promise<SteerResult> {
    return steer(id, by, 'approve', (control, createdBy) => {
      if (isEnded(control) || control.cancelled) return over('approve');
      if (control.approved) return control;
      if (control.paused?.reason !== 'approval') {
        return refuse(409, 'no-approval-needed', 'this campaign does not wait for approval');
      }
      if (by === createdBy) {
        return refuse(
          403,
          'approval-by-another',
          `${createdBy} enqueued this campaign; somebody else must approve it`,
        );
      }
      return { ...withoutPause(control), approved: { at: now(), by } };
    });
  }

  /** Batches not called yet leave the lane at once; what was called goes on to its receipt. */
  async function cancel(id: string, by: string): Promise<SteerResult> {
    return steer(id, by, 'cancel', (control) => {
      if (control.cancelled) return control;
      if (isEnded(control)) return over('cancel');
      return { ...withoutPause(control), cancelled: { at: now(), by, reason: 'operator' } };
    });
  }

  async function steer(
    id: string,
    by: string,
    action: string,
    decide: (control: Control, createdBy: string) => Decided,
  ): Promise<SteerResult> {
    const after = await campaigns.control<Refusal>(
      id,
      (control, _tally, campaign) => decide(control, campaign.createdBy),
      { audit: { at: now(), by, action } },
    );
    if (after === null) return unknown(id);
    if ('refused' in after) return after;
    // Asked again, too: whoever recorded it may have died before anything was woken.
    if (!isEnded(after)) await act(id, after);
    return show(id);
  }

  async function act(id: string, control: Control): Promise<void> {
    const campaign = await campaigns.spec(id);
    if (!campaign) return;
    if (control.cancelled) await stopCampaign.cancelPending(campaign);
    else if (control.paused) await stopCampaign.parkPending(campaign);
    await wakeCampaign(queues, id);
  }

  /** The refused batches only, under new keys; on request in halves, or without some OpenIDs. */
  async function retry(id: string, by: string, how: RetryHow = { as: 'is' }): Promise<SteerResult> {
    const record = await campaigns.read(id);
    if (!record) return unknown(id);
    if (now() >= record.campaign.notAfter) return notAfterPassed();
    if (record.control.cancelled) return { refused: over('retry').refused };
    if (record.tally.refused === 0) return nothingRefused();
    const retries = await chooseRetries(record, how, by);
    if ('refused' in retries) return retries;
    if (retries.length === 0) return nothingRefused();
    await campaigns.askWechatAgain(id);
    // Opened first: should this process die in between, the sweeper finds it and ends it again.
    await campaigns.reopen(id);
    for (const retryOne of retries) await retryOne();
    await campaigns.reopen(id);
    return goOn(id);
  }

  /** A held batch: a person says what became of it. */
  async function resolve(
    id: string,
    which: number | 'all-held',
    decision: Decision,
    by: string,
  ): Promise<SteerResult> {
    const campaign = await campaigns.spec(id);
    if (!campaign) return unknown(id);
    return (await resolveHeld(campaign, which, decision, by)) ?? goOn(id);
  }

  /** The root may be asleep over other batches, or have ended: either way it looks again. */
  async function goOn(id: string): Promise<SteerResult> {
    const campaign = await campaigns.spec(id);
    if (campaign) await enqueueRoot(campaign);
    await wakeCampaign(queues, id);
    return show(id);
  }

  async function show(id: string): Promise<SteerResult> {
    const record = await campaigns.read(id);
    return record ? viewOf(record.campaign, record.control, record.tally) : unknown(id);
  }

  return { pause, resume, cancel, approve, retry, resolve };
}

/** What was counted towards the pause begins anew with the person's word. */
function withoutPause(control: Control): Control {
  const { paused: _, takenInARow: __, ...rest } = control;
  return rest;
}

const nothingRefused = (): { refused: Refusal } =>
  refuse(409, 'nothing-refused', 'no batch of this campaign is refused that this could retry');

const over = (what: string): { refused: Refusal } =>
  refuse(409, 'campaign-over', `nothing to ${what}: the campaign has ended or was cancelled`);

const unknown = (id: string): { refused: Refusal } =>
  refuse(404, 'campaign-not-found', `no campaign ${id}, or its time of keeping is over`);
