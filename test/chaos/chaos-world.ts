/** Redis, the sandbox and every role, each a process of its own, in a folder of their own. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type DirectProducer, makeDirectProducer } from '../../src/client/producer.ts';
import { unpackRedis } from '../../src/demo/debian-redis.ts';
import type { SandboxSettings } from '../../src/sandbox/start.ts';
import { madeUpAccount } from '../../src/sandbox/start.ts';
import { loadConfig } from '../../src/shared/platform/config.ts';
import { makeIdentityOf } from '../../src/shared/platform/identity.ts';
import { makeLogger } from '../../src/shared/platform/logger.ts';
import { connect, type Redis, untilReady } from '../../src/shared/platform/redis.ts';
import { SECOND } from '../../src/shared/platform/time.ts';
import type { AllQueues } from '../../src/shared/queue/queues.ts';
import { type OneShard, openAllShards } from '../../src/shared/record/all-shards.ts';
import { PREFIX, prefixOfShard } from '../../src/shared/record/keys.ts';
import type { Stores } from '../../src/shared/record/record.ts';
import { buildSnapshot } from './build-snapshot.ts';
import type { ChaosOptions } from './chaos-options.ts';
import { type ChaosProcess, keepRunning } from './chaos-process.ts';
import { ENQUEUER, OPERATORS } from './counter.ts';
import { type Delays, startDelays } from './delays.ts';
import { freePorts } from './free-ports.ts';
import { type Lives, makeLives } from './lives.ts';
import { startGroup } from './redis-group.ts';
import { type SandboxAdmin, sandboxAdmin } from './sandbox-admin.ts';

const run = promisify(execFile);

/** Much faster than WeChat. */
const PACE = {
  submitTimeoutSeconds: 2,
  unknownRetrySeconds: 0.7,
  receiptDeadlineSeconds: 10,
} as const;

/** Followers of each account; how it is pushed to, how articles go up, who must approve. */
export const ACCOUNTS = [
  { name: 'safe', followers: 12_000, newsRoute: 'uploadnews', encrypted: true, approval: 'never' },
  { name: 'drafts', followers: 3_000, newsRoute: 'draft', encrypted: true, approval: 'never' },
  { name: 'plain', followers: 2_000, newsRoute: 'uploadnews', encrypted: false, approval: 'never' },
  { name: 'second', followers: 500, newsRoute: 'uploadnews', encrypted: true, approval: 'always' },
  { name: 'third', followers: 50, newsRoute: 'draft', encrypted: false, approval: 'never' },
] as const;
export type AccountName = (typeof ACCOUNTS)[number]['name'];

export interface ChaosWorld {
  readonly dir: string;
  readonly redis: ChaosProcess;
  readonly workers: readonly ChaosProcess[];
  readonly callback: ChaosProcess;
  readonly producer: ChaosProcess;
  readonly producerUrl: string;
  /** Of Redis' own files, or of its master's. */
  readonly dataDir: () => string;
  readonly sandbox: SandboxAdmin;
  /** Of the way from each role to Redis. */
  readonly delays: Delays;
  readonly lives: Lives;
  /** Another service's view, and the judge's: straight into Redis. */
  readonly connection: Redis;
  readonly stores: Stores;
  readonly queues: AllQueues;
  readonly shards: readonly OneShard[];
  readonly direct: DirectProducer;
  /** When the master of a Redis with replicas was hit. */
  readonly failovers: readonly number[];
  end(): Promise<void>;
}

