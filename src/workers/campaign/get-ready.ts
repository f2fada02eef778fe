/**
 * What must be there before a campaign's batches are laid out: its followers read, its files and
 * articles at WeChat. Whatever is missing is added under the root, which sleeps until it is done.
 */
import type { FlowProducer, Job } from 'bullmq';
import type { Campaign, Control } from '../../shared/campaign/campaign.ts';
import { type Message, needsNews } from '../../shared/campaign/message.ts';
import { uploadRouteOf } from '../../shared/delivery/upload-route.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { readFollowersJob } from '../../shared/queue/jobs.ts';
import { addChildren, type Parent, type Queues } from '../../shared/queue/queues.ts';
import type { CampaignRecord } from '../../shared/record/read-campaign.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { Era } from '../../shared/wechat/client.ts';
import {
  hasExpired,
  hasUploads,
  massMessage,
  materialJobs,
  newsKey,
} from '../delivery/material.ts';
import { countTry } from '../lane/count-tries.ts';
import type { InTurn } from '../lane/in-turn.ts';
import { sleepUntil, waitForChildren } from '../lane/sleep.ts';
import type { WaitForWechat } from '../lane/wait-for-wechat.ts';
import type { FindAudience } from './find-audience.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns'>;
  readonly queues: Pick<Queues, 'followers'>;
  readonly flows: FlowProducer;
  readonly accountOf: (name: string) => AccountConfig;
  readonly era: Era;
  readonly findAudience: FindAudience;
  readonly inTurn: InTurn;
  readonly waitForWechat: WaitForWechat;
  readonly now: () => number;
  readonly prefix: string;
}

/** One run of a campaign's root, with the record as it began. */
export type Run = CampaignRecord & { readonly job: Job; readonly token: string | undefined };

type Ready =
  | 'ready'
  /** There is no such campaign any more. */
  | 'gone'
  | { readonly failed: { readonly code: string; readonly message: string } };

export type GetReady = ReturnType<typeof makeGetReady>;

export function makeGetReady(deps: Dependencies) {
  const { stores, queues, flows, accountOf, era, now, prefix } = deps;
  const { campaigns } = stores;

  /** Returns once everything is there, or never will be; else the root sleeps. */
  async function getReady(run: Run): Promise<Ready> {
    const { campaign, control, job, token } = run;
    if (control.phase === 'accepted') {
      const unknown = await whyUnknown(run);
      if (unknown !== null) return failed('audience-unknown', unknown);
    }
    const message = await campaigns.message(campaign.id);
    if (!message) return failed('record-lost', 'the message is no longer kept');
    const account = accountOf(campaign.account);

    if (campaign.audience.type === 'followers' && control.recipients === undefined) {
      if (!(await begin(run))) return 'gone';
      await addChildren(queues.followers, rootOf(job), [
        { definition: readFollowersJob, payload: { campaignId: campaign.id } },
      ]);
      await waitForChildren(job, token);
      return sleepUntil(job, token, now() + SECOND);
    }
    const { failure, generation } = control.material;
    if (failure?.generation === generation) return { failed: failure };
    if (!isThere(campaign, control, message, account)) {
      if (!(await begin(run))) return 'gone';
      if (hasExpired(control.material, now())) return makeAnew(run, generation);
      const jobs = materialJobs({ campaign, message, account, era, generation });
      await flows.addBulk(
        jobs.map((flow) => ({ ...flow, prefix, opts: { ...flow.opts, parent: rootOf(job) } })),
      );
      await waitForChildren(job, token);
      return sleepUntil(job, token, now() + SECOND);
    }
    return 'ready';
  }

  /** Paused for days on the way: what was uploaded before is no longer at WeChat. */
  async function makeAnew({ campaign, job, token }: Run, generation: number): Promise<never> {
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
  async function whyUnknown({ campaign, job, token }: Run): Promise<string | null> {
    const found = await deps.inTurn(job, token, campaign.account, () =>
      deps.findAudience(campaign, () => countTry(job)),
    );
    if (found.kind === 'later') return deps.waitForWechat(job, token, campaign, found.later);
    return found.kind === 'unknown' ? found.message : null;
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

  return getReady;
}

const failed = (code: string, message: string): Ready => ({ failed: { code, message } });

export const rootOf = (job: Job): Parent => ({
  id: job.id ?? '',
  queue: job.queueQualifiedName,
});
