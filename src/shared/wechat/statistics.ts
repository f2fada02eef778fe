/** What became of articles, as WeChat counts it: `datacube`, without `/cgi-bin`. */
import { z } from 'zod';
import type { Answer, WechatClient } from './client.ts';
import { Amount, Text } from './read-answer.ts';

/** People, not times. Totals from the day of publication to `day`. */
export interface ArticleDay {
  /** Of Beijing, `2026-12-01`. */
  readonly day: string;
  readonly readUsers: number;
  readonly shareUsers: number;
  readonly likeUsers: number;
  readonly comments: number;
  readonly favouriteUsers: number;
}

export interface ArticleRow {
  /** The send's msg_data_id. */
  readonly msgDataId: string;
  /** Of the article, from 1. */
  readonly position: number;
  readonly title: string | null;
  readonly url: string | null;
  /** False for what was published without a send. */
  readonly isSend: boolean;
  readonly days: readonly ArticleDay[];
}

export interface ArticleTotals {
  /** WeChat says that newer figures are still to come. */
  readonly isDelayed: boolean;
  readonly rows: readonly ArticleRow[];
}

const count = Amount.default(0);

const Totals = z
  .object({
    is_delay: z.boolean().default(false),
    list: z.array(
      z.object({
        msgid: Text,
        publish_type: count,
        title: Text.optional(),
        content_url: Text.optional(),
        detail_list: z
          .array(
            z.object({
              stat_date: Text,
              read_user: count,
              share_user: count,
              like_user: count,
              comment_count: count,
              collection_user: count,
            }),
          )
          .default([]),
      }),
    ),
  })
  .transform(
    ({ is_delay, list }): ArticleTotals => ({
      isDelayed: is_delay,
      rows: list.flatMap((row) => rowOf(row) ?? []),
    }),
  );

type Listed = {
  readonly msgid: string;
  readonly publish_type: number;
  readonly title?: string | undefined;
  readonly content_url?: string | undefined;
  readonly detail_list: readonly {
    readonly stat_date: string;
    readonly read_user: number;
    readonly share_user: number;
    readonly like_user: number;
    readonly comment_count: number;
    readonly collection_user: number;
  }[];
};

/** `msgid` is the msg_data_id, `_`, and the article's position from 1. */
function rowOf({ msgid, publish_type, title, content_url, detail_list }: Listed) {
  const [, msgDataId, position] = /^(\d+)_(\d+)$/.exec(msgid) ?? [];
  if (msgDataId === undefined || position === undefined) return null;
  return {
    ...{ msgDataId, position: Number(position) },
    ...{ title: title ?? null, url: content_url ?? null, isSend: publish_type === 0 },
    days: detail_list.map((one) => ({
      day: one.stat_date,
      readUsers: one.read_user,
      shareUsers: one.share_user,
      likeUsers: one.like_user,
      comments: one.comment_count,
      favouriteUsers: one.collection_user,
    })),
  } satisfies ArticleRow;
}

/** Figures of yesterday and earlier come from eight in the morning on; before that 61503. */
export const isNotReady = (answer: Answer<unknown>): boolean =>
  answer.kind === 'refused' && answer.errcode === 61_503;

/** @param day when the articles were sent, a day of Beijing before today. */
export const articleTotals = (client: WechatClient, day: string): Promise<Answer<ArticleTotals>> =>
  client.post(
    '/datacube/getarticletotaldetail',
    { begin_date: day, end_date: day },
    { answer: Totals },
  );
