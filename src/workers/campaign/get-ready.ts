/**
 * What must be there before a campaign's batches are laid out: its followers read, its files and
 * articles at WeChat. Whatever is missing is added under the root, which sleeps until it is done.
 */
import type { Job } from 'bullmq';
import type { Failure } from '../../shared/campaign/failure.ts';
import { beforeBatches } from '../../shared/campaign/material.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { readFollowersJob } from '../../shared/queue/jobs.ts';
import { addChildren, type Parent, type Queues } from '../../shared/queue/queues.ts';
import type { CampaignRecord } from '../../shared/record/read-campaign.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { PrepareMessage } from '../delivery/prepare-message.ts';
import { countTry } from '../lane/count-tries.ts';
import type { InTurn } from '../lane/in-turn.ts';
import { sleepUntil, untilChildren, waitForChildren } from '../lane/sleep.ts';
import type { WaitForWechat } from '../lane/wait-for-wechat.ts';
import type { FindAudience } from './find-audience.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns'>;
  readonly queues: Pick<Queues, 'followers'>;
  readonly prepareMessage: PrepareMessage;
  readonly findAudience: FindAudience;
  readonly inTurn: InTurn;
  readonly waitForWechat: WaitForWechat;
  readonly now: () => number;
}

/** One run of a campaign's root, with the record as it began. */
export type Run = CampaignRecord & { readonly job: Job; readonly token: string | undefined };

type Ready =
  | 'ready'
  /** There is no such campaign any more. */
  | 'gone'
  | { readonly failed: Failure };

export type GetReady = ReturnType<typeof makeGetReady>;

export function makeGetReady(deps: Dependencies) {
  const { stores, queues, prepareMessage, now } = deps;
  const { campaigns } = stores;

  /** Returns once everything is there, or never will be; else the root sleeps. */
  async function getReady(run: Run): Promise<Ready> {
    const { campaign, control, job, token } = run;
    if (control.phase === 'accepted') {
      const unknown = await whyUnknown(run);
      if (unknown !== null) return { failed: unknown };
    }
    const message = await campaigns.message(campaign.id);
    if (!message) return { failed: { code: 'record-lost' } };

    if (campaign.audience.type === 'followers' && control.recipients === undefined) {
      if (!(await begin(run))) return 'gone';
      await addChildren(queues.followers, rootOf(job), [
        { definition: readFollowersJob, payload: { campaignId: campaign.id } },
      ]);
      await waitForChildren(job, token);
      return sleepUntil(job, token, now() + SECOND);
    }
    if (control.unreadable) return { failed: control.unreadable };
    const route = prepareMessage.routeOf(campaign, control);
    if (beforeBatches(message, route).length > 0 && !(await begin(run))) return 'gone';
    const ready = await prepareMessage.forCampaign({ job, campaign, message, route });
    if (ready === 'there') return 'ready';
    return 'wait' in ready ? untilChildren(job, token, ready.wait) : { failed: ready.failed };
  }

  /** A group or tag that WeChat does not know fails the campaign before anything is uploaded. */
  async function whyUnknown({ campaign, job, token }: Run): Promise<Failure | null> {
    const found = await deps.inTurn(job, token, campaign.account, () =>
      deps.findAudience(campaign, () => countTry(job)),
    );
    if (found.kind === 'later') return deps.waitForWechat(job, token, campaign, found.later);
    return found.kind === 'unknown' ? found.failure : null;
  }

  /** Something must be made ready first. @returns whether there still is such a campaign. */
  async function begin({ campaign, control }: Run): Promise<boolean> {
    if (control.phase !== 'accepted') return true;
    const begun = await campaigns.control(campaign.id, (current) =>
      current.phase === 'accepted' ? { ...current, phase: 'preparing' } : current,
    );
    return begun !== null;
  }

  return getReady;
}

export const rootOf = (job: Job): Parent => ({
  id: job.id ?? '',
  queue: job.queueQualifiedName,
});
