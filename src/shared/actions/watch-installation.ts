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
import { SECOND } from '../platform/time.ts';
import { type Difference, type Installation, makeInstallation } from '../record/installation.ts';
import { RECORD_VERSION } from '../record/stored.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly config: Pick<Config, 'isSandbox' | 'wechat'>;
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
    seen = await store.revision();
    const differences = await store.claim(installationOf(config, accounts()));
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

const KINDS = { live: 'the real WeChat', sandbox: 'a sandbox' } as const;

/** One sentence, without any secret: what differs, and how it is put right. */
export function describeDifference(difference: Difference): string {
  switch (difference.code) {
    case 'record-newer':
      return `The record has version ${difference.version} and this program reads up to ${RECORD_VERSION}: start the newer program.`;
    case 'other-kind': {
      const { recorded } = difference;
      const configured = recorded === 'live' ? 'sandbox' : 'live';
      return `It was written for ${KINDS[recorded]}, and the settings are for ${KINDS[configured]}: set another REDIS_PREFIX or REDIS_URL.`;
    }
    case 'other-identity': {
      const { account, recorded, configured } = difference;
      return `Account ${account} was ${nameOf(recorded)} and is ${nameOf(configured)} in the settings: put the settings right, or, if the change is meant, run "qunfa accounts adopt ${account}" with them.`;
    }
  }
}

const lineOf = (difference: Difference): string => `  ${describeDifference(difference)}`;
const nameOf = ({ appId, origin }: Identity): string => `AppID ${appId} at ${origin}`;
