import type { PushAccount } from '../shared/wechat/push/open-envelope.ts';

/** What the callback service must know of an account. */
export interface CallbackAccount extends PushAccount {
  /** The last part of its path: `/wechat/<name>`. */
  readonly name: string;
  /** Where everything goes that is not ours: an account has one callback URL in all of WeChat. */
  readonly forwardUrl?: string | undefined;
}

/** Those that can be called back at all: without a token nobody could tell WeChat from a stranger. */
export function callbackAccounts(
  accounts: readonly (Omit<CallbackAccount, 'callbackToken'> & {
    readonly callbackToken?: string | undefined;
  })[],
): CallbackAccount[] {
  return accounts.flatMap(({ callbackToken, ...account }) =>
    callbackToken ? [{ ...account, callbackToken }] : [],
  );
}
