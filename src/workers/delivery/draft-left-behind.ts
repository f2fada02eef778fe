/** The draft that a call made whose answer was lost. */
import { MINUTE } from '../../shared/platform/time.ts';
import type { WechatClient } from '../../shared/wechat/client.ts';
import { type ArticleBody, type Draft, listDrafts } from '../../shared/wechat/news.ts';

interface Sought {
  readonly bodies: readonly ArticleBody[];
  /** Before the first call for it, ms. */
  readonly since: number;
  /** Drafts of other batches, whose calls were answered. */
  readonly isKnown: (mediaId: string) => boolean;
}

const AT_ONCE = 20;
/** Drafts of a draft box that are looked through, newest first. */
const MOST = 5 * AT_ONCE;
/** WeChat's clock and ours may differ. */
const SKEW = MINUTE;

/** @returns its media id; null where there is none, or WeChat does not list its drafts just now. */
export async function draftLeftBehind(
  client: WechatClient,
  { bodies, since, isKnown }: Sought,
): Promise<string | null> {
  for (let offset = 0; offset < MOST; offset += AT_ONCE) {
    const page = await listDrafts(client, { offset, count: AT_ONCE });
    if (page.kind !== 'ok') return null;
    const { drafts, total } = page.value;
    const left = drafts.find(
      (draft) => draft.updatedAt > since - SKEW && isOf(draft, bodies) && !isKnown(draft.mediaId),
    );
    if (left) return left.mediaId;
    if (offset + AT_ONCE >= total) return null;
  }
  return null;
}

/** By titles and covers: WeChat changes the HTML. */
const isOf = ({ titles, covers }: Draft, bodies: readonly ArticleBody[]): boolean =>
  titles.length === bodies.length &&
  bodies.every(
    ({ title, thumbMediaId }, at) => titles[at] === title && covers[at] === thumbMediaId,
  );
