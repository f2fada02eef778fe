/** uploadnews and the draft box: articles, checked field by field. */
import { createHash } from 'node:crypto';
import type { Account } from './account.ts';
import { isRefusal, type Refusal, type Reply, refusal } from './answer.ts';
import { isRefusedHtml, keptHtml, toldHtml } from './article-html.ts';
import type { Article, Media } from './media-shelf.ts';
import type { Rules } from './options.ts';
import { type AccountCall, type Endpoints, isRecord, type World } from './world.ts';

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
    handle({ account, json, world }) {
      const draft = draftNamed(json.media_id, account);
      return draft ? contentOf(draft, world) : refusal(40007);
    },
  },
  'draft/update': { method: 'POST', takes: 'json', handle: updateDraft },
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

/** Real answers have more than was sent; none of it may be sent back. */
function contentOf({ articles = [], createdAt, updatedAt = createdAt }: Media, { rules }: World) {
  return {
    news_item: articles.map((article) => ({
      show_cover_pic: 0,
      ...article,
      content: toldHtml(article.content, rules.switches),
      thumb_url: 'http://mmbiz.qpic.cn/mmbiz_jpg/cover/0?wx_fmt=jpeg',
      url: 'http://mp.weixin.qq.com/s?__biz=sandbox&tempkey=preview',
      is_deleted: false,
    })),
    create_time: Math.floor(createdAt / 1_000),
    update_time: Math.floor(updatedAt / 1_000),
  };
}

/** One object at one index, which counts from 0; a list is refused. */
function updateDraft({ account, json, world }: AccountCall): Reply {
  const draft = draftNamed(json.media_id, account);
  if (!draft) return refusal(40007);
  if (!isRecord(json.articles)) return refusal(47001);
  const { index = 0 } = json;
  const { articles = [] } = draft;
  if (typeof index !== 'number' || !articles[index]) return refusal(40114);
  const read = readArticles([json.articles], 1, world, draftCover(account, world));
  if (isRefusal(read)) return read;
  draft.articles = articles.map((article, at) =>
    at === index ? (read[0]?.article ?? article) : article,
  );
  draft.updatedAt = world.now();
  return { errcode: 0, errmsg: 'ok' };
}

function listDrafts({ account, json, world }: AccountCall): Reply {
  const { offset = 0, count, no_content } = json;
  if (typeof offset !== 'number' || typeof count !== 'number' || count < 1 || count > 20) {
    return refusal(40097);
  }
  const drafts = account.media.all('draft');
  const item = drafts.slice(offset, offset + count).map((draft) => {
    const { news_item, ...times } = contentOf(draft, world);
    const shown =
      no_content === 1
        ? news_item.map((article) => ({ ...article, content: undefined }))
        : news_item;
    return {
      media_id: draft.id,
      content: { news_item: shown, ...times },
      update_time: times.update_time,
    };
  });
  return { total_count: drafts.length, item_count: item.length, item };
}

function uploadNews({ account, json, world }: AccountCall): Reply {
  const { uploadNews: answer, protocol } = world.rules.switches;
  if (answer !== 'accepted') return refusal(answer);
  // The seed says 1 to 10, today's page 1 to 8.
  const most = protocol === 'today' ? 8 : 10;
  const articles = readArticles(json.articles, most, world, (article) => {
    const cover = coverOf(article, account);
    const fits = cover && !cover.permanent && ['thumb', 'image'].includes(cover.kind);
    return fits ? cover : refusal(40007);
  });
  if (isRefusal(articles)) return articles;
  const media = keep('news', articles, account);
  return { type: 'news', media_id: media.id, created_at: Math.floor(media.createdAt / 1_000) };
}

function addDraft({ account, json, world }: AccountCall): Reply {
  const articles = readArticles(json.articles, 8, world, draftCover(account, world));
  if (isRefusal(articles)) return articles;
  return { media_id: keep('draft', articles, account).id };
}

const draftCover =
  (account: Account, { rules }: World) =>
  (article: Article): Media | Refusal => {
    const tooLong = overDraftLimits(article, rules);
    if (tooLong) return refusal(tooLong);
    if (article.article_type === 'newspic') return pictureOf(article, account, rules);
    const cover = coverOf(article, account);
    return cover?.permanent && cover.kind === 'image' ? cover : refusal(40007);
  };

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
  world: World,
  coverFor: (article: Article) => Media | Refusal,
): readonly ReadArticle[] | Refusal {
  if (!Array.isArray(articles) || articles.length === 0) return refusal(44003);
  if (articles.length > most) return refusal(45008);
  const read: ReadArticle[] = [];
  for (const given of articles as readonly unknown[]) {
    const article = readArticle(given, world);
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

function readArticle(given: unknown, { rules, accounts }: World): Article | Refusal {
  if (!isRecord(given)) return refusal(47001);
  const { title, content } = given;
  if (typeof title !== 'string' || title === '') return refusal(45003);
  if (typeof content !== 'string' || content === '') return refusal(44003);
  if (Buffer.byteLength(content) > MB) return refusal(45002);
  if (TEXTS.some((name) => typeof (given[name] ?? '') !== 'string')) return refusal(47003);
  if (SWITCHES.some((name) => !ON_OR_OFF.includes(given[name]))) return refusal(40097);
  if (Buffer.byteLength(String(given.content_source_url ?? '')) > KB) return refusal(45005);
  if (isRefusedHtml(content, rules.switches)) return refusal(45166);
  const isOwnPicture = (name: string): boolean =>
    accounts.some(({ pictures }) => pictures.has(name));
  return { ...given, title, content: keptHtml(content, rules.switches, isOwnPicture) };
}

/** Figures for draft/add; uploadnews gives none. */
const DRAFT_LIMITS = {
  documented: { title: 32, author: 16, digest: 128, digestBytes: MB, content: 20_000 },
  // A live test of June 2026; a text of 24,061 characters was saved in August.
  measured: { title: 64, author: 16, digest: 128, digestBytes: 120, content: MB },
};

function overDraftLimits(
  { title, content, author = '', digest = '' }: Article,
  { switches }: Rules,
): number | undefined {
  const most = DRAFT_LIMITS[switches.draftLimits];
  const titleLength = switches.titleUnit === 'bytes' ? Buffer.byteLength(title) : lengthOf(title);
  if (titleLength > most.title) return 45003;
  if (lengthOf(String(author)) > most.author) return 45110;
  if (lengthOf(String(digest)) > most.digest) return 45004;
  if (Buffer.byteLength(String(digest)) > most.digestBytes) return 45004;
  return lengthOf(content) >= most.content ? 45002 : undefined;
}

const lengthOf = (text: string): number => [...text].length;

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
