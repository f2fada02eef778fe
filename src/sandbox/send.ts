/** One accepted mass send: what was sent, who got it, and what its event will say. */

export type Receivers =
  | { readonly kind: 'list'; readonly openIds: readonly string[] }
  /** Followers by position, so that a send to a million keeps no OpenID. */
  | {
      readonly kind: 'range';
      readonly from: number;
      readonly to: number;
      readonly except: ReadonlySet<number>;
      readonly at: (position: number) => string;
    };

export interface Counts {
  readonly total: number;
  readonly filter: number;
  readonly sent: number;
  readonly error: number;
}

export interface Send {
  readonly account: string;
  readonly path: string;
  readonly at: number;
  readonly msgId: string;
  readonly msgDataId: string | undefined;
  /** As the caller gave it. */
  readonly clientMsgId: string | undefined;
  readonly msgtype: string;
  /** `everyone`, `group 2`, `tag 2` or `openids`. */
  readonly audience: string;
  /** Of what a follower sees, whatever media_id it had. */
  readonly digest: string;
  readonly mediaIds: readonly string[];
  /** How many were asked for. */
  readonly recipients: number;
  /** Nobody yet, where it is decided only when the send is processed. */
  receivers: Receivers;
  readonly status: string;
  counts: Counts;
  /** Titles of the articles, for the event's lists. */
  readonly articles: readonly string[];
  readonly finishesAt: number;
  finished: boolean;
  /** Of articles from 1 on; one that is no article has all or nothing. */
  readonly deletedArticles: Set<number>;
}

export const NOTHING: Counts = { total: 0, filter: 0, sent: 0, error: 0 };
export const NOBODY: Receivers = { kind: 'list', openIds: [] };

export const isDeleted = ({ articles, deletedArticles }: Send): boolean =>
  deletedArticles.size >= Math.max(1, articles.length);

export function forEachReceiver(receivers: Receivers, visit: (openId: string) => void): void {
  if (receivers.kind === 'list') {
    for (const openId of receivers.openIds) visit(openId);
    return;
  }
  for (let position = receivers.from; position < receivers.to; position += 1) {
    if (!receivers.except.has(position)) visit(receivers.at(position));
  }
}
