/** An account as it is printed, to be copied into a client's settings. */
import type { SandboxAccount } from './options.ts';

/** What each value is called in the settings of this project. */
export const environmentOf = (account: SandboxAccount): readonly [string, string][] => [
  ['WECHAT_APP_ID', account.appId],
  ['WECHAT_APP_SECRET', account.appSecret],
  ['WECHAT_ORIGINAL_ID', account.originalId],
  ['WECHAT_CALLBACK_TOKEN', account.callbackToken ?? ''],
  ['WECHAT_ENCODING_AES_KEY', account.encodingAesKey ?? ''],
];

export const linesOf = (account: SandboxAccount): readonly string[] => [
  `${account.name} (${account.kind} account)`,
  ...environmentOf(account).map(([name, value]) => `  ${name}=${value}`),
  `  events to ${account.callbackUrl ?? 'nobody: --callback <url> says where'}`,
  '',
];
