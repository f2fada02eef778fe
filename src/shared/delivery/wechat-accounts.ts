/** One WeChat client per account, sharing connections, and its token with every other process. */

import type { Dispatcher } from 'undici';
import type { AccountConfig } from '../platform/accounts.ts';
import type { Config } from '../platform/config.ts';
import type { QuotaLedger } from '../record/quota-ledger.ts';
import type { OnAnswer } from '../wechat/call.ts';
import { type Answer, makeWechatClient, type WechatClient } from '../wechat/client.ts';
import { fetchStableToken, makeTokenSource, type TokenStore } from '../wechat/tokens.ts';

interface Dependencies {
  readonly config: Pick<Config, 'wechat' | 'pace'>;
  readonly accounts: () => readonly AccountConfig[];
  readonly quota: Pick<QuotaLedger, 'count' | 'countRefused'>;
  readonly tokens: (account: string) => TokenStore;
  readonly dispatcher: Dispatcher;
  readonly now: () => number;
  readonly onAnswer?: OnAnswer | undefined;
}

export type WechatFor = (account: string) => WechatClient;

/** This name is not in this process's settings: removed, renamed, or not added yet. */
export class AccountUnknown extends Error {
  override name = 'AccountUnknown';

  constructor(account: string) {
    super(`no account ${account} is configured`);
  }
}

const pathOf = (path: string): string => path.replace(/^\/cgi-bin\//, '');

/** Not one that is about our token or our own repeat of a call. */
const isRefusal = (answer: Answer<unknown>): boolean =>
  answer.kind === 'refused' &&
  !['new-token', 'already-done', 'ask-again'].includes(answer.remedy.kind);

/** @throws {AccountUnknown} for an account that is not configured; check names at the door. */
export function makeWechatFor(deps: Dependencies): WechatFor {
  const { config, accounts, quota, dispatcher, now, onAnswer } = deps;
  const clients = new Map<string, { of: AccountConfig; client: WechatClient }>();
  const { baseUrl, era } = config.wechat;
  const timeoutMs = config.pace.submitTimeoutMs;

  return (name) => {
    const account = accounts().find((one) => one.name === name);
    if (!account) throw new AccountUnknown(name);
    const known = clients.get(name);
    if (known?.of === account) return known.client;
    const tokens = makeTokenSource({
      store: deps.tokens(name),
      fetchToken: () => fetchStableToken({ baseUrl, dispatcher, timeoutMs, account, onAnswer }),
      timeoutMs,
      now,
      sleep: (ms) => new Promise((wake) => setTimeout(wake, ms)),
    });
    const client = makeWechatClient({
      baseUrl,
      era,
      dispatcher,
      tokens,
      timeoutMs,
      onAnswer(path, answer, ms) {
        onAnswer?.(path, answer, ms);
        // Of the figures alone: what is lost with Redis away is not counted.
        if (isRefusal(answer)) void quota.countRefused(name, pathOf(path)).catch(() => undefined);
      },
      onCall: (path) => quota.count(name, pathOf(path)),
    });
    clients.set(name, { of: account, client });
    return client;
  };
}
