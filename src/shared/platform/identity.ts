/**
 * Whose a record is: an AppID at one WeChat. An account's name is a label, and may come to mean
 * another AppID, or the same AppID at another WeChat; tokens, media, message ids, quotas and guards
 * must not follow it there.
 */
import type { AccountConfig } from './accounts.ts';
import type { Config } from './config.ts';

export interface Identity {
  readonly appId: string;
  /** `api.weixin.qq.com`, `sandbox`, or the host, port and path of any other API address. */
  readonly origin: string;
}

/** Account name → the part of a key for its AppID and WeChat. */
export type IdentityOf = (account: string) => string;

const WECHAT = 'api.weixin.qq.com';
/** Every sandbox counts as the same WeChat: it starts anew on another port, and sends to no one. */
const SANDBOX = 'sandbox';

/** WeChat's own API has several host names (`api2.…`, `sh.api.…`): one WeChat. */
export const isWechat = (baseUrl: string): boolean =>
  /^(?:[a-z0-9-]+\.)*api\d?\.weixin\.qq\.com$/.test(new URL(baseUrl).hostname);

export function originOf({ isSandbox, wechat }: Pick<Config, 'isSandbox' | 'wechat'>): string {
  if (isSandbox) return SANDBOX;
  if (isWechat(wechat.baseUrl)) return WECHAT;
  const { host, pathname } = new URL(wechat.baseUrl);
  return `${host}${pathname}`.replace(/\/+$/, '');
}

/** Without a colon, which parts keys. */
export const identityKey = ({ appId, origin }: Identity): string =>
  `${appId}@${origin.replaceAll(/[:/]/g, '_')}`;

/** An account that is not configured is its own identity; nothing is kept under such a name. */
export function makeIdentityOf(
  config: Pick<Config, 'isSandbox' | 'wechat'>,
  accounts: () => readonly Pick<AccountConfig, 'name' | 'appId'>[],
): IdentityOf {
  const origin = originOf(config);
  let list: ReturnType<typeof accounts> | undefined;
  let keys = new Map<string, string>();
  return (name) => {
    const current = accounts();
    if (current !== list) {
      keys = new Map(current.map(({ name, appId }) => [name, identityKey({ appId, origin })]));
      list = current;
    }
    return keys.get(name) ?? name;
  };
}
