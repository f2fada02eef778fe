import { type Audience, usesSendAll } from '../campaign/audience.ts';
import type { Message, NewsRoute, UploadRoute } from '../campaign/message.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import type { Era } from '../wechat/client.ts';

/** As what files go up, which depends on how articles are made and on where the message goes. */
export function uploadRouteOf(newsBy: NewsRoute, era: Era, audience: Audience): UploadRoute {
  return {
    videoAs: era === '2014' && !usesSendAll(audience) ? 'video' : 'mpvideo',
    newsBy,
  };
}

/**
 * `auto`: uploadnews as WeChat's document says, until WeChat has closed it to this account. There are
 * picture posts as drafts only.
 */
export function newsRouteOf(
  type: Message['type'],
  { newsRoute }: Pick<AccountConfig, 'newsRoute'>,
  era: Era,
  { uploadNewsClosed }: { readonly uploadNewsClosed?: unknown },
): NewsRoute {
  if (type === 'newspic') return 'draft';
  if (newsRoute !== 'auto') return newsRoute;
  return era === 'today' && uploadNewsClosed !== undefined ? 'draft' : 'uploadnews';
}
