/**
 * The root of a campaign's tree, and its reconciler.
 *
 * Each run reads the record, sees to it that whatever is open has a live job, and then waits for
 * its children or ends. So it may run at any time, as often as it likes, after any crash.
 */
import type { StopCampaign } from '../../shared/actions/stop-campaign.ts';
import { usesSendAll } from '../../shared/campaign/audience.ts';
import { type Batch, newBatch } from '../../shared/campaign/batch.ts';
import { type Campaign, isEnded, isPaused, stateOf } from '../../shared/campaign/campaign.ts';
import { batchCount, batchRange } from '../../shared/campaign/cut.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import { outcomeOf } from '../../shared/campaign/outcome.ts';
import { EMPTY_TALLY, openBatches } from '../../shared/campaign/progress.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { awaitResumeJob, type CampaignPayload, FAR_AWAY } from '../../shared/queue/jobs.ts';
import { addChildren, promote } from '../../shared/queue/queues.ts';
import type { CampaignRecord } from '../../shared/record/read-campaign.ts';
import { type Handler, until, type Wait } from '../job.ts';
import type { Tools } from '../tools.ts';
import type { CloseIfAccountChanged } from './account-changed.ts';
import { type GetReady, type Run, rootOf } from './get-ready.ts';
import type { ReviveBatches } from './revive-batches.ts';

type Dependencies = Pick<Tools, 'stores' | 'queues' | 'telemetry' | 'now'> & {
  readonly stopCampaign: StopCampaign;
  readonly getReady: GetReady;
  readonly reviveBatches: ReviveBatches;
  readonly closeIfAccountChanged: Pick<CloseIfAccountChanged, 'root'>;
  /** Told once, when a campaign has ended. */
  readonly onEnd: (campaign: Campaign) => Promise<void>;
};

/** A root is added beside its campaign's commit, which may take a little longer. */
const COMMITTED_WITHIN = 3 * SECOND;

type Ended = Pick<CampaignRecord, 'campaign'> & Partial<CampaignRecord>;

export function makeRunCampaign(deps: Dependencies): Handler<CampaignPayload> {
  const { stores, queues, stopCampaign, telemetry, now } = deps;
  const { campaigns } = stores;

  return async function runCampaign({ campaignId }, job) {
    const record = await campaigns.read(campaignId);
    if (!record) return now() - job.timestamp < COMMITTED_WITHIN ? until(now() + SECOND) : null;
    if (isEnded(record.control)) return null;
    if (await deps.closeIfAccountChanged.root(record.campaign)) return null;
    const { campaign, control } = record;
    const run: Run = { ...record, job };

    if (control.cancelled || now() >= campaign.notAfter) return windUp(run);
    if (isPaused(control)) return waitForResume(run);
    // Anybody may promote it by hand; a campaign's time is its own.
    if (now() < campaign.sendAt) return until(campaign.sendAt);
    if (control.phase === 'submitting') return seeThrough(run);
    const ready = await deps.getReady(run);
    if (ready === 'gone') return null;
    if (ready === 'ready') return layOut(run);
    return 'wait' in ready ? ready.wait : endWith(campaign, ready.failed);
  };

  async function layOut(run: Run): Promise<Wait | null> {
    const { campaign, control } = run;
    const recipients = control.recipients ?? campaign.counts?.recipients ?? null;
    const laid = usesSendAll(campaign.audience)
      ? [newBatch(1, null)]
      : Array.from({ length: batchCount(recipients ?? 0) }, (_, at) => {
          const { from, to } = batchRange(recipients ?? 0, at + 1);
          return newBatch(at + 1, to - from);
        });
    if (laid.length === 0 || recipients === 1) {
      return endWith(campaign, { code: 'too-few-recipients', recipients: recipients ?? 0 });
    }
    const facts = recipients === null ? {} : { recipients };
    const begun = await campaigns.layBatches(campaign.id, laid, facts, run);
    if (!begun) {
      const { sendAt = 0 } = (await campaigns.spec(campaign.id)) ?? {};
      // Its time was put off meanwhile, or it was cancelled.
      return sendAt > now() ? until(sendAt) : seeThroughAgain(run);
    }
    const tally = { ...EMPTY_TALLY, pending: laid.length };
    return seeThrough({ ...run, control: begun, tally }, laid);
  }

  /** Every open batch has a live job; then the root sleeps until the children are done, or ends. */
  async function seeThrough(run: Run, fresh?: readonly Batch[]): Promise<Wait | null> {
    const { campaign, control, tally, job } = run;
    if (openBatches(tally) === 0) return end(run);
    await deps.reviveBatches(campaign, control, rootOf(job), fresh);
    // No child to wait for, and yet something is open: settled just now, or its job was lost, or
    // the tally was.
    const whenNone = () => campaigns.mendTally(campaign.id);
    return { kind: 'children', orUntil: now() + SECOND, whenNone };
  }

  async function seeThroughAgain(run: Run): Promise<Wait | null> {
    const record = await campaigns.read(run.campaign.id);
    return record && seeThrough({ ...run, ...record });
  }

  /** Paused: nothing new starts; what was called already goes on to its receipt. */
  async function waitForResume(run: Run): Promise<Wait | null> {
    const { campaign, control, tally, job } = run;
    const payload = { campaignId: campaign.id };
    if (control.phase === 'submitting') {
      if (openBatches(tally) === 0) return end(run);
      await deps.reviveBatches(campaign, control, rootOf(job));
    }
    if (control.phase !== 'submitting' || tally.pending > 0) {
      await addChildren(queues.campaigns, rootOf(job), [
        { definition: awaitResumeJob, payload, options: { delay: FAR_AWAY } },
      ]);
      // The resume may have come between our reading and the job's going to sleep: look again.
      const again = await campaigns.read(campaign.id);
      if (!again || !isPaused(again.control) || again.control.cancelled) {
        await promote(queues.campaigns, awaitResumeJob.id(payload));
      }
    }
    return { kind: 'children', orUntil: now() + SECOND };
  }

  /** Cancelled, or too late: the batches not called yet are; the others go on to their receipt. */
  async function windUp(run: Run): Promise<Wait | null> {
    const { campaign, control } = run;
    if (control.cancelled || !(await stopCampaign.stopLate(campaign))) {
      await stopCampaign.cancelPending(campaign);
    }
    return seeThroughAgain(run);
  }

  async function endWith(campaign: Campaign, failure: Failure): Promise<null> {
    await campaigns.end(campaign.id, failure);
    return tell((await campaigns.read(campaign.id)) ?? { campaign });
  }

  async function end(run: Run): Promise<Wait | null> {
    // An operator opened a batch again at that very moment.
    if (!(await campaigns.end(run.campaign.id, undefined, run))) return until(now() + SECOND);
    return tell({ ...run, control: { ...run.control, phase: 'ended' } });
  }

  async function tell({ campaign, control, tally }: Ended): Promise<null> {
    if (control && tally) {
      telemetry.campaignEnded(campaign, stateOf(control, tally), outcomeOf(tally));
    }
    await deps.onEnd(campaign);
    return null;
  }
}
