/** One file of ours to WeChat, as one kind of thing; and how WeChat's copy is known again. */
import { createHash } from 'node:crypto';
import type { MaterialKey, WechatCopy } from '../campaign/material.ts';
import type { Upload } from '../campaign/message.ts';
import type { Flaw } from '../campaign/mistake.ts';
import type { MediaFile } from '../contract/media.ts';
import { CoverUnfit, fitCover } from '../media/fit-cover.ts';
import { TEMPORARY_MEDIA_LIFE } from '../record/material-store.ts';
import type { MediaStore } from '../record/media-store.ts';
import type { Answer, UploadFile, WechatClient } from '../wechat/client.ts';
import {
  addMaterial,
  uploadArticlePicture,
  uploadMedia,
  uploadVideoForMass,
} from '../wechat/media.ts';

const CONTENT_TYPES: Readonly<Record<MediaFile['format'], string>> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  bmp: 'image/bmp',
  mp3: 'audio/mpeg',
  amr: 'audio/amr',
  mp4: 'video/mp4',
};

/** The file as it goes out; why it cannot, if it was to be fitted; or null if it is gone. */
export async function fileOf(
  media: Pick<MediaStore, 'describe' | 'read'>,
  upload: Omit<Upload, 'n'>,
): Promise<UploadFile | { readonly unfit: readonly Flaw[] } | null> {
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
    if (fitted instanceof CoverUnfit) return { unfit: fitted.flaws };
    return { bytes: fitted, filename: 'cover.jpg', contentType: CONTENT_TYPES.jpg };
  }
  return { bytes, filename: facts.filename, contentType: CONTENT_TYPES[facts.format] };
}

export function materialKeyOf(upload: Omit<Upload, 'n'>, { bytes }: UploadFile): MaterialKey {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (upload.kind !== 'mpvideo') return { kind: upload.kind, sha256 };
  const text = JSON.stringify([upload.title, upload.description]);
  const textDigest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return { kind: 'mpvideo', sha256, textDigest };
}

/** Harmless to repeat: it makes another copy. */
export async function bringUpload(
  client: WechatClient,
  upload: Omit<Upload, 'n'>,
  file: UploadFile,
  now: () => number,
): Promise<Answer<WechatCopy>> {
  const temporary = (answer: Answer<{ mediaId: string }>): Answer<WechatCopy> =>
    mapped(answer, ({ mediaId }) => ({ mediaId, expiresAt: now() + TEMPORARY_MEDIA_LIFE }));
  switch (upload.kind) {
    case 'image':
    case 'voice':
    case 'video':
    case 'thumb':
      return temporary(await uploadMedia(client, { ...file, kind: upload.kind }));
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
      const { title = '', description = '' } = upload;
      const { mediaId } = video.value;
      return temporary(await uploadVideoForMass(client, { mediaId, title, description }));
    }
  }
}

const mapped = <A, B>(answer: Answer<A>, change: (value: A) => B): Answer<B> =>
  answer.kind === 'ok' ? { kind: 'ok', value: change(answer.value) } : answer;
