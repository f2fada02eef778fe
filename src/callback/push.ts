/** A push as it came, the account it is for, and what its sender gets. */
import type { PushAccount } from '../shared/wechat/push/open-envelope.ts';

/** What the callback service must know of an account. */
export interface CallbackAccount extends PushAccount {
  /** The last part of its path: `/wechat/<name>`. */
  readonly name: string;
  /** Where everything goes that is not ours: an account has one callback URL in all of WeChat. */
  readonly forwardUrl?: string | undefined;
}

/** Those that can be called back at all: without a token WeChat cannot be told from a stranger. */
export function callbackAccounts(
  accounts: readonly (Omit<CallbackAccount, 'callbackToken'> & {
    readonly callbackToken?: string | undefined;
  })[],
): CallbackAccount[] {
  return accounts.flatMap(({ callbackToken, ...account }) =>
    callbackToken ? [{ ...account, callbackToken }] : [],
  );
}

export interface RawPush {
  /** Without its question mark. */
  readonly query: string;
  readonly contentType: string;
  readonly body: Buffer;
  /** How many services like this one have forwarded it so far. */
  readonly hops: number;
}

/** What a caller gets. A refusal has no body: it tells a stranger nothing. */
export interface Answer {
  readonly status: number;
  readonly body?: string | Buffer;
  readonly contentType?: string;
}

/** The answer that stops WeChat from repeating a push. */
export const SUCCESS: Answer = { status: 200, body: 'success' };

/** Makes WeChat repeat a push. */
export const AGAIN: Answer = { status: 503 };

export const nothing = (status: number): Answer => ({ status });
