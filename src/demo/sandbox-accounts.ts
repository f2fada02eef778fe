/** Four accounts that show every way: safe and plain pushes, both routes of articles, both kinds. */
import { madeUpAccount } from '../sandbox/start.ts';
import type { AccountConfig } from '../shared/platform/accounts.ts';

export function sandboxAccounts({ callsPerMinute }: { callsPerMinute: number }): AccountConfig[] {
  const common = { callsPerMinute, callsPerDay: 100, approval: 'never' as const };
  const { encodingAesKey: _, ...plain } = madeUpAccount('plain', 'service');
  return [
    { ...madeUpAccount('default', 'service'), ...common, newsRoute: 'uploadnews' },
    { ...madeUpAccount('drafts', 'service'), ...common, newsRoute: 'draft' },
    { ...plain, ...common, newsRoute: 'uploadnews' },
    { ...madeUpAccount('daily', 'subscription'), ...common, newsRoute: 'uploadnews' },
  ];
}

/** The same account as the sandbox knows it. */
export const inSandbox = (account: AccountConfig) => ({
  name: account.name,
  appId: account.appId,
  appSecret: account.appSecret,
  kind: account.kind,
  originalId: account.originalId ?? '',
  ...(account.callbackToken === undefined ? {} : { callbackToken: account.callbackToken }),
  ...(account.encodingAesKey === undefined ? {} : { encodingAesKey: account.encodingAesKey }),
});
