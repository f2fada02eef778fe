/** A message as WeChat takes it: with its own ids for files and articles. */
import { createHash } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';
import { withPictures } from '../campaign/article-pictures.ts';
import type { MaterialKey } from '../campaign/material.ts';
import {
  coverKind,
  imagesOf,
  type MediaRef,
  type Message,
  type Upload,
  type UploadRoute,
} from '../campaign/message.ts';
import type { MassMessage } from '../wechat/mass.ts';
import type { ArticleBody, DraftArticle } from '../wechat/news.ts';

/** WeChat's id or address for an upload of ours; null while it has none. */
export type IdOf = (upload: Omit<Upload, 'n'>) => string | null;

/** @returns null while something is missing at WeChat. `newsId`: of articles made for it. */
export function wechatMessage(
  message: Message,
  { videoAs }: UploadRoute,
  { idOf, newsId }: { readonly idOf: IdOf; readonly newsId: string | null },
): MassMessage | null {
  switch (message.type) {
    case 'text':
      return message;
    case 'image': {
      const found = imagesOf(message).map((ref) => find(ref, { kind: 'image' }, idOf));
      const mediaIds = found.filter((id) => id !== null);
      if (mediaIds.length < found.length) return null;
      if (!('images' in message)) return { type: 'image', mediaIds };
      const { images: _, ...shown } = message;
      return { ...shown, mediaIds };
    }
    case 'voice': {
      const mediaId = find(message.media, { kind: 'voice' }, idOf);
      return mediaId === null ? null : { type: 'voice', mediaId };
    }
    case 'video': {
      const { title, description } = message;
      const texts = videoAs === 'mpvideo' ? { title, description } : {};
      const mediaId = find(message.media, { kind: videoAs, ...texts }, idOf);
      if (mediaId === null) return null;
      const video = { type: 'video' as const, mediaId, title, description };
      if (!message.thumb || videoAs !== 'video') return video;
      const thumbMediaId = find(message.thumb, { kind: 'thumb' }, idOf);
      return thumbMediaId === null ? null : { ...video, thumbMediaId };
    }
    case 'news': {
      const { ignoreReprint } = message;
      const named = 'mediaId' in message ? message.mediaId : null;
      const mediaId = newsId ?? named;
      return mediaId === null ? null : { type: 'news', mediaId, ignoreReprint };
    }
    // As every draft: whether WeChat takes one of pictures here is written nowhere.
    case 'newspic':
      return newsId === null ? null : { type: 'news', mediaId: newsId, ignoreReprint: false };
  }
}

/** Articles or a picture post as a draft has them; null while a file is missing at WeChat. */
export async function draftArticles(message: Message, idOf: IdOf): Promise<DraftArticle[] | null> {
  if (message.type !== 'newspic') return articleBodies(message, { newsBy: 'draft' }, idOf);
  const { type: _, images, ...texts } = message;
  const imageMediaIds = images
    .map((ref) => find(ref, { kind: 'permanent' }, idOf))
    .filter((id) => id !== null);
  return imageMediaIds.length < images.length ? null : [{ ...texts, imageMediaIds }];
}

/** Articles with WeChat's names for their covers and pictures; null while one is missing there. */
export async function articleBodies(
  message: Message,
  route: Pick<UploadRoute, 'newsBy'>,
  idOf: IdOf,
): Promise<ArticleBody[] | null> {
  const bodies: ArticleBody[] = [];
  for (const { thumb, content, ...rest } of 'articles' in message ? message.articles : []) {
    // An article of a megabyte takes some 20 ms: others have their turn in between.
    await breath();
    const thumbMediaId = find(thumb, { kind: coverKind(route) }, idOf);
    const html = withAddresses(content, idOf);
    if (thumbMediaId === null || html === null) return null;
    bodies.push({ ...rest, thumbMediaId, content: html });
  }
  return bodies;
}

function withAddresses(html: string, idOf: IdOf): string | null {
  let missing = false;
  const done = withPictures(html, (upload) => {
    const url = idOf({ upload, kind: 'article-picture' });
    missing ||= url === null;
    return url ?? '';
  });
  return missing ? null : done;
}

function find(ref: MediaRef, as: Omit<Upload, 'n' | 'upload'>, idOf: IdOf): string | null {
  if ('mediaId' in ref) return ref.mediaId;
  return idOf({ ...as, upload: ref.upload });
}

/** The same articles have the same key, so that they are uploaded once while WeChat has them. */
export const articlesKey = (bodies: readonly ArticleBody[]): MaterialKey => ({
  kind: 'news',
  sha256: createHash('sha256').update(JSON.stringify(bodies)).digest('hex'),
});
