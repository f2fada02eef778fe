/** What a draft of WeChat's box says, for whoever has to look at it; WeChat is not asked each time. */
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import { MINUTE } from '../../shared/platform/time.ts';
import { readDraft } from '../../shared/wechat/news.ts';
import type { DraftArticle } from './parts/message.ts';

interface Dependencies {
  readonly wechatFor: WechatFor;
  readonly now: () => number;
}

const KEPT_FOR = 5 * MINUTE;
const MOST_KEPT = 50;

export type ReadDrafts = ReturnType<typeof makeReadDrafts>;

export function makeReadDrafts({ wechatFor, now }: Dependencies) {
  const kept = new Map<string, { at: number; articles: Promise<DraftArticle[] | null> }>();

  /** Null where WeChat does not say it: the draft is gone, was sent, or WeChat is away. */
  return function readDrafts(account: string, mediaId: string): Promise<DraftArticle[] | null> {
    const key = `${account} ${mediaId}`;
    const known = kept.get(key);
    if (known && known.at > now() - KEPT_FOR) return known.articles;
    if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value ?? '');
    const articles = ask(account, mediaId).catch(() => null);
    kept.set(key, { at: now(), articles });
    return articles;
  };

  async function ask(account: string, mediaId: string): Promise<DraftArticle[] | null> {
    const answer = await readDraft(wechatFor(account), mediaId);
    if (answer.kind !== 'ok') return null;
    return answer.value.map((article) => ({
      title: textIn(article.title),
      author: textIn(article.author),
      digest: textIn(article.digest),
      content: textIn(article.content),
    }));
  }
}

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');
