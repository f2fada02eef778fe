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
  withOtherPictures,
} from '../campaign/article-pictures.ts';
import { given } from '../campaign/given.ts';
import { type Article, type Message, readPictures } from '../campaign/message.ts';
import type { Flaw, Mistake } from '../campaign/mistake.ts';
import type { MessageRequest } from '../contract/campaign-request.ts';
import type { FetchPicture } from '../delivery/fetch-picture.ts';
import type { MediaStore } from '../record/media-store.ts';
import { makeCheckMedia } from './check-media.ts';
import { fetchInTurn, makeFetchedPictures } from './fetched-pictures.ts';
import type { Era, MediaKindOf } from './media-kind.ts';

type NewsRequest = Extract<MessageRequest, { type: 'news' }>;
type ArticleRequest = NonNullable<NewsRequest['articles']>[number];

interface Dependencies {
  readonly media: MediaStore;
  /** Whose pictures are fetched one message after another. */
  readonly account: string;
  readonly era: Era;
  readonly coverAs: MediaKindOf;
  /** Whether the account may send picture posts. */
  readonly picturePosts: boolean;
  /** Its files are kept until then at least. */
  readonly neededUntil: number;
  /** Null: pictures in articles are named, and not fetched. */
  readonly fetchPicture: FetchPicture | null;
}

export interface CheckedMessage {
  /** With every file kept as an upload. */
  readonly message: Message;
  /** Found on the way. */
  readonly mistakes: Mistake[];
  /** Addresses of pictures in articles that were fetched, or would be. */
  readonly fetched: readonly string[];
}

export async function checkMessage(
  { media, account, era, coverAs, picturePosts, neededUntil, fetchPicture }: Dependencies,
  request: MessageRequest,
): Promise<CheckedMessage> {
  const mistakes: Mistake[] = [];
  const wrong = (path: string, flaw: Flaw): void => {
    mistakes.push({ ...flaw, path: `message.${path}` });
  };
  const { ref, refs, judge, keepFitted } = makeCheckMedia({ media, era, neededUntil, wrong });
  /** In all articles. */
  const uploads = new Set<string>();
  const pictures = makeFetchedPictures({ fetchPicture, keepFitted, wrong });

  async function article(asked: ArticleRequest, at: number, of: NewsRequest): Promise<Article> {
    const path = `articles.${at}`;
    const { thumb, ...rest } = asked;
    const html = await content(`${path}.content`, asked.content, of);
    return given({ ...rest, content: html, thumb: await ref(`${path}.thumb`, thumb, coverAs) });
  }

  /**
   * Each look at an article of a megabyte takes some 30 ms, so that others have their turn between them.
   *
   * @returns the HTML with uploads in the place of pictures that were fetched or made to fit.
   */
  async function content(
    path: string,
    html: string,
    { fetchImages = false, fitImages = false }: NewsRequest,
  ): Promise<string> {
    await breath();
    if (hasTooManyParts(html)) {
      wrong(path, { code: 'too-large', limit: MOST_PARTS, unit: 'parts' });
      return html;
    }
    await breath();
    if (isBlank(html)) wrong(path, { code: 'nothing-visible' });
    await breath();
    const foreign: string[] = [];
    /** Addresses as they stand there, and what goes out instead. */
    const instead = new Map<string, string>();
    for (const url of picturesIn(html)) {
      const upload = uploadIn(url);
      if (upload === undefined) {
        if (!isWechats(url)) foreign.push(url);
      } else if (uploads.size >= MOST_UPLOADS && !uploads.has(upload)) {
        wrong(path, { code: 'too-large', limit: MOST_UPLOADS, unit: 'pictures' });
        return html;
      } else if (UPLOAD_ID.test(upload)) {
        uploads.add(upload);
        const found = await judge(path, upload, 'article-picture', { fit: fitImages });
        if (found !== upload) instead.set(url, found);
      } else wrong(path, { code: 'upload-unknown' });
    }
    if (fetchImages) {
      for (const [url, id] of await pictures.fetchAll(path, foreign)) instead.set(url, id);
    } else refuse(path, foreign);
    await breath();
    if (hasStrayUpload(html)) wrong(path, { code: 'upload-misplaced' });
    return withOtherPictures(html, (url) => {
      const id = instead.get(url);
      return id === undefined ? undefined : `upload:${id}`;
    });
  }

  function refuse(path: string, foreign: readonly string[]): void {
    for (const url of foreign.slice(0, MOST_FOREIGN)) {
      wrong(path, { code: 'foreign-picture', url: url.slice(0, 80) });
    }
    const count = foreign.length - MOST_FOREIGN;
    if (count > 0) wrong(path, { code: 'more-foreign-pictures', count });
  }

  const fetches = fetchPicture !== null && request.type === 'news' && request.fetchImages === true;
  const message = fetches ? await fetchInTurn(account, build) : await build();
  // What is refused goes nowhere, and may be too much to be looked into.
  if (message && mistakes.length === 0) await readPictures(message, breath);
  if (!message) wrong('fetchImages', { code: 'picture-not-fetched', url: '', why: 'busy' });
  return { message: message ?? NOTHING, mistakes, fetched: pictures.addresses() };

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
        for (const [at, one] of articles.entries()) checked.push(await article(one, at, request));
        return { type: 'news', articles: checked, ignoreReprint };
      }
    }
  }
}

/** In the place of what was not looked at; there is a mistake then. */
const NOTHING: Message = { type: 'text', content: '' };

const UPLOAD_ID = /^m_[A-Za-z0-9_-]+$/;

/** Of one message: each is a job, which reads the whole message. */
const MOST_UPLOADS = 500;

/** Of one article: an answer has an end. */
const MOST_FOREIGN = 10;

/**
 * What was asked for, without what was found at its addresses: a picture that has changed there
 * does not make another message of it, which would go out a second time.
 */
export const asWritten = (message: Message, asked: MessageRequest): Message =>
  'articles' in message && asked.type === 'news'
    ? {
        ...message,
        articles: message.articles.map((one, at) => ({
          ...one,
          content: asked.articles?.[at]?.content ?? one.content,
        })),
      }
    : message;
