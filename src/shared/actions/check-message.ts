/** What the schema cannot see in a message: files by their content, pictures of other people. */

import { draftRefusals } from '../campaign/draft-limits.ts';
import { mediaRefusals } from '../campaign/media-limits.ts';
import type { Article, MediaRef, Message } from '../campaign/message.ts';
import { PICTURE, picturesOfOurs } from '../campaign/message.ts';
import type { MessageRequest } from '../campaign/request.ts';
import { fitRefusals } from '../media/fit-cover.ts';
import type { MediaStore } from '../record/media-store.ts';
import type { Era, MediaKindOf } from './media-kind.ts';
import { kindForLimits } from './media-kind.ts';
import type { Mistake } from './refusal.ts';

type MediaRefRequest = Extract<MessageRequest, { type: 'image' }>['media'];

interface Dependencies {
  readonly media: MediaStore;
  readonly era: Era;
  readonly coverAs: MediaKindOf;
  /** Its files are kept until then at least. */
  readonly neededUntil: number;
}

/** @returns the message with every file kept as an upload, and every mistake found on the way. */
export async function checkMessage(
  { media, era, coverAs, neededUntil }: Dependencies,
  request: MessageRequest,
): Promise<{ message: Message; mistakes: Mistake[] }> {
  const mistakes: Mistake[] = [];
  const wrong = (path: string, message: string): void => {
    mistakes.push({ path: `message.${path}`, message });
  };

  async function ref(path: string, asked: MediaRefRequest, kind: MediaKindOf): Promise<MediaRef> {
    if ('mediaId' in asked) return { mediaId: asked.mediaId };
    const upload = 'upload' in asked ? asked.upload : await keep(path, asked);
    if (upload === null) return { mediaId: '' };
    await judge(path, upload, kind, { fit: asked.fit === true, named: `${path}.upload` });
    return { upload, ...(asked.fit ? { fit: true } : {}) };
  }

  async function keep(
    path: string,
    { base64, filename }: Extract<MediaRefRequest, { base64: string }>,
  ): Promise<string | null> {
    if (!BASE64.test(base64)) {
      wrong(`${path}.base64`, 'is not base64');
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
      wrong(named, `no upload ${id}: it was never made, or its time is over`);
      return;
    }
    await media.touch(id, { until: neededUntil });
    if (fit && kind === 'thumb') {
      for (const reason of fitRefusals(facts)) wrong(path, reason);
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
    const refused = coverAs === 'permanent' ? draftRefusals(asked) : {};
    for (const [field, reason] of Object.entries(refused)) wrong(`${path}.${field}`, reason);
    for (const upload of picturesOfOurs(asked.content)) {
      await judge(`${path}.content`, upload, 'article-picture');
    }
    for (const url of foreignPictures(asked.content)) {
      wrong(
        `${path}.content`,
        `foreign-picture: WeChat would strip ${url.slice(0, 80)} from everyone's copy; upload it and write <img src="upload:m_…">`,
      );
    }
    return defined({ ...rest, thumb: await ref(`${path}.thumb`, thumb, coverAs) });
  }

  const message = await build();
  return { message, mistakes };

  async function build(): Promise<Message> {
    switch (request.type) {
      case 'text':
        return request;
      case 'image':
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
          wrong('articles', `${articles.length} articles, WeChat takes ${most} at most`);
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

/** Pictures that WeChat keeps: its own hosts, where uploadimg puts them. */
const WECHAT_HOSTS =
  /^(https?:)?\/\/(mmbiz\.(qpic|qlogo)\.cn|mmecoa\.qpic\.cn|res\.wx\.qq\.com)\//i;

const SOURCE = /\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i;

function foreignPictures(html: string): string[] {
  return [...html.matchAll(PICTURE)]
    .flatMap(([tag]) => {
      const [, double, single, bare] = SOURCE.exec(tag) ?? [];
      return double ?? single ?? bare ?? [];
    })
    .filter((url) => !/^upload:m_[A-Za-z0-9_-]+$/i.test(url) && !WECHAT_HOSTS.test(url));
}

/** zod leaves `undefined` where an optional field was absent; the record has none. */
const defined = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
