/** Every role and the sandbox in this process, over the run's Redis; closed after the file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Everything, startEverything } from '../../src/demo/everything.ts';
import { inSandbox, sandboxAccounts } from '../../src/demo/sandbox-accounts.ts';
import { type Config, loadConfig } from '../../src/shared/platform/config.ts';
import { type LogLine, recordedLog } from '../support/log-lines.ts';
import type { TestRedis } from '../support/redis.ts';

export interface World extends Everything {
  readonly config: Config;
  /** What the roles logged under this event so far. */
  readonly logged: (event: string) => readonly LogLine[];
}

/** @param settings of the environment, beside those that keep the test to itself. */
export async function startWorld(
  { url, prefix }: Pick<TestRedis, 'url' | 'prefix'>,
  settings: Readonly<Record<string, string>> = {},
): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'qunfa-client-'));
  const accounts = sandboxAccounts({ callsPerMinute: 6_000 });
  const config: Config = {
    ...loadConfig({
      REDIS_URL: url,
      PRODUCER_PORT: '0',
      CALLBACK_PORT: '0',
      CALLBACK_SPOOL_DIR: join(dir, 'spool'),
      LOG_LEVEL: 'silent',
      ...settings,
    }),
    accounts,
    isSandbox: true,
  };
  const { log, lines } = recordedLog('warn');
  const everything = await startEverything({
    config,
    prefix,
    log: () => log,
    sandbox: {
      accounts: accounts.map(inSandbox),
      pace: { pushDelayMs: 20 },
      switches: { strangers: 'followers' },
      limits: {
        callsPerMinute: null,
        massPerDay: null,
        followerPerMonth: null,
        everyonePerDay: null,
        everyonePerMonth: null,
      },
    },
  });
  afterAll(async () => {
    await everything.stop();
    await rm(dir, { recursive: true, force: true });
  });
  return { ...everything, config, logged: (event) => lines.filter((line) => line.event === event) };
}
