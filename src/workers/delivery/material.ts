/** What a message needs at WeChat before it can go: which jobs make it, and whether it is there. */
import type { FlowJob } from 'bullmq';
import type { Campaign, Material, UploadedMaterial } from '../../shared/campaign/campaign.ts';
import {
  type MediaRef,
  type Message,
  needsNews,
  type UploadRoute,
  uploadKey,
  uploadsOf,
} from '../../shared/campaign/message.ts';
import { uploadRouteOf } from '../../shared/delivery/upload-route.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { MINUTE } from '../../shared/platform/time.ts';
import { type UploadNewsPayload, uploadMediaJob, uploadNewsJob } from '../../shared/queue/jobs.ts';
import { plan } from '../../shared/queue/queues.ts';
import type { Era } from '../../shared/wechat/client.ts';
import type { MassMessage } from '../../shared/wechat/mass.ts';

/** What expires within this is made again before a call is spent on it. */
const MARGIN = 10 * MINUTE;

/** A draft dies with its send, so each batch has its own; other articles serve all batches. */
export const newsKey = (account: AccountConfig, batchNo: number): string =>
  account.newsRoute === 'draft' ? String(batchNo) : 'all';

export const isGood = (
  found: UploadedMaterial | undefined,
  now: number,
): found is UploadedMaterial =>
  found !== undefined && (found.expiresAt === null || found.expiresAt > now + MARGIN);

/** Something was made and is too old by now: jobs of the same generation would not run again. */
export const hasExpired = ({ uploads, news }: Material, now: number): boolean =>
  [...Object.values(uploads), ...Object.values(news)].some((found) => !isGood(found, now));

/** What is at WeChat for one reference of the message, or null. */
export function mediaIdOf(
  ref: MediaRef,
  kind: Parameters<typeof uploadKey>[0],
  { message, route, material, now }: Needs,
): string | null {
  if ('mediaId' in ref) return ref.mediaId;
  const upload = uploadsOf(message, route).find((one) => uploadKey(one) === uploadKey(kind));
  const found = upload && material.uploads[String(upload.n)];
  return isGood(found, now) ? (found.mediaId ?? found.url ?? null) : null;
}

export interface Needs {
  readonly message: Message;
  readonly route: UploadRoute;
  readonly material: Material;
  readonly now: number;
}

/** The message as WeChat takes it, or null while something it needs is not at WeChat. */
export function massMessage(needs: Needs, news: string): MassMessage | null {
  const { message, route, material, now } = needs;
  switch (message.type) {
    case 'text':
      return message;
    case 'image':
    case 'voice': {
      const mediaId = idOf(message.media, { kind: message.type }, needs);
      return mediaId === null ? null : { type: message.type, mediaId };
    }
    case 'video': {
      const { title, description } = message;
      const text = route.videoAs === 'mpvideo' ? { title, description } : {};
      const mediaId = idOf(message.media, { kind: route.videoAs, ...text }, needs);
      if (mediaId === null) return null;
      const video = { type: 'video' as const, mediaId, title, description };
      if (!message.thumb || route.videoAs !== 'video') return video;
      const thumbMediaId = idOf(message.thumb, { kind: 'thumb' }, needs);
      return thumbMediaId === null ? null : { ...video, thumbMediaId };
    }
    case 'news': {
      const { ignoreReprint } = message;
      if ('mediaId' in message) return { type: 'news', mediaId: message.mediaId, ignoreReprint };
      const found = material.news[news];
      return isGood(found, now) && found.mediaId !== undefined
        ? { type: 'news', mediaId: found.mediaId, ignoreReprint }
        : null;
    }
  }
}

const idOf = (
  ref: MediaRef,
  as: Omit<Parameters<typeof uploadKey>[0], 'upload'>,
  needs: Needs,
): string | null =>
  mediaIdOf(
    ref,
    {
      ...as,
      upload: 'upload' in ref ? ref.upload : '',
      ...('fit' in ref && ref.fit ? { fit: true } : {}),
    },
    needs,
  );

interface Making {
  readonly campaign: Campaign;
  readonly message: Message;
  readonly account: AccountConfig;
  readonly era: Era;
  readonly generation: number;
  /** With the draft route: whose draft; without it, the files alone. */
  readonly batchNo?: number;
}

/**
 * The jobs that bring it there: upload-news over its uploads, or the uploads alone.
 *
 * Each belongs to one campaign: sharing a job between campaigns leaves the second root asleep for
 * ever. What two campaigns have in common is found in the material store instead.
 */
export function materialJobs(making: Making): FlowJob[] {
  const { campaign, message, account, generation, batchNo } = making;
  const uploads = uploadJobs(making);
  if (!needsNews(message)) return uploads;
  const news = (payload: UploadNewsPayload, children: FlowJob[]): FlowJob => ({
    queueName: 'news',
    ...asChild(plan({ definition: uploadNewsJob, payload })),
    children,
  });
  const payload = { campaignId: campaign.id, generation };
  if (account.newsRoute !== 'draft') return [news(payload, uploads)];
  // The files serve every batch's draft, and a job has one parent: the root has them uploaded.
  return batchNo === undefined ? uploads : [news({ ...payload, batchNo }, [])];
}

/** One upload-media for each file of the message. */
export function uploadJobs({ campaign, message, account, era, generation }: Making): FlowJob[] {
  return uploadsOf(message, uploadRouteOf(account, era, campaign.audience)).map(
    ({ n }): FlowJob => ({
      queueName: 'media',
      ...asChild(
        plan({ definition: uploadMediaJob, payload: { campaignId: campaign.id, n, generation } }),
      ),
    }),
  );
}

/** Why WeChat does not know an id that was named in the request, where nothing can be made again. */
export const NAMED_IN_VAIN: Readonly<Record<'message' | UploadRoute['coverAs'], string>> = {
  message:
    'WeChat does not know the mediaId named in the request: files live 3 days, a draft dies with its send, and ids of published articles or of other accounts never work; send the file or the articles instead',
  thumb:
    'WeChat does not know the mediaId of a cover named in the request: uploadnews takes a temporary one, 3 days old at most, and none of the permanent library; send the file instead',
  permanent:
    'WeChat does not know the mediaId of a cover named in the request: a draft takes a permanent one of the library, and none of a temporary upload; send the file instead',
};

/** Whether every file of the message is at WeChat; a draft is made of them just before it goes. */
export function hasUploads({ message, route, material, now }: Needs): boolean {
  return uploadsOf(message, route).every(({ n }) => isGood(material.uploads[String(n)], now));
}

const asChild = <T extends { opts: object }>(job: T): T => ({
  ...job,
  opts: { ...job.opts, ignoreDependencyOnFailure: true },
});
