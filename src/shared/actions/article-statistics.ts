/**
 * What became of a campaign's articles. A row of WeChat's is joined by msg_data_id; where that was
 * lost (an acceptance adopted by 45065), by the article's address, or by a title that only one
 * article of that day has. What cannot be told apart is not joined.
 *
 * WeChat keeps its figures, and corrects late ones: what is kept here is asked for again once a day,
 * when somebody looks, until a month after the send.
 */

import type { Batch } from '../campaign/batch.ts';
import { type Campaign, rfc3339 } from '../campaign/campaign.ts';
import { isPage, type Message } from '../campaign/message.ts';
import { beijingDay, startOfBeijingDay } from '../campaign/quota-window.ts';
import { type Refused, refuse } from '../contract/problem.ts';
import type { CampaignStatistics } from '../contract/statistics.ts';
import { saidNo } from '../delivery/said-no.ts';
import type { WechatFor } from '../delivery/wechat-accounts.ts';
import { DAY, HOUR } from '../platform/time.ts';
import type { Stores } from '../record/record.ts';
import type { DayStatistics } from '../record/statistics-store.ts';
import {
  type ArticleDay,
  type ArticleRow,
  articleTotals,
  isNotReady,
} from '../wechat/statistics.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'batches' | 'statistics'>;
  readonly wechatFor: WechatFor;
  readonly now: () => number;
}

/** WeChat tells the first thirty days. */
const TOLD_FOR = 31 * DAY;
const READY_AT = 8 * HOUR;
/** WeChat had nothing, or not all of it: not asked again before. */
const AGAIN_AFTER = HOUR;

export type ArticleStatistics = ReturnType<typeof makeArticleStatistics>;

type Sent = Extract<Batch, { state: 'submitted' | 'settled' }>;

export function makeArticleStatistics({ stores, wechatFor, now }: Dependencies) {
  const { campaigns, batches, statistics } = stores;

  return async function articleStatistics(id: string): Promise<CampaignStatistics | Refused> {
    const [campaign, message] = await Promise.all([campaigns.spec(id), campaigns.message(id)]);
    if (!campaign || !message) return refuse({ code: 'campaign-not-found' });
    const nothing = { id, articles: [], unmatched: 0, askedAt: null, asOf: null, isDelayed: false };
    if (!isPage(message.type)) return { ...nothing, missing: 'no-articles' };
    const sent = (await batches.all(id)).filter(
      (batch): batch is Sent => batch.state === 'submitted' || batch.state === 'settled',
    );
    if (sent.length === 0) return { ...nothing, missing: 'not-sent' };

    const found: DayStatistics[] = [];
    for (const day of daysOf(sent)) {
      const kept = await ofDay(campaign.account, day);
      if ('refused' in kept) return kept;
      found.push(kept);
    }
    const joined = await join(campaign, message, sent, found);
    const articles = inPositions(joined.rows);
    const asked = found.map(({ askedAt }) => askedAt).filter((at) => at > 0);
    const days = articles.flatMap((article) => article.days.map(({ day }) => day)).sort();
    return {
      id,
      articles,
      unmatched: joined.unmatched,
      askedAt: asked.length > 0 ? rfc3339(Math.min(...asked)) : null,
      asOf: days.at(-1) ?? null,
      isDelayed: found.some(({ isDelayed }) => isDelayed),
      ...(articles.length === 0 ? { missing: 'not-yet' as const } : {}),
    };
  };

  /** As it is kept, or asked for: once after each morning, while there may be newer figures. */
  async function ofDay(account: string, day: string): Promise<DayStatistics | Refused> {
    const kept = await statistics.read(account, day);
    const isOver = startOfBeijingDay(day) + TOLD_FOR + READY_AT;
    const newestAt = startOfBeijingDay(beijingDay(now() - READY_AT)) + READY_AT;
    const isEmpty = !kept || kept.rows.length === 0 || kept.isDelayed;
    const isFresh =
      kept !== null &&
      (isEmpty ? kept.askedAt > now() - AGAIN_AFTER : kept.askedAt >= Math.min(newestAt, isOver));
    if (isFresh) return kept;
    const none: DayStatistics = kept ?? { askedAt: 0, isDelayed: false, rows: [] };
    if (now() < startOfBeijingDay(day) + DAY + READY_AT) return none;
    const answer = await articleTotals(wechatFor(account), day);
    if (answer.kind === 'ok') {
      const total: DayStatistics = { askedAt: now(), ...answer.value };
      await statistics.keep(account, day, total);
      return total;
    }
    if (isNotReady(answer)) {
      const later: DayStatistics = { ...none, askedAt: now(), isDelayed: true };
      await statistics.keep(account, day, later);
      return later;
    }
    // What is kept is better than nothing.
    return kept ?? saidNo(answer);
  }

  async function join(
    campaign: Campaign,
    message: Message,
    sent: readonly Sent[],
    found: readonly DayStatistics[],
  ): Promise<{ rows: readonly ArticleRow[]; unmatched: number }> {
    const rows = found.flatMap((one) => one.rows).filter(({ isSend }) => isSend);
    const ids = new Set(sent.flatMap(({ msgDataId }) => msgDataId ?? []));
    let unmatched = 0;
    for (const batch of sent.filter(({ msgDataId }) => msgDataId === undefined)) {
      const id = byAddress(batch, rows) ?? (await byTitle(campaign, message, batch, found));
      if (id === null) unmatched += 1;
      else ids.add(id);
    }
    return { rows: rows.filter(({ msgDataId }) => ids.has(msgDataId)), unmatched };
  }

  /** Only where nothing else of the account's can have that title on that day. */
  async function byTitle(
    { id, account }: Campaign,
    message: Message,
    batch: Sent,
    found: readonly DayStatistics[],
  ): Promise<string | null> {
    // A picture post is not looked for by its title: other types' campaigns may have it, too.
    const [first] = 'articles' in message ? message.articles : [];
    if (!first || found.some(({ isDelayed }) => isDelayed)) return null;
    const rows = found.flatMap((one) => one.rows);
    const named = rows.filter(({ title, position }) => title === first.title && position === 1);
    const [only] = named;
    if (!only?.isSend || named.length > 1) return null;
    const from = startOfBeijingDay(beijingDay(batch.submittedAt));
    const others = await campaigns.list({
      ...{ account, messageType: 'news' as const, limit: 2 },
      ...{ from: from - DAY, until: from + 2 * DAY },
    });
    // More than one call looks at: no telling.
    const isOnly = others.next === null && others.campaigns.every((one) => one.id === id);
    return isOnly ? only.msgDataId : null;
  }
}

