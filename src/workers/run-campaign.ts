/**
 * The root of a campaign's tree, and its reconciler.
 *
 * Each run reads the record, sees to it that whatever is open has a live job, and then waits for
 * its children or ends. So it may run at any time, as often as it likes, after any crash.
 */
import type { FlowProducer, Job } from 'bullmq';
import { isWholesale } from '../shared/campaign/audience.ts';
import { type Batch, newBatch } from '../shared/campaign/batch.ts';
import { type Campaign, type Control, isEnded, stateOf } from '../shared/campaign/campaign.ts';
import { batchCount, batchRange } from '../shared/campaign/cut.ts';
import { type Message, needsNews } from '../shared/campaign/message.ts';
import { EMPTY_TALLY, openBatches, outcomeOf } from '../shared/campaign/progress.ts';
import {
  awaitResumeJob,
  type CampaignPayload,
  FAR_AWAY,
  readFollowersJob,
  runCampaignJob,
} from '../shared/jobs/jobs.ts';
import { addChildren, type Parent, promote, type Queues } from '../shared/jobs/queues.ts';
import { uploadRouteOf } from '../shared/material/upload-route.ts';
import type { Telemetry } from '../shared/observe/telemetry.ts';
import type { Stores } from '../shared/record.ts';
import type { AccountConfig } from '../shared/settings/accounts.ts';
import { makeStopCampaign } from '../shared/steer/stop-campaign.ts';
import { PREFIX } from '../shared/store/keys.ts';
import type { CampaignRecord } from '../shared/store/read-campaign.ts';
import { SECOND } from '../shared/time.ts';
import type { Era } from '../shared/wechat/client.ts';
import { countTry } from './count-tries.ts';
import type { FindAudience } from './find-audience.ts';
import { hasExpired, hasUploads, massMessage, materialJobs, newsKey } from './material.ts';
import type { ReviveBatches } from './revive-batches.ts';
import { sleepUntil, waitForChildren } from './sleep.ts';
import type { WaitForWechat } from './wait-for-wechat.ts';

interface Dependencies {
  readonly stores: Stores;
  readonly queues: Queues;
  readonly flows: FlowProducer;
  readonly accountOf: (name: string) => AccountConfig;
  readonly era: Era;
  readonly findAudience: FindAudience;
  readonly waitForWechat: WaitForWechat;
  readonly reviveBatches: ReviveBatches;
  /** Told once, when a campaign has ended. */
  readonly onEnd: (campaign: Campaign) => Promise<void>;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly prefix?: string;
}

type Run = CampaignRecord & { readonly job: Job; readonly token: string | undefined };

