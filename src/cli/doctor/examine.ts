/** Everything that can be told of an installation from its environment, one thing after another. */

import type { Dispatcher } from 'undici';
import { addressFindings } from '../../producer/http/auth.ts';
import { makeDescribeAccount } from '../../shared/actions/describe-account.ts';
import { describeDifference, installationOf } from '../../shared/actions/watch-installation.ts';
import type { Config } from '../../shared/platform/config.ts';
import { makeIdentityOf } from '../../shared/platform/identity.ts';
import type { Redis } from '../../shared/platform/redis.ts';
import { connect } from '../../shared/platform/redis.ts';
import { differencesOf, makeInstallation } from '../../shared/record/installation.ts';
import { recordOf } from '../../shared/record/keys.ts';
import { openRecord } from '../../shared/record/record.ts';
import { makeTokenStore } from '../../shared/record/token-store.ts';
import { makeDispatcher } from '../../shared/wechat/client.ts';
import { examineAccount } from './examine-account.ts';
import { examineCallback } from './examine-callback.ts';
import { addressOf, examineProducer } from './examine-producer.ts';
import { examineRedis } from './examine-redis.ts';
import { examineWechat } from './examine-wechat.ts';
import { type Finding, fault, ok, warning } from './finding.ts';

interface Options {
  readonly config: Config;
  /** Where the producer is asked; its own address if absent. */
  readonly producerUrl?: string;
  readonly prefix?: string;
  readonly now?: () => number;
}

export interface Examination {
  readonly findings: readonly Finding[];
  /** Calls that were made to WeChat, by path. */
  readonly calls: Readonly<Record<string, number>>;
}

export async function examine(options: Options): Promise<Examination> {
  const { config, prefix = config.redis.prefix, now = Date.now } = options;
  const calls: Record<string, number> = {};
  const redis = connect(config.redis, { purpose: 'http' });
  const { proxyUrl } = config.wechat;
  const dispatcher = makeDispatcher(proxyUrl === undefined ? {} : { proxyUrl });
  const identityOf = makeIdentityOf(config, () => config.accounts);
  const stores = openRecord({
    redis,
    identityOf,
    retainMs: config.retainMs,
    submitTimeoutMs: config.pace.submitTimeoutMs,
    now,
    prefix,
  });
  const describeAccount = makeDescribeAccount({
    stores,
    async tokenExpiry(account) {
      const identity = identityOf(account);
      const token = await makeTokenStore({ redis, record: recordOf(prefix), identity }).read();
      return token?.expiresAt ?? null;
    },
    isSandbox: config.isSandbox,
    now,
  });
  try {
    const { findings, reached } = await examineRedis({
      redis,
      key: prefix,
      lanes: stores.lanes,
      serving: stores.workers.serving,
      now,
      isNeeded: config.accounts.length > 0,
    });
    const found = [
      ...settings(config),
      ...findings,
      ...(reached ? await examineInstallation(config, redis, prefix) : []),
      await examineProducer(options.producerUrl ?? addressOf(config.producer)),
    ];
    for (const account of config.accounts) {
      const called = (path: string): void => {
        calls[path] = (calls[path] ?? 0) + 1;
      };
      found.push(...(await examineWechat({ account, config, dispatcher, called })));
      if (reached) found.push(...(await examineAccount(account, describeAccount)));
      found.push(...(await callbackOf(config, account, { dispatcher, now })));
    }
    return { findings: found, calls };
  } finally {
    redis.disconnect();
    await dispatcher.destroy();
  }
}

async function examineInstallation(config: Config, redis: Redis, prefix: string) {
  const known = await makeInstallation({ redis, record: recordOf(prefix) }).read();
  const own = installationOf(config, config.accounts);
  const differences = known ? differencesOf(known, own) : [];
  return differences.map((difference) => fault('Redis', describeDifference(difference)));
}

const callbackOf = (
  { callback }: Config,
  account: Config['accounts'][number],
  tools: { dispatcher: Dispatcher; now: () => number },
): Promise<Finding[]> => examineCallback({ account, callback, ...tools });

function settings({ accounts, producer }: Config): Finding[] {
  const none = warning(
    'settings',
    'no account is configured, so there is only the sandbox',
    'set WECHAT_APP_ID and WECHAT_APP_SECRET, or ACCOUNTS_FILE, in this environment',
  );
  const names = accounts.map(({ name }) => name).join(', ');
  return [
    accounts.length === 0 ? none : ok('settings', `they are sound; accounts: ${names}`),
    ...addressFindings(producer).map((sentence) => fault('settings', sentence)),
  ];
}