/** The day of the send, and that of its event, which may be the next. */
function daysOf(sent: readonly Sent[]): string[] {
  const times = sent.flatMap((batch) => [
    batch.submittedAt,
    ...(batch.state === 'settled' ? [Math.min(batch.settledAt, batch.submittedAt + DAY)] : []),
  ]);
  return [...new Set(times.map(beijingDay))].sort();
}

/** An address is one article's; its first gives the send away. */
function byAddress(batch: Sent, rows: readonly ArticleRow[]): string | null {
  const urls = batch.state === 'settled' ? (batch.receipt.articleUrls ?? []) : [];
  const addresses = new Set(urls.map((one) => addressOf(one.url)));
  const ids = rows
    .filter(({ url }) => url !== null && addresses.has(addressOf(url)))
    .map(({ msgDataId }) => msgDataId);
  const [id] = ids;
  return id !== undefined && new Set(ids).size === 1 ? id : null;
}

/** Without what WeChat changes: the scheme, and parameters that do not name the article. */
function addressOf(text: string): string {
  const url = URL.parse(text);
  if (!url) return text;
  const named = ['__biz', 'mid', 'idx'].map((name) => url.searchParams.get(name) ?? '');
  return [url.host, url.pathname, ...named].join(' ');
}

/** Several batches may have one id, or one each: rows are added per id, never per batch. */
function inPositions(rows: readonly ArticleRow[]): CampaignStatistics['articles'] {
  const positions = [...new Set(rows.map(({ position }) => position))].sort((a, b) => a - b);
  return positions.map((position) => {
    const own = rows.filter((row) => row.position === position);
    const days = [...new Set(own.flatMap((row) => row.days.map(({ day }) => day)))].sort();
    const last = days.at(-1);
    const total = last === undefined ? null : sumOn(last, own);
    return {
      position,
      title: own[0]?.title ?? null,
      readUsers: total?.readUsers ?? null,
      shareUsers: total?.shareUsers ?? null,
      likeUsers: total?.likeUsers ?? null,
      comments: total?.comments ?? null,
      favouriteUsers: total?.favouriteUsers ?? null,
      days: days.map((day) => sumOn(day, own)),
    };
  });
}

/** Each row's newest figures up to that day, added up. */
function sumOn(day: string, rows: readonly ArticleRow[]): ArticleDay {
  const newest = rows.flatMap((row) => row.days.filter((one) => one.day <= day).at(-1) ?? []);
  const sum = (field: Exclude<keyof ArticleDay, 'day'>): number =>
    newest.reduce((total, one) => total + one[field], 0);
  return {
    day,
    readUsers: sum('readUsers'),
    shareUsers: sum('shareUsers'),
    likeUsers: sum('likeUsers'),
    comments: sum('comments'),
    favouriteUsers: sum('favouriteUsers'),
  };
}
