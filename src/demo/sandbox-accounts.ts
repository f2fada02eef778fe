/** Four accounts for every case: safe and plain mode, both routes of articles, both kinds. */
import { madeUpAccount } from '../sandbox/start.ts';
import type { AccountConfig } from '../shared/platform/accounts.ts';

export function sandboxAccounts({ callsPerMinute }: { callsPerMinute: number }): AccountConfig[] {
  const common = {
    callsPerMinute,
    callsPerDay: 100,
    picturePosts: false,
    approval: 'never' as const,
  };
  const { encodingAesKey: _, ...plain } = madeUpAccount('plain', 'service');
  return [
    { ...madeUpAccount('default', 'service'), ...common, newsRoute: 'uploadnews' },
    { ...madeUpAccount('drafts', 'service'), ...common, newsRoute: 'draft', picturePosts: true },
    { ...plain, ...common, newsRoute: 'uploadnews' },
    { ...madeUpAccount('daily', 'subscription'), ...common, newsRoute: 'uploadnews' },
  ];
}

/** The same account as the sandbox knows it. */
export const inSandbox = ({
  name,
  appId,
  appSecret,
  kind,
  originalId = `gh_${appId.slice(-12).padStart(12, '0')}`,
  callbackToken,
  encodingAesKey,
}: AccountConfig) => ({
  ...{ name, appId, appSecret, kind, originalId },
  ...(callbackToken && { callbackToken }),
  ...(encodingAesKey && { encodingAesKey }),
});
