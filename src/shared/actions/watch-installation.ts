/**
 * Compares a role's settings with what its Redis says it belongs to: at the start, at every new
 * connection, and when an operator has adopted a change. A role that differs must end, since it
 * would call one WeChat with another's record.
 */

import type { AccountConfig } from '../platform/accounts.ts';
import type { Config } from '../platform/config.ts';
import { ServiceError } from '../platform/errors.ts';
import { type Identity, originOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { type Language, sentences } from '../platform/sentences.ts';
import { SECOND } from '../platform/time.ts';
import { type Difference, type Installation, makeInstallation } from '../record/installation.ts';
import { RECORD_VERSION } from '../record/stored.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly config: Pick<Config, 'isSandbox' | 'redis' | 'wechat'>;
  readonly accounts: () => readonly AccountConfig[];
}

export interface InstallationWatch {
  /** @throws {ServiceError} `INSTALLATION_DIFFERS`; or Redis' error, where it cannot be asked. */
  check(): Promise<void>;
  /** Writes down whose an added account is; false where its name stands for another one. */
  claim(account: AccountConfig): Promise<boolean>;
  /** Resolves once the settings were found to differ. */
  readonly failed: Promise<ServiceError>;
  stop(): void;
}

const LOOK_EVERY = 10 * SECOND;

function watchInstallation(deps: Dependencies): InstallationWatch {
  const { redis, record, config, accounts } = deps;
  const store = makeInstallation({ redis, record });
  let fail: (error: ServiceError) => void = () => undefined;
  const failed = new Promise<ServiceError>((resolve) => {
    fail = resolve;
  });
  let seen: string | null | undefined;

  async function check(): Promise<void> {
    const revision = await store.revision();
    const own = installationOf(config, accounts());
    // Of a role that runs, the campaigns go on while more shards are added elsewhere.
    const { shards = 1 } = config.redis;
    const differences = await store.claim(seen === undefined ? { ...own, shards } : own);
    // Only now: a look that failed is repeated.
    seen = revision;
    if (differences.length === 0) return;
    const error = differs(differences);
    fail(error);
    throw error;
  }

  const claim = async (account: AccountConfig): Promise<boolean> =>
    (await store.claim(installationOf(config, [account]))).length === 0;

  const checkSoon = (): void => void check().catch(() => undefined);
  const timer = setInterval(async () => {
    const revision = await store.revision().catch(() => seen);
    if (revision !== seen) checkSoon();
  }, LOOK_EVERY).unref();
  redis.on('ready', checkSoon);

  return {
    check,
    claim,
    failed,
    stop() {
      clearInterval(timer);
      redis.off('ready', checkSoon);
    },
  };
}

/**
 * For the start of a role. While Redis is away there is nothing to compare with, and nothing to
 * call WeChat for; it is compared once Redis is there.
 *
 * @throws {ServiceError} `INSTALLATION_DIFFERS`, and the connection is closed.
 */
export async function startWatching(deps: Dependencies): Promise<InstallationWatch> {
  const watch = watchInstallation(deps);
  try {
    await watch.check();
  } catch (error) {
    if (error instanceof ServiceError) {
      watch.stop();
      deps.redis.disconnect();
      throw error;
    }
  }
  return watch;
}

export function installationOf(
  config: Pick<Config, 'isSandbox' | 'wechat'>,
  accounts: readonly AccountConfig[],
): Installation {
  const origin = originOf(config);
  return {
    kind: config.isSandbox ? 'sandbox' : 'live',
    accounts: Object.fromEntries(accounts.map(({ name, appId }) => [name, { appId, origin }])),
  };
}

const differs = (differences: readonly Difference[]): ServiceError =>
  new ServiceError(
    'INSTALLATION_DIFFERS',
    ['The record in Redis does not belong to these settings:', ...differences.map(lineOf)].join(
      '\n',
    ),
    { details: { differences } },
  );

const KINDS = {
  live: ['the real WeChat', '真实的微信'],
  sandbox: ['a sandbox', '沙箱'],
} as const;

/** Without any secret: what differs, and how to correct it. */
const DIFFERENCES = sentences<Difference>({
  en: {
    'record-newer': ({ version }) =>
      `The record has version ${version} and this program reads up to ${RECORD_VERSION}: start the newer program.`,
    'other-kind': ({ recorded }) =>
      `It was written for ${KINDS[recorded][0]}, and the settings are for ${KINDS[otherThan(recorded)][0]}: set another REDIS_PREFIX or REDIS_URL.`,
    'other-identity': ({ account, recorded, configured }) =>
      `Account ${account} was ${nameOf(recorded)} and is ${nameOf(configured)} in the settings: correct the settings, or, if the change is intended, run "qunfa accounts adopt ${account}" with them.`,
    'shards-missing': ({ accounts, needed, configured }) =>
      `REDIS_SHARDS is ${configured}, and the keys of ${accounts.join(', ')} are in shards beyond it: set it to ${needed} at least.`,
  },
  zh: {
    'record-newer': ({ version }) =>
      `Redis 中的记录为版本 ${version}，本程序最高支持 ${RECORD_VERSION}：请启动更新的程序。`,
    'other-kind': ({ recorded }) =>
      `Redis 中的记录属于${KINDS[recorded][1]}，而配置为${KINDS[otherThan(recorded)][1]}：请使用另一个 REDIS_PREFIX 或 REDIS_URL。`,
    'other-identity': ({ account, recorded, configured }) =>
      `公众号 ${account} 原为 ${nameOf(recorded)}，配置中为 ${nameOf(configured)}：请更正配置；如确要更改，请用这些配置运行 qunfa accounts adopt ${account}。`,
    'shards-missing': ({ accounts, needed, configured }) =>
      `REDIS_SHARDS 为 ${configured}，而公众号 ${accounts.join('、')} 的数据位于更大的分片：请至少设为 ${needed}。`,
  },
});

export const describeDifference = (difference: Difference, language: Language = 'en'): string =>
  DIFFERENCES(difference, language);

const otherThan = (kind: keyof typeof KINDS) => (kind === 'live' ? 'sandbox' : 'live');
const lineOf = (difference: Difference): string => `  ${describeDifference(difference)}`;
const nameOf = ({ appId, origin }: Identity): string => `AppID ${appId} (${origin})`;
