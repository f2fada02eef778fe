/** What the schema cannot see in a message: files by their content, pictures of other people. */

import { setImmediate as breath } from 'node:timers/promises';
import {
  hasStrayUpload,
  hasTooManyParts,
  isBlank,
  isWechats,
  MOST_PARTS,
  picturesIn,
  uploadIn,
} from '../campaign/article-pictures.ts';
import { given } from '../campaign/given.ts';
import { mediaRefusals } from '../campaign/media-limits.ts';
import type { Article, MediaRef, Message } from '../campaign/message.ts';
import type { Flaw, Mistake } from '../campaign/mistake.ts';
import type { MessageRequest } from '../contract/campaign-request.ts';
import { CoverUnfit, fitCover, fitRefusals } from '../media/fit-cover.ts';
import type { MediaStore } from '../record/media-store.ts';
import type { Era, MediaKindOf } from './media-kind.ts';
import { kindForLimits } from './media-kind.ts';

type MediaRefRequest = Extract<MessageRequest, { type: 'voice' }>['media'];

interface Dependencies {
  readonly media: MediaStore;
  readonly era: Era;
  readonly coverAs: MediaKindOf;
  /** Whether the account may send picture posts. */
  readonly picturePosts: boolean;
  /** Its files are kept until then at least. */
  readonly neededUntil: number;
}

/** @returns the message with every file kept as an upload, and every mistake found on the way. */
export async function checkMessage(
  { media, era, coverAs, picturePosts, neededUntil }: Dependencies,
  request: MessageRequest,
): Promise<{ message: Message; mistakes: Mistake[] }> {
  const mistakes: Mistake[] = [];
  const wrong = (path: string, flaw: Flaw): void => {
    mistakes.push({ ...flaw, path: `message.${path}` });
  };

  async function ref(path: string, asked: MediaRefRequest, kind: MediaKindOf): Promise<MediaRef> {
    if ('mediaId' in asked) return { mediaId: asked.mediaId };
    const upload = 'upload' in asked ? asked.upload : await keep(path, asked);
    if (upload === null) return { mediaId: '' };
    await judge(path, upload, kind, { fit: asked.fit === true, named: `${path}.upload` });
    return { upload, ...(asked.fit ? { fit: true } : {}) };
  }

  async function refs(asked: readonly MediaRefRequest[], kind: MediaKindOf): Promise<MediaRef[]> {
    const found: MediaRef[] = [];
    for (const [at, one] of asked.entries()) found.push(await ref(`images.${at}`, one, kind));
    return found;
  }

  async function keep(
    path: string,
    { base64, filename }: Extract<MediaRefRequest, { base64: string }>,
  ): Promise<string | null> {
    if (!BASE64.test(base64)) {
      wrong(`${path}.base64`, { code: 'base64-malformed' });
      return null;
    }
    const kept = await media.put(Buffer.from(base64, 'base64'), filename ? { filename } : {});
    if (!('refused' in kept)) return kept.id;
    for (const reason of kept.refused) wrong(`${path}.base64`, reason);
    return null;
  }

  async function judge(
    path: string,
    id: string,
    kind: MediaKindOf,
    { fit = false, named = path }: { fit?: boolean; named?: string } = {},
  ): Promise<void> {
    const facts = await media.describe(id);
    if (!facts) {
      wrong(named, { code: 'upload-gone', upload: id });
      return;
    }
    await media.touch(id, { until: neededUntil });
    if (fit && kind === 'thumb') {
      const bytes = fitRefusals(facts).length === 0 ? await media.read(id) : null;
      const reasons = bytes ? await unfitReasons(bytes) : fitRefusals(facts);
      for (const reason of reasons) wrong(path, reason);
      return;
    }
    for (const reason of mediaRefusals(kindForLimits(kind), facts, era)) wrong(path, reason);
  }

  async function article(
    asked: Extract<MessageRequest, { type: 'news' }>['articles'] extends
      | readonly (infer A)[]
      | undefined
      ? A
      : never,
    at: number,
  ): Promise<Article> {
    const path = `articles.${at}`;
    const { thumb, ...rest } = asked;
    await content(`${path}.content`, asked.content);
    return given({ ...rest, thumb: await ref(`${path}.thumb`, thumb, coverAs) });
  }

  /** Each look at an article of a megabyte takes some 30 ms, so that others have their turn between them. */
  async function content(path: string, html: string): Promise<void> {
    await breath();
    if (hasTooManyParts(html)) {
      wrong(path, { code: 'too-large', limit: MOST_PARTS, unit: 'parts' });
      return;
    }
    await breath();
    if (isBlank(html)) wrong(path, { code: 'nothing-visible' });
    await breath();
    const foreign: string[] = [];
    for (const url of picturesIn(html)) {
      const upload = uploadIn(url);
      if (upload === undefined) {
        if (!isWechats(url)) foreign.push(url);
      } else if (UPLOAD_ID.test(upload)) await judge(path, upload, 'article-picture');
      else wrong(path, { code: 'upload-unknown' });
    }
    for (const url of foreign.slice(0, MOST_FOREIGN)) {
      wrong(path, { code: 'foreign-picture', url: url.slice(0, 80) });
    }
    const count = foreign.length - MOST_FOREIGN;
    if (count > 0) wrong(path, { code: 'more-foreign-pictures', count });
    await breath();
    if (hasStrayUpload(html)) wrong(path, { code: 'upload-misplaced' });
  }

  const message = await build();
  return { message, mistakes };

  async function build(): Promise<Message> {
    switch (request.type) {
      case 'text':
        return request;
      case 'image': {
        const { media, images = [], type, ...shown } = request;
        if (media) return { type, media: await ref('media', media, type) };
        if (era === '2014') wrong('images', { code: 'images-not-in-2014' });
        return given({ type, images: await refs(images, type), ...shown });
      }
      case 'newspic': {
        const { images, ...shown } = request;
        if (era === '2014') wrong('type', { code: 'newspic-not-in-2014' });
        else if (!picturePosts) wrong('type', { code: 'newspic-not-allowed' });
        return given({ ...shown, images: await refs(images, 'permanent') });
      }
      case 'voice':
        return { type: request.type, media: await ref('media', request.media, request.type) };
      case 'video': {
        const { title, description, thumb } = request;
        return {
          type: 'video',
          media: await ref('media', request.media, 'video'),
          title,
          description,
          ...(thumb ? { thumb: await ref('thumb', thumb, 'thumb') } : {}),
        };
      }
      case 'news': {
        const { articles = [], mediaId, ignoreReprint } = request;
        if (mediaId !== undefined) return { type: 'news', mediaId, ignoreReprint };
        const most = era === '2014' ? 10 : 8;
        if (articles.length > most) {
          wrong('articles', { code: 'too-large', limit: most, unit: 'entries' });
        }
        const checked: Article[] = [];
        for (const [at, one] of articles.entries()) checked.push(await article(one, at));
        return { type: 'news', articles: checked, ignoreReprint };
      }
    }
  }
}

/** Blanks belong to one part only: 16 MB of them must not be tried in every way. */
const BASE64 = /^[A-Za-z0-9+/\s]+(?:={1,2}\s*)?$/;

/** Fitted once already: what cannot be decoded must not be promised. */
async function unfitReasons(bytes: Uint8Array): Promise<readonly Flaw[]> {
  try {
    await fitCover(bytes);
    return [];
  } catch (error) {
    if (error instanceof CoverUnfit) return error.flaws;
    throw error;
  }
}

const UPLOAD_ID = /^m_[A-Za-z0-9_-]+$/;

/** Of one article: an answer has an end. */
const MOST_FOREIGN = 10;
