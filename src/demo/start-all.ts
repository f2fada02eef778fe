/**
 * `npm start`: everything in one process, kept running.
 *
 * It uses the sandbox only if no account is configured; incomplete credentials are an error
 * (config.ts).
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Registry } from 'prom-client';
import { installationOf } from '../shared/actions/watch-installation.ts';
import type { Config } from '../shared/platform/config.ts';
import { ServiceError } from '../shared/platform/errors.ts';
import { makeLogger } from '../shared/platform/logger.ts';
import { connect, serversOf, untilReady } from '../shared/platform/redis.ts';
import { addressOf } from '../shared/platform/redis-url.ts';
import type { Running } from '../shared/platform/running.ts';
import { type Bilingual, inLanguage, type Language } from '../shared/platform/sentences.ts';
import { differencesOf, makeInstallation } from '../shared/record/installation.ts';
import { recordOf } from '../shared/record/keys.ts';
import { startEverything } from './everything.ts';
import { resolveRedis } from './private-redis.ts';
import { inSandbox, sandboxAccounts } from './sandbox-accounts.ts';
import { sandboxOptions } from './sandbox-role.ts';

const DATA = '.qunfa';

/**
 * A rehearsal in the Redis of a real installation would mix the campaigns of both.
 *
 * @throws {ServiceError} `CONFIG_INVALID`: this Redis holds something else than an earlier rehearsal.
 */
async function refuseForeign(config: Config): Promise<void> {
  const redis = connect(config.redis, { purpose: 'http' });
  try {
    await untilReady(redis);
    const known = await makeInstallation({ redis, record: recordOf(config.redis.prefix) }).read();
    const own = installationOf(config, config.accounts);
    const isOwn =
      known !== null &&
      differencesOf(known, own).length === 0 &&
      Object.keys(known.accounts).every((name) => name in own.accounts);
    if (isOwn) return;
    const sizes = await Promise.all(serversOf(redis).map((server) => server.dbsize()));
    if (sizes.every((size) => size === 0)) return;
  } finally {
    redis.disconnect();
  }
  const text: Bilingual = [
    'the database of REDIS_URL holds something else, and no account is set, so this would be a rehearsal: unset REDIS_URL for a private Redis, use an empty database, or set the accounts',
    'REDIS_URL 的数据库中已有其他内容，而没有配置公众号，因此这会是一次演练：请取消 REDIS_URL 以使用自带的 Redis，或换用空数据库，或配置公众号',
  ];
  throw new ServiceError('CONFIG_INVALID', text[0], { details: { text } });
}

interface Options {
  /** Without it, a private Redis is started. */
  readonly redisUrl?: string | undefined;
  readonly registry?: Registry;
  /** Of what is said while it starts; English if absent. */
  readonly language?: Language;
}

export async function startAll(
  asked: Config,
  { redisUrl, registry, language = 'en' }: Options = {},
): Promise<Running> {
  const isAlone = asked.accounts.length === 0;
  const dataDir = `${DATA}/${isAlone ? `sandbox-${randomUUID()}` : 'redis'}`;
  const redis = await resolveRedis({
    url: redisUrl,
    dataDir,
    cacheDir: `${DATA}/cache`,
    log: (text) => process.stderr.write(`${inLanguage(text, language)}\n`),
  });
  async function stopRedis(): Promise<void> {
    await redis.stop();
    // The sandbox forgets everything when it stops, so the record is deleted, too.
    if (isAlone) await rm(dataDir, { recursive: true, force: true });
  }
  const accounts = isAlone ? sandboxAccounts({ callsPerMinute: 60 }) : asked.accounts;
  const config = { ...asked, redis: { ...asked.redis, url: redis.url }, accounts };
  try {
    if (isAlone && redisUrl !== undefined) await refuseForeign(config);
    const everything = await startEverything({
      config,
      ...(registry ? { registry } : {}),
      log: (role) => makeLogger({ role, level: asked.log.level }),
      ...(isAlone
        ? {
            sandbox: {
              port: asked.sandbox.port,
              accounts: accounts.map(inSandbox),
              options: sandboxOptions(asked.sandbox.options),
            },
          }
        : {}),
    });
    return {
      ...everything,
      addresses: { ...everything.addresses, [`Redis (${redis.source})`]: addressOf(redis.url) },
      async stop() {
        await everything.stop();
        await stopRedis();
      },
    };
  } catch (error) {
    await stopRedis();
    throw error;
  }
}
