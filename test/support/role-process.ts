/** A role as a process of its own, in a world that has a database of the run's Redis to itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import type { AccountConfig } from '../../src/shared/platform/accounts.ts';
import type { World } from './world.ts';

interface Settings {
  readonly role?: 'worker' | 'producer';
  /** Where its `src` and its `node_modules` are. */
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export const HERE = join(import.meta.dirname, '../..');

export async function startProcess(
  t: Pick<TestContext, 'onTestFinished'>,
  world: World,
  { role = 'worker', home = HERE, env = {} }: Settings = {},
): Promise<ChildProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'qunfa-accounts-'));
  const file = join(folder, 'accounts.json');
  const accounts = world.accounts.map((account) => [account.name, known(account)]);
  await writeFile(file, JSON.stringify(Object.fromEntries(accounts)));
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', role], {
    cwd: home,
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      ACCOUNTS_FILE: file,
      REDIS_URL: world.redisUrl,
      WECHAT_API_BASE_URL: world.sandbox.url,
      WECHAT_SANDBOX: 'true',
      UNKNOWN_RETRY_SECONDS: '1',
      LOG_LEVEL: 'silent',
      ...env,
    },
  });
  t.onTestFinished(async () => {
    await end(child, 'SIGKILL');
    await rm(folder, { recursive: true });
  });
  return child;
}

/** What an earlier version has, too: an account's setting that it does not know is refused. */
function known(account: AccountConfig): object {
  const { appId, appSecret, callbackToken, encodingAesKey, originalId, kind } = account;
  const { newsRoute, callsPerMinute, callsPerDay, approval } = account;
  return {
    ...{ appId, appSecret, callbackToken, encodingAesKey, originalId, kind },
    ...{ newsRoute, callsPerMinute, callsPerDay, approval },
  };
}

/** @returns its exit code; null where a signal ended it. */
export async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL') {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}
