/**
 * `npm start`: everything in one process, kept running.
 *
 * Against the sandbox only where no account is configured at all; half a set of credentials is an
 * error (config.ts), never a silent sandbox.
 */
import { readFileSync } from 'node:fs';
import { loadConfig } from '../shared/config.ts';
import { makeLogger } from '../shared/logger.ts';
import { resolveRedis } from '../shared/private-redis.ts';
import type { Running } from '../shared/running.ts';
import { startEverything } from './everything.ts';
import { inSandbox, sandboxAccounts } from './sandbox-accounts.ts';

const DATA = '.qunfa';

export async function startForGood(env: NodeJS.ProcessEnv): Promise<Running> {
  const asked = loadConfig(env, (path) => readFileSync(path, 'utf8'));
  const redis = await resolveRedis({
    ...(env.REDIS_URL ? { url: env.REDIS_URL } : {}),
    dataDir: `${DATA}/redis`,
    cacheDir: `${DATA}/cache`,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  const accounts = asked.isSandbox ? sandboxAccounts({ callsPerMinute: 60 }) : asked.accounts;
  try {
    const everything = await startEverything({
      config: { ...asked, redis: { url: redis.url }, accounts },
      log: (role) => makeLogger({ role, level: asked.log.level }),
      ...(asked.isSandbox
        ? { sandbox: { port: asked.sandbox.port, accounts: accounts.map(inSandbox) } }
        : {}),
    });
    return {
      ...everything,
      addresses: { ...everything.addresses, [`Redis (${redis.source})`]: redis.url },
      async stop() {
        await everything.stop();
        await redis.stop();
      },
    };
  } catch (error) {
    await redis.stop();
    throw error;
  }
}