export async function startChaosWorld(
  options: Pick<ChaosOptions, 'workers' | 'appendfsync' | 'seed' | 'redis' | 'shards'>,
): Promise<ChaosWorld> {
  const dir = resolve(`.qunfa/chaos-${process.pid}`);
  const dataDir = join(dir, 'redis');
  const logs = join(dir, 'logs');
  await rm(dir, { recursive: true, force: true });
  for (const folder of [dataDir, logs]) await mkdir(folder, { recursive: true });

  const tie = await tiedToUs();
  const logOf = (name: string): string => join(logs, `${name}.log`);
  const snapshot = await buildSnapshot(join(dir, 'build'));
  const workerNames = Array.from({ length: options.workers }, (_, at) => `worker-${at + 1}`);
  const roles = [...workerNames, 'callback', 'producer'];
  const [redisPort = 0, callbackPort = 0, producerPort = 0, ...delayPorts] = await freePorts(
    3 + roles.length,
  );
  const accounts = ACCOUNTS.map((account) => ({ ...account, ...credentialsOf(account) }));
  const { shards: shardCount = 1 } = options;
  const settings = accountSettings(accounts, shardCount);
  const accountsFile = join(dir, 'accounts.json');
  await writeFile(accountsFile, JSON.stringify(settings));
  const lives = makeLives({ seed: options.seed, dir, accounts: settings, logOf });

  const server = await redisCommand(tie);
  const group =
    options.redis === 'single' ? null : await startGroup(options.redis, tagsOf(shardCount));
  const redis =
    group ??
    keepRunning({
      name: 'redis',
      command: [...server.command, ...redisSettings(dataDir, redisPort, options.appendfsync)],
      env: () => server.env,
      logFile: logOf('redis'),
    });
  const judge = await startSandbox(
    [...tie, process.execPath, snapshot.sandbox],
    {
      callbackUrl: `http://127.0.0.1:${callbackPort}/wechat`,
      accounts: accounts.map(({ name, followers, credentials }) => ({
        ...credentials,
        name,
        followers,
      })),
      pace: {
        pushDelayMs: 300,
        pushRetryMs: SECOND,
        keyRepeatMs: 500,
        // Long enough to be killed in, with WeChat having it already.
        submitLatencyMs: 150,
        forcedTokenGapMs: 200,
      },
      // Lists go to more people than an account here has followers.
      switches: { strangers: 'followers' },
      limits: {
        callsPerMinute: null,
        massPerDay: null,
        uploadNewsPerDay: null,
        draftAddPerDay: null,
        userGetPerDay: null,
        tokenPerDay: null,
        forcedTokenPerDay: null,
        followerPerMonth: null,
        everyonePerDay: null,
        everyonePerMonth: null,
      },
    },
    logOf('sandbox'),
  );

  const redisUrl = group?.url ?? `redis://127.0.0.1:${redisPort}`;
  const env = {
    REDIS_URL: redisUrl,
    REDIS_WAIT_REPLICAS: group ? '1' : '0',
    REDIS_SHARDS: String(shardCount),
    ACCOUNTS_FILE: accountsFile,
    WECHAT_API_BASE_URL: judge.url,
    WECHAT_SANDBOX: 'true',
    SUBMIT_TIMEOUT_SECONDS: String(PACE.submitTimeoutSeconds),
    UNKNOWN_RETRY_SECONDS: String(PACE.unknownRetrySeconds),
    RECEIPT_DEADLINE_SECONDS: String(PACE.receiptDeadlineSeconds),
    CALLBACK_PORT: String(callbackPort),
    CALLBACK_SPOOL_DIR: join(dir, 'spool'),
    PRODUCER_PORT: String(producerPort),
    API_KEYS: [ENQUEUER, ...OPERATORS].map((name) => `${name}:${name}-key`).join(','),
  };
  const config = loadConfig(env);
  const delays = startDelays([...tie, process.execPath, snapshot.delays], {
    settings: { target: redisPort, ports: delayPorts },
    seed: options.seed,
  });
  const role = (name: string, which: string): ChaosProcess => {
    // Sentinels and nodes of a cluster name each other by their own ports.
    const url = group?.url ?? `redis://127.0.0.1:${delayPorts[roles.indexOf(name)]}`;
    return keepRunning({
      name,
      command: [...tie, process.execPath, snapshot.main, which],
      env: () => ({ ...env, REDIS_URL: url, ...lives.begin(name) }),
      logFile: logOf(name),
    });
  };
  const workers = workerNames.map((name) => role(name, 'worker'));
  const callback = role('callback', 'callback');
  const producer = role('producer', 'producer');

  const log = makeLogger({ role: 'chaos', level: 'silent' });
  const connection = connect({ url: redisUrl }, { purpose: 'worker', log });
  await untilReady(connection);
  const all = openAllShards({
    ...{ redis: connection, config, prefix: PREFIX, log, now: Date.now },
    identityOf: makeIdentityOf(config, () => config.accounts),
    accounts: () => config.accounts,
  });
  const direct = makeDirectProducer({ redisUrl, ...(group ? { waitReplicas: 1 } : {}) });

  return {
    dir,
    redis,
    workers,
    callback,
    producer,
    producerUrl: `http://127.0.0.1:${producerPort}`,
    dataDir: () => group?.dataDir() ?? dataDir,
    sandbox: sandboxAdmin(judge.url),
    delays,
    lives,
    connection,
    stores: all.stores,
    queues: all.queues,
    shards: all.shards.all(),
    direct,
    failovers: group?.hits ?? [],
    async end() {
      await direct.close();
      await all.close();
      connection.disconnect();
      await Promise.all([...workers, callback, producer].map((one) => one.end()));
      await redis.end();
      await judge.end();
      delays.close();
    },
  };
}

