/**
 * Brings one file to WeChat as one kind of thing, or finds that it is there already.
 *
 * Uploads are harmless to repeat, so a fault simply fails the job and it comes back. What WeChat
 * refuses for good is written down, and whoever needs the file reads it there.
 */
import type { Job } from 'bullmq';
import {
  type Campaign,
  isEnded,
  type MaterialKey,
  type UploadedMaterial,
} from '../../shared/campaign/campaign.ts';
import { type Upload, uploadsOf } from '../../shared/campaign/message.ts';
import {
  bringUpload,
  fileOf,
  materialKeyOf,
  type There,
} from '../../shared/delivery/bring-upload.ts';
import { uploadRouteOf } from '../../shared/delivery/upload-route.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import { type UploadMediaPayload, uploadMediaJob } from '../../shared/queue/jobs.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { Answer, Era } from '../../shared/wechat/client.ts';
import { meaningOf } from '../../shared/wechat/remedies.ts';
import { countTry, triesOf } from '../lane/count-tries.ts';
import { sleepUntil } from '../lane/sleep.ts';
import type { WaitForWechat } from '../lane/wait-for-wechat.ts';
import { laterOf } from './upload-later.ts';

interface Dependencies {
  readonly stores: Stores;
  readonly wechatFor: WechatFor;
  readonly accountOf: (name: string) => AccountConfig;
  readonly era: Era;
  readonly waitForWechat: WaitForWechat;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** Whoever uploads a file has this long before another job may try as well. */
const CLAIM_MS = 2 * MINUTE;

export function makeUploadMedia(deps: Dependencies) {
  const { stores, wechatFor, accountOf, era, waitForWechat, telemetry, now } = deps;
  const { campaigns, media, materials } = stores;

  async function uploadMedia(job: Job, token?: string): Promise<void> {
    const payload = uploadMediaJob.payload.parse(job.data);
    const [record, message] = await Promise.all([
      campaigns.read(payload.campaignId),
      campaigns.message(payload.campaignId),
    ]);
    if (!record || !message || isEnded(record.control) || record.control.cancelled) return;
    const { campaign, control } = record;
    if (control.material.uploads[payload.n]?.generation === payload.generation) return;
    const account = accountOf(campaign.account);
    const upload = uploadsOf(message, uploadRouteOf(account, era, campaign.audience)).find(
      ({ n }) => n === payload.n,
    );
    if (!upload) return;

    const file = await fileOf(media, upload);
    if (file && 'unfit' in file) return fail(payload, 'cover-unfit', file.unfit);
    if (!file) return fail(payload, 'media-missing', `upload ${upload.upload} is no longer kept`);
    const key = materialKeyOf(upload, file);
    const known = await materials.find(account.name, key);
    if (known) {
      telemetry.uploadEnded(campaign, { what: upload.kind, outcome: 'reused' });
      return note(payload, { ...known, shared: key });
    }
    const release = await materials.claim(account.name, key, CLAIM_MS, job.id);
    if (!release) return sleepUntil(job, token, now() + SECOND);
    try {
      const answer = await bringUpload(wechatFor(account.name), upload, file, now);
      return await takeIn(job, token, { payload, campaign, account, upload, key, answer });
    } finally {
      await release();
    }
  }

  async function takeIn(
    job: Job,
    token: string | undefined,
    at: {
      payload: UploadMediaPayload;
      campaign: Campaign;
      account: AccountConfig;
      upload: Upload;
      key: MaterialKey;
      answer: Answer<There>;
    },
  ): Promise<void> {
    const { payload, campaign, account, upload, key, answer } = at;
    if (answer.kind === 'ok') {
      const there = answer.value;
      await materials.save(account.name, key, { ...there, uploadedAt: now() });
      telemetry.uploadEnded(campaign, { what: upload.kind, outcome: 'done' });
      if (triesOf(job) > 0) await campaigns.waits(campaign.id, null);
      return note(payload, { ...there, shared: key });
    }
    const later = laterOf(answer, {
      now: now(),
      accountKind: account.kind,
      tries: await countTry(job),
    });
    if (later) {
      telemetry.uploadEnded(campaign, { what: upload.kind, outcome: 'later' });
      return waitForWechat(job, token, campaign, later);
    }
    if (answer.kind !== 'refused') return;
    const { errcode } = answer;
    telemetry.uploadEnded(campaign, { what: upload.kind, outcome: 'refused', errcode });
    return fail(payload, `wechat-${errcode}`, `${upload.kind}: ${meaningOf(errcode)}`);
  }

  async function note(
    { campaignId, n, generation }: UploadMediaPayload,
    found: There & Pick<UploadedMaterial, 'shared'>,
  ) {
    const { mediaId, url, expiresAt, shared } = found;
    const entry: UploadedMaterial = {
      generation,
      expiresAt,
      ...(mediaId === undefined ? {} : { mediaId }),
      ...(url === undefined ? {} : { url }),
      ...(shared ? { shared } : {}),
    };
    await campaigns.control(campaignId, (control) => ({
      ...control,
      material: {
        ...control.material,
        uploads: { ...control.material.uploads, [n]: entry },
      },
    }));
  }

  /** Whoever waits for the file finds the reason here: the root, or a batch. */
  async function fail(
    { campaignId, generation }: UploadMediaPayload,
    code: string,
    message: string,
  ): Promise<void> {
    await campaigns.control(campaignId, (control) => ({
      ...control,
      material: { ...control.material, failure: { generation, code, message } },
    }));
  }

  return uploadMedia;
}
