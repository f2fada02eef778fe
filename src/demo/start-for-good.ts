/**
 * `npm start`: everything in one process, kept running.
 *
 * Against the sandbox only where no account is configured at all; half a set of credentials is an
 * error (config.ts), never a silent sandbox.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Config } from '../shared/platform/config.ts';
import { makeLogger } from '../shared/platform/logger.ts';
import { resolveRedis } from '../shared/platform/private-redis.ts';
import { addressOf } from '../shared/platform/redis.ts';
import type { Running } from '../shared/platform/running.ts';
import { startEverything } from './everything.ts';
import { inSandbox, sandboxAccounts } from './sandbox-accounts.ts';
import { sandboxOptions } from './sandbox-role.ts';

const DATA = '.qunfa';

/** @param redisUrl of a Redis that is there; without it, a private one is started. */
export async function startForGood(asked: Config, redisUrl?: string): Promise<Running> {
  const isAlone = asked.accounts.length === 0;
  const dataDir = `${DATA}/${isAlone ? `sandbox-${randomUUID()}` : 'redis'}`;
  const redis = await resolveRedis({
    url: redisUrl,
    dataDir,
    cacheDir: `${DATA}/cache`,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  async function stopRedis(): Promise<void> {
    await redis.stop();
    // The sandbox forgets everything when it stops, so what refers to it is not kept either.
    if (isAlone) await rm(dataDir, { recursive: true, force: true });
  }
  const accounts = isAlone ? sandboxAccounts({ callsPerMinute: 60 }) : asked.accounts;
  try {
    const everything = await startEverything({
      config: { ...asked, redis: { ...asked.redis, url: redis.url }, accounts },
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