function credentialsOf({ name, encrypted }: (typeof ACCOUNTS)[number]) {
  const { encodingAesKey = '', ...rest } = madeUpAccount(name, 'service');
  return { credentials: encrypted ? { ...rest, encodingAesKey } : rest };
}

/** Of the shards that have accounts. */
const tagsOf = (shards: number): string[] =>
  Array.from({ length: Math.min(shards, ACCOUNTS.length) }, (_, shard) =>
    prefixOfShard(PREFIX, shard),
  );

type Account = (typeof ACCOUNTS)[number] & ReturnType<typeof credentialsOf>;

function accountSettings(accounts: readonly Account[], shards: number) {
  return Object.fromEntries(
    accounts.map(({ name, newsRoute, approval, credentials: { name: _, ...credentials } }, at) => [
      name,
      { ...credentials, newsRoute, approval, callsPerMinute: 1_200, shard: at % shards },
    ]),
  );
}

/** Ends with us, however we end. */
async function tiedToUs(): Promise<string[]> {
  const found = await run('setpriv', ['--version']).then(
    () => true,
    () => false,
  );
  return found ? ['setpriv', '--pdeathsig', 'KILL'] : [];
}

async function redisCommand(tie: readonly string[]) {
  const onPath = await run('redis-server', ['--version']).then(
    () => true,
    () => false,
  );
  if (onPath) return { command: [...tie, 'redis-server'], env: {} };
  const { binary, libraries } = await unpackRedis(resolve('.qunfa/cache'));
  return {
    command: [...tie, binary],
    env: { LD_LIBRARY_PATH: libraries },
  };
}

const redisSettings = (dir: string, port: number, appendfsync: string): string[] => [
  ...['--bind', '127.0.0.1', '--port', String(port), '--dir', dir],
  ...['--appendonly', 'yes', '--appendfsync', appendfsync, '--save', ''],
  ...['--maxmemory-policy', 'noeviction', '--loglevel', 'notice'],
];

async function startSandbox(
  command: readonly string[],
  settings: SandboxSettings,
  logFile: string,
) {
  const [file = '', ...args] = command;
  const log = openSync(logFile, 'a');
  const child = spawn(file, [...args, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', log],
  });
  const { stdout } = child;
  if (!stdout) throw new TypeError('a pipe was asked for');
  closeSync(log);
  const lines = createInterface({ input: stdout });
  const [url] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the sandbox: see ${logFile}`))),
  ])) as [string];
  return {
    url,
    async end() {
      if (child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
