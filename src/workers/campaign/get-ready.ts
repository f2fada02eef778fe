/**
 * What must be there before a campaign's batches are laid out: its followers read, its files and
 * articles at WeChat. Whatever is missing is added under the root, which sleeps until it is done.
 */
import { setImmediate as breath } from 'node:timers/promises';
import type { Job } from 'bullmq';
import type { Failure } from '../../shared/campaign/failure.ts';
import { beforeBatches } from '../../shared/campaign/material.ts';
import { readPictures } from '../../shared/campaign/message.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { readFollowersJob } from '../../shared/queue/jobs.ts';
import { addChildren, type Parent } from '../../shared/queue/queues.ts';
import type { CampaignRecord } from '../../shared/record/read-campaign.ts';
import type { PrepareMessage } from '../delivery/prepare-message.ts';
import { until, type Wait } from '../job.ts';
import type { InTurn } from '../lane/in-turn.ts';
import type { Tools } from '../tools.ts';
import type { FindAudience } from './find-audience.ts';

type Dependencies = Pick<Tools, 'stores' | 'queues' | 'now'> & {
  readonly prepareMessage: PrepareMessage;
  readonly findAudience: FindAudience;
  readonly inTurn: InTurn;
};

/** One run of a campaign's root, with the record as it began. */
export type Run = CampaignRecord & { readonly job: Job };

type Ready =
  | 'ready'
  /** There is no such campaign any more. */
  | 'gone'
  | { readonly wait: Wait }
  | { readonly failed: Failure };

export type GetReady = ReturnType<typeof makeGetReady>;

export function makeGetReady(deps: Dependencies) {
  const { stores, queues, prepareMessage, findAudience, inTurn, now } = deps;
  const { campaigns } = stores;

  return async function getReady(run: Run): Promise<Ready> {
    const { campaign, control, job } = run;
    if (control.phase === 'accepted' && !findAudience.isKnown(campaign)) {
      // A group or tag that WeChat does not know fails the campaign before anything is uploaded.
      const turn = await inTurn(job, campaign.account, () =>
        findAudience.findAudience(job, campaign),
      );
      if ('wait' in turn) return turn;
      if (turn.done !== 'known') return turn.done;
    }
    const message = await campaigns.message(campaign.id);
    if (!message) return { failed: { code: 'record-lost' } };
    await readPictures(message, breath);

    if (campaign.audience.type === 'followers' && control.recipients === undefined) {
      const begun = await begin(run);
      if (begun !== 'begun') return begun;
      await addChildren(queues.followers, rootOf(job), [
        { definition: readFollowersJob, payload: { campaignId: campaign.id } },
      ]);
      return { wait: { kind: 'children', orUntil: now() + SECOND } };
    }
    if (control.unreadable) return { failed: control.unreadable };
    const route = prepareMessage.routeOf(campaign, control);
    const begun = beforeBatches(message, route).length > 0 ? await begin(run) : 'begun';
    if (begun !== 'begun') return begun;
    const ready = await prepareMessage.forCampaign({ job, campaign, message, route });
    return ready === 'there' ? 'ready' : ready;
  };

  /** Something must be made ready first. */
  async function begin({ campaign, control }: Run): Promise<'begun' | 'gone' | { wait: Wait }> {
    if (control.phase !== 'accepted') return 'begun';
    let putOffTo = 0;
    const after = await campaigns.control(campaign.id, (current, _tally, { sendAt }) => {
      putOffTo = sendAt > now() ? sendAt : 0;
      return current.phase === 'accepted' && putOffTo === 0
        ? { ...current, phase: 'preparing' }
        : current;
    });
    if (putOffTo > 0) return { wait: until(putOffTo) };
    return after === null ? 'gone' : 'begun';
  }
}

export const rootOf = (job: Job): Parent => ({
  id: job.id ?? '',
  queue: job.queueQualifiedName,
});
