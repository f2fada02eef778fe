/** Articles as WeChat takes them: with its own names for their covers and pictures. */
import { createHash } from 'node:crypto';
import { withPictures } from '../campaign/article-pictures.ts';
import type { MaterialKey } from '../campaign/campaign.ts';
import type { Article, MediaRef } from '../campaign/message.ts';
import type { ArticleBody } from '../wechat/news.ts';

export interface AtWechat {
  /** The media id of a cover, or null while it is not at WeChat. */
  readonly coverId: (thumb: MediaRef) => string | null;
  /** The address of a picture of ours, by its upload, or null. */
  readonly pictureUrl: (upload: string) => string | null;
}

/** @returns null while something is missing at WeChat. */
export function articleBodies(
  articles: readonly Article[],
  { coverId, pictureUrl }: AtWechat,
): ArticleBody[] | null {
  const bodies: ArticleBody[] = [];
  for (const { thumb, content, ...rest } of articles) {
    const thumbMediaId = coverId(thumb);
    const html = withAddresses(content, pictureUrl);
    if (thumbMediaId === null || html === null) return null;
    bodies.push({ ...rest, thumbMediaId, content: html });
  }
  return bodies;
}

function withAddresses(html: string, urlOf: (upload: string) => string | null): string | null {
  let missing = false;
  const done = withPictures(html, (upload) => {
    const url = urlOf(upload);
    missing ||= url === null;
    return url ?? '';
  });
  return missing ? null : done;
}

/** The same articles have the same key, so that they are uploaded once while WeChat has them. */
export const articlesKey = (bodies: readonly ArticleBody[]): MaterialKey => ({
  kind: 'news',
  sha256: createHash('sha256').update(JSON.stringify(bodies)).digest('hex'),
});
