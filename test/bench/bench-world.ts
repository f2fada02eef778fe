/** What the benches share: a private Redis, a sandbox in its own process, accounts without limits. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import type { Limits, Pace } from '../../src/sandbox/option-table.ts';
import type { SandboxAccount } from '../../src/sandbox/options.ts';
import { madeUpAccount } from '../../src/sandbox/start.ts';
import type { AccountConfig } from '../../src/shared/platform/accounts.ts';
import { type Config, loadConfig } from '../../src/shared/platform/config.ts';

const UNLIMITED: Partial<Limits> = {
  callsPerMinute: null,
  massPerDay: null,
  followerPerMonth: null,
  everyonePerDay: null,
  everyonePerMonth: null,
};

export interface WorldOptions {
  readonly accounts: number;
  /** Of a lane. The default is the most there is. */
  readonly callsPerMinute?: number;
  /** Where the sandbox pushes an account's events; nowhere by default. */
  readonly callbackUrlOf?: (account: string, no: number) => string;
  readonly callbackPort?: number;
  /** Accounts that only the sandbox knows. */
  readonly strangers?: readonly SandboxAccount[];
  readonly limits?: Partial<Limits>;
  readonly pace?: Partial<Pace>;
}

export interface BenchWorld {
  readonly config: Config;
  /** The same for a role in a process of its own. */
  readonly env: Readonly<Record<string, string>>;
  readonly accounts: readonly AccountConfig[];
  readonly redisUrl: string;
  readonly sandboxUrl: string;
  stop(): Promise<void>;
}

export async function startBenchWorld(options: WorldOptions): Promise<BenchWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'qunfa-bench-'));
  const cacheDir = join(process.cwd(), '.qunfa/cache');
  const redis = await startPrivateRedis({ dataDir: join(dir, 'redis'), cacheDir });
  const accounts = Array.from({ length: options.accounts }, (_, no) =>
    accountOf(`bench-${no}`, options.callsPerMinute ?? 60_000),
  );
  const sandbox = await startSandboxProcess(join(dir, 'sandbox.json'), {
    accounts: [
      ...accounts.map((account, no) => ({
        ...inSandbox(account),
        ...(options.callbackUrlOf ? { callbackUrl: options.callbackUrlOf(account.name, no) } : {}),
      })),
      ...(options.strangers ?? []),
    ],
    limits: { ...UNLIMITED, ...options.limits },
    pace: { pushDelayMs: 0, ...options.pace },
    switches: { strangers: 'followers' },
  });
  const accountsFile = join(dir, 'accounts.json');
  const byName = accounts.map(({ name, ...rest }) => [name, rest] as const);
  await writeFile(accountsFile, JSON.stringify(Object.fromEntries(byName)));
  const env = {
    REDIS_URL: redis.url,
    WECHAT_API_BASE_URL: sandbox.url,
    WECHAT_SANDBOX: 'true',
    CALLBACK_PORT: String(options.callbackPort ?? 0),
    CALLBACK_SPOOL_DIR: join(dir, 'spool'),
    PRODUCER_PORT: '0',
    LOG_LEVEL: 'error',
  };
  return {
    config: { ...loadConfig(env), accounts },
    env: { ...env, ACCOUNTS_FILE: accountsFile },
    accounts,
    redisUrl: redis.url,
    sandboxUrl: sandbox.url,
    async stop() {
      sandbox.stop();
      await redis.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const accountOf = (name: string, callsPerMinute: number): AccountConfig => ({
  ...madeUpAccount(name, 'service'),
  newsRoute: 'uploadnews',
  callsPerMinute,
  callsPerDay: 100_000,
  picturePosts: false,
  approval: 'never',
});

const inSandbox = ({ name, appId, appSecret, kind, ...rest }: AccountConfig): SandboxAccount => ({
  name,
  appId,
  appSecret,
  kind,
  originalId: rest.originalId ?? '',
  callbackToken: rest.callbackToken ?? '',
  encodingAesKey: rest.encodingAesKey ?? '',
});

/** Its settings go by file: a thousand accounts are more than an argument may hold. */
async function startSandboxProcess(file: string, settings: unknown) {
  await writeFile(file, JSON.stringify(settings));
  const child = fork(join(import.meta.dirname, 'sandbox-process.js'), [file]);
  const [message] = (await once(child, 'message')) as [{ url: string }];
  return { url: message.url, stop: () => child.disconnect() };
}

export const openIds = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `oBench${String(from + at).padStart(22, '0')}`);

/** Polls what can be seen; a bench that does not end in time fails. */
export async function until(holds: () => Promise<boolean>, limitMs = 120_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('the bench did not come to its end in time');
    await new Promise((wake) => setTimeout(wake, 10));
  }
}

/** `work` once for each of `count`, `width` at a time. */
export async function inParallel(
  count: number,
  width: number,
  work: (at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < count) await work(next++);
    }),
  );
}
