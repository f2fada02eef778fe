/** A file or articles at WeChat once: found there, or uploaded by one of those who want them. */
import { createHash } from 'node:crypto';
import type { MaterialKey, WechatCopy } from '../campaign/material.ts';
import type { Upload } from '../campaign/message.ts';
import type { MediaFile } from '../contract/media.ts';
import { MINUTE } from '../platform/time.ts';
import { TEMPORARY_MEDIA_LIFE } from '../record/material-store.ts';
import type { Stores } from '../record/record.ts';
import type { Answer, Era, UploadFile, WechatClient } from '../wechat/client.ts';
import {
  addMaterial,
  uploadArticlePicture,
  uploadMedia,
  uploadVideoForMass,
} from '../wechat/media.ts';
import { type ArticleBody, uploadNews } from '../wechat/news.ts';
import type { WechatFor } from './wechat-accounts.ts';
import { articlesKey } from './wechat-message.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'media' | 'materials'>;
  readonly wechatFor: WechatFor;
  readonly now: () => number;
}

export type Ensured =
  | { readonly kind: 'there'; readonly copy: WechatCopy; readonly reused: boolean }
  /** Another process is uploading it: look again soon. */
  | { readonly kind: 'busy' }
  | Exclude<Answer<never>, { kind: 'ok' }>;

/** A file of ours that is not kept any more. */
export interface NoFile {
  readonly kind: 'gone';
}

/** Whoever uploads has this long before another process may try as well. */
const CLAIM_MS = 2 * MINUTE;

/** `by` says who asks: a job that was killed and runs again has its own claim back at once. */
export function makeEnsureAtWechat({ stores, wechatFor, now }: Dependencies) {
  const { media, materials } = stores;

  async function ensure(
    account: string,
    key: MaterialKey,
    uploading: () => Promise<Answer<WechatCopy>>,
    by?: string,
  ): Promise<Ensured> {
    const known = await materials.find(account, key);
    if (known) {
      const { uploadedAt: _, ...copy } = known;
      return { kind: 'there', copy: { ...copy, shared: key }, reused: true };
    }
    const release = await materials.claim(account, key, CLAIM_MS, by);
    if (!release) return { kind: 'busy' };
    try {
      const answer = await uploading();
      if (answer.kind !== 'ok') return answer;
      await materials.save(account, key, { ...answer.value, uploadedAt: now() });
      return { kind: 'there', copy: { ...answer.value, shared: key }, reused: false };
    } finally {
      await release();
    }
  }

  return {
    async file(account: string, as: Omit<Upload, 'n'>, by?: string): Promise<Ensured | NoFile> {
      const file = await fileOf(media, as);
      if ('kind' in file) return file;
      const uploading = () => upload(wechatFor(account), as, file, now);
      return ensure(account, materialKeyOf(as, file), uploading, by);
    },

    /** By uploadnews, which has ten calls a day. */
    async news(
      account: string,
      bodies: readonly ArticleBody[],
      { era, by }: { readonly era?: Era | undefined; readonly by?: string | undefined } = {},
    ): Promise<Ensured> {
      const uploading = async (): Promise<Answer<WechatCopy>> =>
        temporary(await uploadNews(wechatFor(account), bodies, era), now);
      return ensure(account, articlesKey(bodies), uploading, by);
    },
  };
}

const CONTENT_TYPES: Readonly<Record<MediaFile['format'], string>> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  bmp: 'image/bmp',
  webp: 'image/webp',
  mp3: 'audio/mpeg',
  amr: 'audio/amr',
  mp4: 'video/mp4',
};

/** The file as it goes out. */
async function fileOf(
  media: Stores['media'],
  upload: Omit<Upload, 'n'>,
): Promise<UploadFile | NoFile> {
  const [facts, bytes] = await Promise.all([
    media.describe(upload.upload),
    media.read(upload.upload),
  ]);
  if (!facts || !bytes) return { kind: 'gone' };
  return { bytes, filename: facts.filename, contentType: CONTENT_TYPES[facts.format] };
}

function materialKeyOf(upload: Omit<Upload, 'n'>, { bytes }: UploadFile): MaterialKey {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (upload.kind !== 'mpvideo') return { kind: upload.kind, sha256 };
  const text = JSON.stringify([upload.title, upload.description]);
  const textDigest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return { kind: 'mpvideo', sha256, textDigest };
}

/** Harmless to repeat: it makes another copy. */
async function upload(
  client: WechatClient,
  as: Omit<Upload, 'n'>,
  file: UploadFile,
  now: () => number,
): Promise<Answer<WechatCopy>> {
  switch (as.kind) {
    case 'image':
    case 'voice':
    case 'video':
    case 'thumb':
      return temporary(await uploadMedia(client, { ...file, kind: as.kind }), now);
    case 'article-picture': {
      const answer = await uploadArticlePicture(client, file);
      return mapped(answer, ({ url }) => ({ url, expiresAt: null }));
    }
    case 'permanent': {
      const answer = await addMaterial(client, { ...file, kind: 'image' });
      return mapped(answer, ({ mediaId }) => ({ mediaId, expiresAt: null }));
    }
    case 'mpvideo': {
      const video = await uploadMedia(client, { ...file, kind: 'video' });
      if (video.kind !== 'ok') return video;
      const { title = '', description = '' } = as;
      const { mediaId } = video.value;
      return temporary(await uploadVideoForMass(client, { mediaId, title, description }), now);
    }
  }
}

const mapped = <A, B>(answer: Answer<A>, change: (value: A) => B): Answer<B> =>
  answer.kind === 'ok' ? { kind: 'ok', value: change(answer.value) } : answer;

const temporary = (answer: Answer<{ mediaId: string }>, now: () => number): Answer<WechatCopy> =>
  mapped(answer, ({ mediaId }) => ({ mediaId, expiresAt: now() + TEMPORARY_MEDIA_LIFE }));
