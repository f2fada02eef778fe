/** What a job brings to WeChat, and what becomes of the item, the job and the campaign after that. */
import { setImmediate as breath } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { isEnded } from '../../shared/campaign/campaign.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import { fail, NEW_ITEM, NEWS, noteCopy, type Thing } from '../../shared/campaign/material.ts';
import { type Message, readPictures, type UploadRoute } from '../../shared/campaign/message.ts';
import type { Ensured } from '../../shared/delivery/ensure-at-wechat.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { SECOND } from '../../shared/platform/time.ts';
import type { CampaignRecord } from '../../shared/record/read-campaign.ts';
import { triesOf, until, type Wait } from '../job.ts';
import type { TryLater } from '../lane/try-later.ts';
import type { Tools } from '../tools.ts';
import type { PrepareMessage } from './prepare-message.ts';

type Dependencies = Pick<Tools, 'stores' | 'accountOf' | 'telemetry' | 'now'> &
  Pick<TryLater, 'tryLater'> & { readonly prepareMessage: Pick<PrepareMessage, 'routeOf'> };

/** One run of an upload's job. */
export interface Uploading extends CampaignRecord {
  readonly job: Job;
  readonly message: Message;
  readonly route: UploadRoute;
  readonly account: AccountConfig;
  readonly thing: Thing;
  /** Of the item, as the job names it. */
  readonly generation: number;
}

interface Wanted {
  readonly campaignId: string;
  readonly generation: number;
  readonly thingOf: (message: Message, route: UploadRoute) => Thing | null;
}

export type Uploads = ReturnType<typeof makeUploads>;

export function makeUploads(deps: Dependencies) {
  const { stores, accountOf, prepareMessage, tryLater, telemetry, now } = deps;
  const { campaigns } = stores;

  /** @returns null where there is nothing to bring, or not any more. */
  async function begin(job: Job, wanted: Wanted): Promise<Uploading | null> {
    const { campaignId, generation, thingOf } = wanted;
    const [record, message] = await Promise.all([
      campaigns.read(campaignId),
      campaigns.message(campaignId),
    ]);
    if (!record || !message || isEnded(record.control) || record.control.cancelled) return null;
    await readPictures(message, breath);
    const { campaign, control } = record;
    const route = prepareMessage.routeOf(campaign, control);
    const thing = thingOf(message, route);
    if (!thing) return null;
    const { [thing.name]: item = NEW_ITEM } = await campaigns.items(campaignId, [thing.name]);
    if (item.generation !== generation || item.copy || item.failure) return null;
    const account = accountOf(campaign.account);
    return { ...record, job, message, route, account, thing, generation };
  }

  /** @param what the kind of thing, as `of` of a refusal. */
  async function takeIn(
    uploading: Uploading,
    what: string,
    ensured: Ensured,
  ): Promise<Wait | null> {
    const { job, campaign, thing, generation } = uploading;
    if (ensured.kind === 'busy') return until(now() + SECOND);
    if (ensured.kind === 'there') {
      const { copy, reused } = ensured;
      telemetry.uploadEnded(campaign, { what, outcome: reused ? 'reused' : 'done' });
      if (triesOf(job) > 0) await campaigns.waits(campaign.id, null);
      await campaigns.changeItem(campaign.id, thing.name, (item) =>
        noteCopy(item, generation, copy),
      );
      return null;
    }
    // An unanswered call of uploadnews may have used up one of the few that a day has.
    const isScarce = thing === NEWS;
    const wait = await tryLater(job, campaign, ensured, { isScarce });
    if (wait) telemetry.uploadEnded(campaign, { what, outcome: 'later' });
    if (wait || ensured.kind !== 'refused') return wait;
    const { errcode } = ensured;
    telemetry.uploadEnded(campaign, { what, outcome: 'refused', errcode });
    // The same errcode means different things to uploadnews and to drafts.
    const of = thing === NEWS ? 'uploadnews' : what;
    return refuse(uploading, { code: 'refused-by-wechat', errcode, of });
  }

  /** Whoever waits for the item finds the reason there: the root, or a batch. */
  async function refuse(
    { campaign, thing, generation }: Uploading,
    failure: Failure,
  ): Promise<null> {
    await campaigns.changeItem(campaign.id, thing.name, (item) => fail(item, generation, failure));
    return null;
  }

  return { begin, takeIn, refuse };
}
