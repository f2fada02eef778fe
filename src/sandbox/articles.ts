/** uploadnews and the draft box: articles, checked field by field. */
import { createHash } from 'node:crypto';
import { Parser } from 'htmlparser2';
import type { Account } from './account.ts';
import { isRefusal, type Refusal, type Reply, refusal } from './answer.ts';
import type { Article, Media } from './media-shelf.ts';
import type { Rules } from './options.ts';
import { type AccountCall, type Endpoints, isRecord } from './world.ts';

const KB = 1024;
const MB = 1024 * KB;

export const articleEndpoints: Endpoints = {
  'media/uploadnews': {
    method: 'POST',
    takes: 'json',
    quota: 'uploadNewsPerDay',
    plainText: true,
    handle: uploadNews,
  },
  'draft/add': { method: 'POST', takes: 'json', quota: 'draftAddPerDay', handle: addDraft },
  'draft/get': {
    method: 'POST',
    takes: 'json',
    handle({ account, json }) {
      const draft = draftNamed(json.media_id, account);
      return draft ? { news_item: draft.articles ?? [] } : refusal(40007);
    },
  },
  'draft/delete': {
    method: 'POST',
    takes: 'json',
    handle({ account, json }) {
      const draft = draftNamed(json.media_id, account);
      if (!draft) return refusal(40007);
      account.media.remove(draft.id);
      return { errcode: 0, errmsg: 'ok' };
    },
  },
  'draft/count': {
    method: 'GET',
    takes: 'nothing',
    handle: ({ account }) => ({ total_count: account.media.all('draft').length }),
  },
  'draft/batchget': { method: 'POST', takes: 'json', handle: listDrafts },
};

function draftNamed(id: unknown, account: Account): Media | undefined {
  const media = typeof id === 'string' ? account.media.find(id) : undefined;
  return media?.kind === 'draft' ? media : undefined;
}

function listDrafts({ account, json }: AccountCall): Reply {
  const { offset = 0, count, no_content } = json;
  if (typeof offset !== 'number' || typeof count !== 'number' || count < 1 || count > 20) {
    return refusal(40097);
  }
  const drafts = account.media.all('draft');
  const item = drafts.slice(offset, offset + count).map((draft) => ({
    media_id: draft.id,
    content: {
      news_item: (draft.articles ?? []).map((article) =>
        no_content === 1 ? { ...article, content: undefined } : article,
      ),
    },
    update_time: Math.floor(draft.createdAt / 1_000),
  }));
  return { total_count: drafts.length, item_count: item.length, item };
}

function uploadNews({ account, json, world }: AccountCall): Reply {
  // The seed says 1 to 10, today's page 1 to 8.
  const most = world.rules.protocol === 'today' ? 8 : 10;
  const articles = readArticles(json.articles, most, (article) => {
    const cover = coverOf(article, account);
    const fits = cover && !cover.permanent && ['thumb', 'image'].includes(cover.kind);
    return fits ? cover : refusal(40007);
  });
  if (isRefusal(articles)) return articles;
  const media = keep('news', articles, account);
  return { type: 'news', media_id: media.id, created_at: Math.floor(media.createdAt / 1_000) };
}

function addDraft({ account, json, world }: AccountCall): Reply {
  const articles = readArticles(json.articles, 8, (article) => {
    const tooLong = overDraftLimits(article);
    if (tooLong) return refusal(tooLong);
    if (article.article_type === 'newspic') return pictureOf(article, account, world.rules);
    const cover = coverOf(article, account);
    return cover?.permanent && cover.kind === 'image' ? cover : refusal(40007);
  });
  if (isRefusal(articles)) return articles;
  return { media_id: keep('draft', articles, account).id };
}

function coverOf(article: Article, account: Account): Media | undefined {
  const { thumb_media_id: id } = article;
  return typeof id === 'string' ? account.media.find(id) : undefined;
}

