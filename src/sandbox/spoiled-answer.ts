/** What the faults that change an answer make of it. */
import type { Account } from './account.ts';
import type { Reply } from './answer.ts';
import type { Fault, FaultName } from './fault.ts';
import { isRecord } from './world.ts';

/** The text of an answer, spoiled. */
export const SPOILED_TEXT: Readonly<Partial<Record<FaultName, (text: string) => string>>> = {
  'truncated-json': (text) => text.slice(0, Math.ceil(text.length / 2)),
  'bom-answer': (text) => `\ufeff${text}`,
  // Into the first value that is a text; an answer without one is left as it is.
  'control-byte': (text) => text.replace(/:"/, ':"\u0001'),
};

/** A page that says too little. `before`: the page that was answered before this one. */
export function spoiledPage({ name }: Fault, page: Reply, before: Reply = page): Reply {
  const openid = isRecord(page.data) && Array.isArray(page.data.openid) ? page.data.openid : [];
  switch (name) {
    case 'page-ends-early':
      return { ...page, next_openid: '' };
    case 'page-empty':
      return { ...page, count: 0, data: { openid: [] }, next_openid: '' };
    case 'page-without-data':
      return { ...page, data: undefined };
    case 'page-half':
      return { ...page, data: { openid: openid.slice(0, Math.ceil(openid.length / 2)) } };
    case 'page-repeated':
      return before;
    default:
      return page;
  }
}

/** Somebody unfollows, somebody follows, while a client reads page by page. */
export function changeFollowers({ followers }: Account, { leave = 1, join = 1 }: Fault): void {
  const { positions } = followers;
  followers.leave(followers.slice(0, positions).slice(-leave || positions));
  if (join > 0) followers.join(join);
}
