/**
 * Brings one file to WeChat as one kind of thing, or finds that it is there already.
 *
 * Uploads are harmless to repeat, so a fault simply fails the job and it comes back. What WeChat
 * refuses for good is written down, and whoever needs the file reads it there.
 */
import { fileThing } from '../../shared/campaign/material.ts';
import { uploadsOf } from '../../shared/campaign/message.ts';
import { makeEnsureAtWechat } from '../../shared/delivery/ensure-at-wechat.ts';
import type { UploadMediaPayload } from '../../shared/queue/jobs.ts';
import type { Handler } from '../job.ts';
import type { Tools } from '../tools.ts';
import type { Uploads } from './uploading.ts';

type Dependencies = Pick<Tools, 'stores' | 'wechatFor' | 'now'> & { readonly uploads: Uploads };

export function makeUploadMedia(deps: Dependencies): Handler<UploadMediaPayload> {
  const { uploads } = deps;
  const ensureAtWechat = makeEnsureAtWechat(deps);

  return async function uploadMedia({ campaignId, n, generation }, job) {
    const uploading = await uploads.begin(job, {
      ...{ campaignId, generation },
      thingOf: (...sent) =>
        uploadsOf(...sent)
          .map(fileThing)
          .find((thing) => thing.n === n) ?? null,
    });
    if (!uploading) return null;
    const { message, route, account } = uploading;
    const upload = uploadsOf(message, route).find((one) => one.n === n);
    if (!upload) return null;
    const ensured = await ensureAtWechat.file(account.name, upload, job.id);
    if (ensured.kind === 'gone') {
      return uploads.refuse(uploading, { code: 'media-missing', upload: upload.upload });
    }
    return uploads.takeIn(uploading, upload.kind, ensured);
  };
}
