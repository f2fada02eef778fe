import { z } from 'zod';
import { SECOND } from '../platform/time.ts';
import type { Answer, Era, WechatClient } from './client.ts';
import { CreatedMedia } from './media.ts';
import { Amount, MediaId, Nothing, Text } from './read-answer.ts';

/** One article; 1 to 8 make a message (1 to 10 in 2014). Its pictures are already WeChat's. */
export interface ArticleBody {
  readonly thumbMediaId: string;
  readonly title: string;
  readonly author?: string | undefined;
  /** HTML. */
  readonly content: string;
  readonly contentSourceUrl?: string | undefined;
  readonly digest?: string | undefined;
  readonly showCover?: boolean | undefined;
  readonly openComment?: boolean | undefined;
  readonly fansOnlyComment?: boolean | undefined;
}

/** A picture post: alone in its draft, with a plain text and 1 to 20 pictures, the first its cover. */
export interface PicturePostBody {
  readonly title: string;
  readonly content: string;
  /** Of the permanent library. */
  readonly imageMediaIds: readonly string[];
  readonly openComment?: boolean | undefined;
  readonly fansOnlyComment?: boolean | undefined;
}

export type DraftArticle = ArticleBody | PicturePostBody;

type Body = Readonly<Record<string, unknown>>;

/**
 * Body of `media/uploadnews`. The switches came after the seed, so 2014 goes without them: the
 * cover is shown or not as WeChat thinks best, and there are no comments.
 */
export function newsBody(era: Era, articles: readonly ArticleBody[]): Body {
  const switches = (article: ArticleBody) =>
    era === '2014' ? {} : { show_cover_pic: flag(article.showCover), ...comments(article) };
  return {
    articles: articles.map((article) => present({ ...texts(article), ...switches(article) })),
  };
}

/** Body of `draft/add`, whose cover must be a permanent image. */
function draftBody(articles: readonly DraftArticle[]): Body {
  return {
    articles: articles.map((article) =>
      present({
        ...('imageMediaIds' in article
          ? picturePost(article)
          : { article_type: 'news', ...texts(article) }),
        ...comments(article),
      }),
    ),
  };
}

function picturePost({ title, content, imageMediaIds }: PicturePostBody): Body {
  const image_list = imageMediaIds.map((image_media_id) => ({ image_media_id }));
  return { article_type: 'newspic', title, content, image_info: { image_list } };
}

function texts(article: ArticleBody): Body {
  return {
    thumb_media_id: article.thumbMediaId,
    author: article.author,
    title: article.title,
    content_source_url: article.contentSourceUrl,
    content: article.content,
    digest: article.digest,
  };
}

function comments(article: Pick<ArticleBody, 'openComment' | 'fansOnlyComment'>): Body {
  return {
    need_open_comment: flag(article.openComment),
    only_fans_can_comment: flag(article.fansOnlyComment),
  };
}

const flag = (on: boolean | undefined) => (on === undefined ? undefined : Number(on));

function present(body: Body): Body {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

/** Uploads articles as temporary news, good for 3 days. A fresh account has 10 calls a day. */
export function uploadNews(
  client: WechatClient,
  articles: readonly ArticleBody[],
  era: Era = client.era,
): Promise<Answer<{ mediaId: string }>> {
  const body = newsBody(era, articles);
  return client.post('/cgi-bin/media/uploadnews', body, { answer: CreatedMedia });
}

/** Makes a draft. It dies with its first mass send, so every batch needs one of its own. */
export function addDraft(
  client: WechatClient,
  articles: readonly DraftArticle[],
): Promise<Answer<{ mediaId: string }>> {
  return client.post('/cgi-bin/draft/add', draftBody(articles), { answer: CreatedDraft });
}

const CreatedDraft = z
  .object({ media_id: MediaId })
  .transform(({ media_id }) => ({ mediaId: media_id }));

/** What a draft is made of, of all that WeChat says about it. */
const DRAFT_FIELDS = [
  ...['article_type', 'title', 'author', 'digest', 'content', 'content_source_url'],
  ...['thumb_media_id', 'need_open_comment', 'only_fans_can_comment'],
  ...['pic_crop_235_1', 'pic_crop_1_1', 'image_info', 'cover_info', 'product_info'],
];

/** The articles of a draft, as WeChat has them; 40007 where the id is no draft's. */
export function readDraft(client: WechatClient, mediaId: string): Promise<Answer<Body[]>> {
  const answer = z
    .object({ news_item: z.array(z.record(z.string(), z.unknown())).min(1) })
    .transform(({ news_item }) => news_item);
  return client.post('/cgi-bin/draft/get', { media_id: mediaId }, { answer });
}

/** Makes another draft of what `readDraft` gave, pictures as they are. */
export function copyDraft(
  client: WechatClient,
  articles: readonly Body[],
): Promise<Answer<{ mediaId: string }>> {
  const body = { articles: draftContent(articles) };
  return client.post('/cgi-bin/draft/add', body, { answer: CreatedDraft });
}

/** Of what `readDraft` gave, what followers get; addresses for previews and the like change by themselves. */
export const draftContent = (articles: readonly Body[]): Body[] =>
  articles.map((article) =>
    Object.fromEntries(
      DRAFT_FIELDS.flatMap((name) => (name in article ? [[name, article[name]]] : [])),
    ),
  );

export interface Draft {
  readonly mediaId: string;
  readonly titles: readonly string[];
  /** Media ids, by article: its cover, or the pictures of a picture post. */
  readonly pictures: readonly (readonly string[])[];
  /** Epoch milliseconds. */
  readonly updatedAt: number;
}

const PictureList = z
  .object({ image_list: z.array(z.object({ image_media_id: MediaId })) })
  .transform(({ image_list }) => image_list.map(({ image_media_id }) => image_media_id));

const DraftPage = z
  .object({
    total_count: Amount,
    item: z
      .array(
        z.object({
          media_id: MediaId,
          content: z.object({
            news_item: z
              .array(
                z.object({
                  title: Text.default(''),
                  thumb_media_id: Text.default(''),
                  image_info: PictureList.optional().catch(undefined),
                }),
              )
              .default([]),
          }),
          update_time: Amount.default(0),
        }),
      )
      .default([]),
  })
  .transform((page) => ({
    total: page.total_count,
    drafts: page.item.map(
      (item): Draft => ({
        mediaId: item.media_id,
        titles: item.content.news_item.map(({ title }) => title),
        pictures: item.content.news_item.map(
          ({ thumb_media_id, image_info }) => image_info ?? [thumb_media_id],
        ),
        updatedAt: item.update_time * SECOND,
      }),
    ),
  }));

/** The console's drafts, newest first as WeChat has them; `count` is 1 to 20. */
export function listDrafts(
  client: WechatClient,
  page: { readonly offset: number; readonly count: number },
): Promise<Answer<{ total: number; drafts: Draft[] }>> {
  const body = { offset: page.offset, count: page.count, no_content: 1 };
  return client.post('/cgi-bin/draft/batchget', body, { answer: DraftPage });
}

export function deleteDraft(client: WechatClient, mediaId: string): Promise<Answer<undefined>> {
  const body = { media_id: mediaId };
  return client.post('/cgi-bin/draft/delete', body, { answer: Nothing });
}
