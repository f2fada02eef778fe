/** What becomes of an item, its job and its campaign, once an upload of it has been tried. */
import type { Job } from 'bullmq';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import { UPLOAD_NEWS } from '../../shared/campaign/daily-quotas.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import { fail, noteCopy, type Thing } from '../../shared/campaign/material.ts';
import type { Ensured } from '../../shared/delivery/ensure-at-wechat.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { SECOND } from '../../shared/platform/time.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { countTry, triesOf } from '../lane/count-tries.ts';
import { sleepUntil } from '../lane/sleep.ts';
import type { WaitForWechat } from '../lane/wait-for-wechat.ts';
import { laterOf } from './upload-later.ts';

interface Dependencies {
  readonly campaigns: Pick<CampaignStore, 'changeItem' | 'waits'>;
  readonly waitForWechat: WaitForWechat;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

export interface Uploading {
  readonly job: Job;
  readonly token: string | undefined;
  readonly campaign: Campaign;
  readonly account: AccountConfig;
  readonly thing: Thing;
  /** Of the item, as the job names it. */
  readonly generation: number;
  /** Its kind. */
  readonly what: string;
  /** Of WeChat's API, where the same errcode means different things. */
  readonly path?: string;
  /** An unanswered call may have used up one of the few that a day has. */
  readonly isScarce?: boolean;
}

export type TakeInUpload = ReturnType<typeof makeTakeInUpload>;

export function makeTakeInUpload({ campaigns, waitForWechat, telemetry, now }: Dependencies) {
  async function takeIn(uploading: Uploading, ensured: Ensured): Promise<void> {
    const { job, token, campaign, account, thing, generation, what, path } = uploading;
    if (ensured.kind === 'busy') return sleepUntil(job, token, now() + SECOND);
    if (ensured.kind === 'there') {
      const { copy, reused } = ensured;
      telemetry.uploadEnded(campaign, { what, outcome: reused ? 'reused' : 'done' });
      if (triesOf(job) > 0) await campaigns.waits(campaign.id, null);
      await campaigns.changeItem(campaign.id, thing.name, (item) =>
        noteCopy(item, generation, copy),
      );
      return;
    }
    const later = laterOf(ensured, {
      now: now(),
      accountKind: account.kind,
      tries: await countTry(job),
      isScarce: uploading.isScarce ?? false,
    });
    if (later) {
      telemetry.uploadEnded(campaign, { what, outcome: 'later' });
      return waitForWechat(job, token, campaign, later);
    }
    if (ensured.kind !== 'refused') return;
    const { errcode } = ensured;
    telemetry.uploadEnded(campaign, { what, outcome: 'refused', errcode });
    const of = path === UPLOAD_NEWS ? 'uploadnews' : what;
    return refuse(uploading, { code: 'refused-by-wechat', errcode, of });
  }

  /** Whoever waits for the item finds the reason there: the root, or a batch. */
  async function refuse(
    { campaign, thing, generation }: Uploading,
    failure: Failure,
  ): Promise<void> {
    await campaigns.changeItem(campaign.id, thing.name, (item) => fail(item, generation, failure));
  }

  return { takeIn, refuse };
}
