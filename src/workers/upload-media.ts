/**
 * Brings one file to WeChat as one kind of thing, or finds that it is there already.
 *
 * Uploads are harmless to repeat, so a fault simply fails the job and it comes back. What WeChat
 * refuses for good is written down, and whoever needs the file reads it there.
 */
import { createHash } from 'node:crypto';
import type { Job } from 'bullmq';
import type { AccountConfig } from '../shared/accounts.ts';
import {
  type Campaign,
  isEnded,
  type MaterialKey,
  type UploadedMaterial,
} from '../shared/campaign/campaign.ts';
import { type Upload, uploadsOf } from '../shared/campaign/message.ts';
import { type UploadMediaPayload, uploadMediaJob } from '../shared/jobs.ts';
import { CoverUnfit, fitCover } from '../shared/media/fit-cover.ts';
import type { Stores } from '../shared/record.ts';
import { TEMPORARY_MEDIA_LIFE } from '../shared/store/material-store.ts';
import type { StoredMedia } from '../shared/store/media-store.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import { MINUTE, SECOND } from '../shared/time.ts';
import type { Answer, Era, UploadFile } from '../shared/wechat/client.ts';
import {
  addMaterial,
  uploadMedia as callUploadMedia,
  uploadArticlePicture,
  uploadVideoForMass,
} from '../shared/wechat/media.ts';
import { meaningOf } from '../shared/wechat/remedies.ts';
import type { WechatFor } from '../shared/wechat-accounts.ts';
import type { LaneReactions } from './lane-reactions.ts';
import { routeOf } from './material.ts';
import { sleepUntil } from './sleep.ts';
import { laterOf } from './upload-later.ts';

interface Dependencies {
  readonly stores: Stores;
  readonly wechatFor: WechatFor;
  readonly accountOf: (name: string) => AccountConfig;
  readonly era: Era;
  readonly laneReactions: LaneReactions;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** Whoever uploads a file has this long before another job may try as well. */
const CLAIM_MS = 2 * MINUTE;

const CONTENT_TYPES: Readonly<Record<StoredMedia['format'], string>> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  bmp: 'image/bmp',
  mp3: 'audio/mpeg',
  amr: 'audio/amr',
  mp4: 'video/mp4',
};

type There = Omit<UploadedMaterial, 'generation'>;

export function makeUploadMedia(deps: Dependencies) {
  const { stores, wechatFor, accountOf, era, laneReactions, telemetry, now } = deps;
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
    const upload = uploadsOf(message, routeOf(account, era, campaign.audience)).find(
      ({ n }) => n === payload.n,
    );
    if (!upload) return;

    const file = await fileOf(upload);
    if (file && 'unfit' in file) return fail(payload, 'cover-unfit', file.unfit);
    if (!file) return fail(payload, 'media-missing', `upload ${upload.upload} is no longer kept`);
    const key = keyOf(upload, file);
    const known = await materials.find(account.name, key);
    if (known) {
      telemetry.uploadEnded(campaign, { what: upload.kind, outcome: 'reused' });
      return note(payload, { ...known, shared: key });
    }
    const release = await materials.claim(account.name, key, CLAIM_MS);
    if (!release) return sleepUntil(job, token, now() + SECOND);
    try {
      const answer = await bring(account.name, upload, file);
      return await takeIn(job, token, { payload, campaign, account, upload, key, answer });
    } finally {
      await release();
    }
  }

  async function fileOf(upload: Upload): Promise<UploadFile | { unfit: string } | null> {
    const [facts, bytes] = await Promise.all([
      media.describe(upload.upload),
      media.read(upload.upload),
    ]);
    if (!facts || !bytes) return null;
    if (upload.fit && upload.kind === 'thumb') {
      const fitted = await fitCover(bytes).catch((error: unknown) => {
        if (error instanceof CoverUnfit) return error;
        throw error;
      });
      if (fitted instanceof CoverUnfit) return { unfit: fitted.message };
      return { bytes: fitted, filename: 'cover.jpg', contentType: CONTENT_TYPES.jpg };
    }
    return { bytes, filename: facts.filename, contentType: CONTENT_TYPES[facts.format] };
  }

  function keyOf(upload: Upload, { bytes }: UploadFile): MaterialKey {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (upload.kind !== 'mpvideo') return { kind: upload.kind, sha256 };
    const text = JSON.stringify([upload.title, upload.description]);
    const textDigest = createHash('sha256').update(text).digest('hex').slice(0, 32);
    return { kind: 'mpvideo', sha256, textDigest };
  }

  async function bring(account: string, upload: Upload, file: UploadFile): Promise<Answer<There>> {
    const client = wechatFor(account);
    switch (upload.kind) {
      case 'image':
      case 'voice':
      case 'video':
      case 'thumb':
        return temporary(await callUploadMedia(client, { ...file, kind: upload.kind }));
      case 'article-picture': {
        const answer = await uploadArticlePicture(client, file);
        return mapped(answer, ({ url }) => ({ url, expiresAt: null }));
      }
      case 'permanent': {
        const answer = await addMaterial(client, { ...file, kind: 'image' });
        return mapped(answer, ({ mediaId }) => ({ mediaId, expiresAt: null }));
      }
      case 'mpvideo': {
        const video = await callUploadMedia(client, { ...file, kind: 'video' });
        if (video.kind !== 'ok') return video;
        const { title = '', description = '' } = upload;
        return temporary(
          await uploadVideoForMass(client, { mediaId: video.value.mediaId, title, description }),
        );
      }
    }
  }

  const temporary = (answer: Answer<{ mediaId: string }>): Answer<There> =>
    mapped(answer, ({ mediaId }) => ({ mediaId, expiresAt: now() + TEMPORARY_MEDIA_LIFE }));

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
      return note(payload, { ...there, shared: key });
    }
    const later = laterOf(answer, {
      now: now(),
      accountKind: account.kind,
      tries: job.attemptsStarted,
    });
    if (later) {
      if (later.lane) await laneReactions.react(campaign, later.lane);
      telemetry.uploadEnded(campaign, { what: upload.kind, outcome: 'later' });
      return sleepUntil(job, token, later.at);
    }
    if (answer.kind !== 'refused') return;
    const { errcode } = answer;
    telemetry.uploadEnded(campaign, { what: upload.kind, outcome: 'refused', errcode });
    return fail(payload, `wechat-${errcode}`, `${upload.kind}: ${meaningOf(errcode)}`);
  }

  async function note({ campaignId, n, generation }: UploadMediaPayload, found: There) {
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

const mapped = <A, B>(answer: Answer<A>, change: (value: A) => B): Answer<B> =>
  answer.kind === 'ok' ? { kind: 'ok', value: change(answer.value) } : answer;