/** A picture post's cover is its first picture; all are permanent. */
function pictureOf(article: Article, account: Account, { switches }: Rules): Media | Refusal {
  const list = isRecord(article.image_info) ? article.image_info.image_list : undefined;
  if (!Array.isArray(list) || list.length === 0) return refusal(40215);
  if (switches.imagesMax !== null && list.length > switches.imagesMax) return refusal(40215);
  const pictures = list.map((item: unknown) => {
    const id = isRecord(item) ? item.image_media_id : undefined;
    return typeof id === 'string' ? account.media.find(id) : undefined;
  });
  const fit = pictures.every((picture) => picture?.permanent && picture.kind === 'image');
  return (fit && pictures[0]) || refusal(40007);
}

interface ReadArticle {
  readonly article: Article;
  readonly cover: Media;
}

function readArticles(
  articles: unknown,
  most: number,
  coverFor: (article: Article) => Media | Refusal,
): readonly ReadArticle[] | Refusal {
  if (!Array.isArray(articles) || articles.length === 0) return refusal(44003);
  if (articles.length > most) return refusal(45008);
  const read: ReadArticle[] = [];
  for (const given of articles as readonly unknown[]) {
    const article = readArticle(given);
    if (isRefusal(article)) return article;
    const cover = coverFor(article);
    if (isRefusal(cover)) return cover;
    read.push({ article, cover });
  }
  return read;
}

const TEXTS = ['author', 'digest', 'content_source_url'];
const SWITCHES = ['show_cover_pic', 'need_open_comment', 'only_fans_can_comment'];
/** Old samples write these as text. */
const ON_OR_OFF: readonly unknown[] = [undefined, 0, 1, '0', '1'];

function readArticle(given: unknown): Article | Refusal {
  if (!isRecord(given)) return refusal(47001);
  const { title, content } = given;
  if (typeof title !== 'string' || title === '') return refusal(45003);
  if (typeof content !== 'string' || content === '') return refusal(44003);
  if (Buffer.byteLength(content) > MB) return refusal(45002);
  if (TEXTS.some((name) => typeof (given[name] ?? '') !== 'string')) return refusal(47003);
  if (SWITCHES.some((name) => !ON_OR_OFF.includes(given[name]))) return refusal(40097);
  if (Buffer.byteLength(String(given.content_source_url ?? '')) > KB) return refusal(45005);
  // No answer of WeChat's: a name that only its caller understands was left in the text.
  if (/upload:m_\w/i.test(content)) return refusal(47003);
  return { ...given, title, content: withoutForeignPictures(content) };
}

/** What the page of draft/add says; uploadnews gives no figures. */
function overDraftLimits({
  title,
  content,
  author = '',
  digest = '',
}: Article): number | undefined {
  if (lengthOf(title) > 32) return 45003;
  if (lengthOf(String(author)) > 16) return 45110;
  if (lengthOf(String(digest)) > 128) return 45004;
  return lengthOf(content) >= 20_000 ? 45002 : undefined;
}

const lengthOf = (text: string): number => [...text].length;

/** WeChat takes pictures of other hosts out of everybody's copy, without a word. */
function withoutForeignPictures(html: string): string {
  let kept = '';
  let from = 0;
  const parser = new Parser({
    onopentag(name, { src, 'data-src': lazy }) {
      if (name !== 'img' || /^\s*https?:\/\/mmbiz\.qpic\.cn\//i.test(src ?? lazy ?? '')) return;
      kept += html.slice(from, parser.startIndex);
      from = parser.endIndex + 1;
    },
  });
  parser.end(html);
  return kept + html.slice(from);
}

function keep(kind: 'news' | 'draft', read: readonly ReadArticle[], account: Account): Media {
  const hash = createHash('sha256');
  for (const { article, cover } of read) {
    const seen = { ...article, thumb_media_id: undefined, image_info: undefined };
    hash.update(JSON.stringify(seen)).update(cover.digest);
  }
  return account.media.put({
    kind,
    permanent: kind === 'draft',
    digest: hash.digest('hex').slice(0, 40),
    articles: read.map(({ article }) => article),
  });
}
