import { type Audience, isWholesale } from '../campaign/audience.ts';
import type { UploadRoute } from '../campaign/message.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import type { Era } from '../wechat/client.ts';

/** As what files go up, which depends on how the account makes news and on where the message goes. */
export function uploadRouteOf(
  { newsRoute }: Pick<AccountConfig, 'newsRoute'>,
  era: Era,
  audience: Audience,
): UploadRoute {
  return {
    videoAs: era === '2014' && !isWholesale(audience) ? 'video' : 'mpvideo',
    coverAs: newsRoute === 'draft' ? 'permanent' : 'thumb',
  };
}
