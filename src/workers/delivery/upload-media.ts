/**
 * Brings one file to WeChat as one kind of thing, or finds that it is there already.
 *
 * Uploads are harmless to repeat, so a fault simply fails the job and it comes back. What WeChat
 * refuses for good is written down, and whoever needs the file reads it there.
 */
import type { Job } from 'bullmq';
import { isEnded } from '../../shared/campaign/campaign.ts';
import { fileThing, NEW_ITEM } from '../../shared/campaign/material.ts';
import { uploadsOf } from '../../shared/campaign/message.ts';
import { bringUpload, fileOf, materialKeyOf } from '../../shared/delivery/bring-upload.ts';
import { makeEnsureAtWechat } from '../../shared/delivery/ensure-at-wechat.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { uploadMediaJob } from '../../shared/queue/jobs.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { PrepareMessage } from './prepare-message.ts';
import type { TakeInUpload, Uploading } from './take-in-upload.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'media' | 'materials'>;
  readonly wechatFor: WechatFor;
  readonly accountOf: (name: string) => AccountConfig;
  readonly prepareMessage: Pick<PrepareMessage, 'routeOf'>;
  readonly takeInUpload: TakeInUpload;
  readonly now: () => number;
}

export function makeUploadMedia(deps: Dependencies) {
  const { stores, wechatFor, accountOf, prepareMessage, takeInUpload, now } = deps;
  const { campaigns, media, materials } = stores;
  const ensureAtWechat = makeEnsureAtWechat({ materials, now });

  return async function uploadMedia(job: Job, token?: string): Promise<void> {
    const { campaignId, n, generation } = uploadMediaJob.payload.parse(job.data);
    const [record, message] = await Promise.all([
      campaigns.read(campaignId),
      campaigns.message(campaignId),
    ]);
    if (!record || !message || isEnded(record.control) || record.control.cancelled) return;
    const { campaign, control } = record;
    const route = prepareMessage.routeOf(campaign, control);
    const upload = uploadsOf(message, route).find((one) => one.n === n);
    if (!upload) return;
    const thing = fileThing(upload);
    const { [thing.name]: item = NEW_ITEM } = await campaigns.items(campaignId, [thing.name]);
    if (item.generation !== generation || item.copy || item.failure) return;

    const account = accountOf(campaign.account);
    const what = upload.kind;
    const uploading: Uploading = { job, token, campaign, account, thing, generation, what };
    const file = await fileOf(media, upload);
    if (!file) {
      return takeInUpload.refuse(uploading, { code: 'media-missing', upload: upload.upload });
    }
    if ('unfit' in file) {
      return takeInUpload.refuse(uploading, { code: 'cover-unfit', flaws: file.unfit });
    }
    const ensured = await ensureAtWechat(
      account.name,
      materialKeyOf(upload, file),
      () => bringUpload(wechatFor(account.name), upload, file, now),
      job.id,
    );
    return takeInUpload.takeIn(uploading, ensured);
  };
}