export function makeRunCampaign(deps: Dependencies) {
  const { stores, queues, flows, accountOf, era, telemetry, now, prefix = PREFIX } = deps;
  const { campaigns } = stores;
  const stopCampaign = makeStopCampaign({ stores, queues, now });

  async function runCampaign(job: Job, token?: string): Promise<void> {
    const { campaignId }: CampaignPayload = runCampaignJob.payload.parse(job.data);
    const record = await campaigns.read(campaignId);
    if (!record || isEnded(record.control)) return;
    const { campaign, control } = record;
    const run: Run = { ...record, job, token };

    if (control.cancelled || now() >= campaign.notAfter) return windUp(run);
    if (control.paused) return waitForResume(run);
    // Anybody may promote it by hand; a campaign's time is its own.
    if (now() < campaign.sendAt) return sleepUntil(job, token, campaign.sendAt);
    if (control.phase === 'submitting') return seeThrough(run);
    return prepare(run);
  }

  async function prepare(run: Run): Promise<void> {
    const { campaign, control, job, token } = run;
    if (control.phase === 'accepted' && !(await isKnown(run))) return;
    const message = await campaigns.message(campaign.id);
    if (!message) return endWith(campaign, 'record-lost', 'the message is no longer kept');
    const account = accountOf(campaign.account);

    if (campaign.audience.type === 'followers' && control.recipients === undefined) {
      if (!(await begin(run))) return;
      await addChildren(queues.upkeep, rootOf(job), [
        { definition: readFollowersJob, payload: { campaignId: campaign.id } },
      ]);
      await waitForChildren(job, token);
      return sleepUntil(job, token, now() + SECOND);
    }
    const { failure, generation } = control.material;
    if (failure?.generation === generation) {
      return endWith(campaign, failure.code, failure.message);
    }
    if (!isThere(campaign, control, message, account)) {
      if (!(await begin(run))) return;
      if (hasExpired(control.material, now())) return makeAnew(run, generation);
      const jobs = materialJobs({ campaign, message, account, era, generation });
      await flows.addBulk(
        jobs.map((flow) => ({ ...flow, prefix, opts: { ...flow.opts, parent: rootOf(job) } })),
      );
      await waitForChildren(job, token);
      return sleepUntil(job, token, now() + SECOND);
    }
    return layOut(run, control);
  }

  /** Paused for days on the way: what was uploaded before is no longer at WeChat. */
  async function makeAnew({ campaign, job, token }: Run, generation: number): Promise<void> {
    await campaigns.control(campaign.id, (control) =>
      control.material.generation === generation
        ? {
            ...control,
            material: { ...control.material, generation: generation + 1, uploads: {}, news: {} },
          }
        : control,
    );
    return sleepUntil(job, token, now());
  }

  /** A group or tag that WeChat does not know fails the campaign before anything is uploaded. */
  async function isKnown({ campaign, job, token }: Run): Promise<boolean> {
    const found = await deps.findAudience(campaign, () => countTry(job));
    if (found.kind === 'unknown') {
      await endWith(campaign, 'audience-unknown', found.message);
      return false;
    }
    if (found.kind === 'later') return deps.waitForWechat(job, token, campaign, found.later);
    return true;
  }

  /** Something must be made ready first. @returns whether there still is such a campaign. */
  async function begin({ campaign, control }: Run): Promise<boolean> {
    if (control.phase !== 'accepted') return true;
    const begun = await campaigns.control(campaign.id, (current) =>
      current.phase === 'accepted' ? { ...current, phase: 'preparing' } : current,
    );
    return begun !== null;
  }

  /** With drafts each batch makes its own, just before it goes. */
  function isThere(
    campaign: Campaign,
    control: Control,
    message: Message,
    account: AccountConfig,
  ): boolean {
    const route = uploadRouteOf(account, era, campaign.audience);
    const needs = { message, route, material: control.material, now: now() };
    if (needsNews(message) && account.newsRoute === 'draft') return hasUploads(needs);
    return massMessage(needs, newsKey(account, 1)) !== null;
  }

  async function layOut(run: Run, control: Control): Promise<void> {
    const { campaign } = run;
    const recipients = control.recipients ?? campaign.counts?.recipients ?? null;
    const laid = isWholesale(campaign.audience)
      ? [newBatch(1, null)]
      : Array.from({ length: batchCount(recipients ?? 0) }, (_, at) => {
          const { from, to } = batchRange(recipients ?? 0, at + 1);
          return newBatch(at + 1, to - from);
        });
    if (laid.length === 0 || recipients === 1) {
      return endWith(
        campaign,
        'too-few-recipients',
        `${recipients ?? 0} recipients: WeChat takes two OpenIDs at least (40130)`,
      );
    }
    const facts = recipients === null ? {} : { recipients };
    const begun = await campaigns.layBatches(campaign.id, laid, facts, control);
    if (begun) {
      const tally = { ...EMPTY_TALLY, pending: laid.length };
      return seeThrough({ ...run, control: begun, tally }, laid);
    }
    const record = await campaigns.read(campaign.id);
    if (record) return seeThrough({ ...run, ...record });
  }

  /** Every open batch has a live job; then sleep until the children are done, or end. */
  async function seeThrough(run: Run, fresh?: readonly Batch[]): Promise<void> {
    const { campaign, control, tally, job, token } = run;
    if (openBatches(tally) === 0) return end(run);
    await deps.reviveBatches(campaign, control, rootOf(job), fresh);
    await waitForChildren(job, token);
    // No child to wait for, and yet something is open: settled just now, or its job was lost.
    return sleepUntil(job, token, now() + SECOND);
  }

  /** Paused: nothing new starts; what was called already goes on to its receipt. */
  async function waitForResume(run: Run): Promise<void> {
    const { campaign, control, tally, job, token } = run;
    if (control.phase === 'submitting') {
      if (openBatches(tally) === 0) return end(run);
      await deps.reviveBatches(campaign, control, rootOf(job));
    }
    if (control.phase !== 'submitting' || tally.pending > 0) {
      await addChildren(queues.campaigns, rootOf(job), [
        {
          definition: awaitResumeJob,
          payload: { campaignId: campaign.id },
          options: { delay: FAR_AWAY },
        },
      ]);
      // The word may have come between our reading and the job's going to sleep: look again.
      const again = await campaigns.read(campaign.id);
      if (!again?.control.paused || again.control.cancelled) {
        await promote(queues.campaigns, awaitResumeJob.id({ campaignId: campaign.id }));
      }
    }
    await waitForChildren(job, token);
    return sleepUntil(job, token, now() + SECOND);
  }

  /** Cancelled, or too late: the batches not called yet are; the others go on to their receipt. */
  async function windUp(run: Run): Promise<void> {
    const { campaign, control } = run;
    if (control.cancelled || !(await stopCampaign.stopLate(campaign))) {
      await stopCampaign.cancelPending(campaign);
    }
    const record = await campaigns.read(campaign.id);
    if (record) return seeThrough({ ...run, ...record });
  }

  async function endWith(campaign: Campaign, code: string, message: string): Promise<void> {
    await campaigns.end(campaign.id, { code, message });
    const record = await campaigns.read(campaign.id);
    return told(record ?? { campaign });
  }

  async function end(run: Run): Promise<void> {
    const { campaign, job, token } = run;
    if (await campaigns.end(campaign.id)) {
      return told({ ...run, control: { ...run.control, phase: 'ended' } });
    }
    // A person opened a batch again at that very moment.
    return sleepUntil(job, token, now() + SECOND);
  }

  async function told({
    campaign,
    control,
    tally,
  }: Pick<CampaignRecord, 'campaign'> & Partial<CampaignRecord>): Promise<void> {
    if (control && tally) {
      telemetry.campaignEnded(campaign, stateOf(control, tally), outcomeOf(tally));
    }
    await deps.onEnd(campaign);
  }

  return runCampaign;
}

const rootOf = (job: Job): Parent => ({ id: job.id ?? '', queue: job.queueQualifiedName });
