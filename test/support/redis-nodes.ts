/** Redis servers as they are run in production: Sentinel groups and clusters, as processes on loopback. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { findServer } from '../../src/demo/private-redis.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';

export interface RedisNode {
  readonly port: number;
  /** Of its files. */
  readonly dir: string;
  pid(): number | undefined;
  /** Says what an operator would by redis-cli. */
  readonly admin: Redis;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Again, with what is on its disk. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

export interface RedisGroup {
  readonly url: string;
  readonly nodes: readonly RedisNode[];
  /** Who takes writes now, as the Sentinels or most nodes of the cluster say. */
  masters(): Promise<readonly RedisNode[]>;
  stop(): Promise<void>;
}

const CACHE = join(import.meta.dirname, '../../.qunfa/cache');
export const KEPT = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
const COMMON = ['--bind', '127.0.0.1', '--loglevel', 'warning', '--maxmemory-policy', 'noeviction'];
/** How soon a master counts as gone. */
const GONE_AFTER_MS = 1_000;
export const MASTER_NAME = 'qunfa-test';

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + MINUTE;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what}: not within a minute`);
    await sleep(25);
  }
}

/** @param args as behind `redis-server`. */
export async function startNode(
  dir: string,
  port: number,
  args: readonly string[],
  {
    adminOptions = {},
    more = [],
    through = [],
  }: {
    readonly adminOptions?: object;
    readonly more?: readonly string[];
    /** A program that becomes the server. */
    readonly through?: readonly string[];
  } = {},
): Promise<RedisNode & { stop(): Promise<void> }> {
  const { command } = await findServer({ dataDir: dir, cacheDir: CACHE });
  await mkdir(dir, { recursive: true });
  // A file, so that Sentinels can write into it whom to follow after the next start.
  const conf = join(dir, 'redis.conf');
  await writeFile(conf, linesOf(args));
  let process: ChildProcess;
  const admin = new Redis({
    port,
    lazyConnect: true,
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
    ...adminOptions,
  });
  admin.on('error', () => undefined);

  async function start(): Promise<void> {
    const tied = ['setpriv', '--pdeathsig', 'KILL', ...through];
    const [first = '', ...rest] = [...tied, ...command, conf, ...more];
    process = spawn(first, rest, { stdio: 'ignore', cwd: dir });
    await until(`Redis at ${port}`, async () => (await admin.ping()) === 'PONG');
  }
  async function kill(): Promise<void> {
    if (process.exitCode !== null || process.signalCode !== null) return;
    const gone = once(process, 'exit');
    process.kill('SIGKILL');
    await gone;
  }
  await start();
  return {
    port,
    dir,
    pid: () => process.pid,
    admin,
    kill,
    start,
    freeze: () => void process.kill('SIGSTOP'),
    thaw: () => void process.kill('SIGCONT'),
    async stop() {
      admin.disconnect();
      await kill();
    },
  };
}

/** A master, its replicas, and Sentinels. `monitored` is where the others see the master. */
export async function startSentinels({
  replicas: replicaCount = 2,
  sentinels: sentinelCount = 3,
  monitored,
}: {
  readonly replicas?: number;
  readonly sentinels?: number;
  readonly monitored?: (port: number) => Promise<number>;
} = {}): Promise<RedisGroup & { readonly sentinels: readonly RedisNode[] }> {
  const home = await mkdtemp(join(tmpdir(), 'qunfa-sentinels-'));
  const [masterPort = 0, ...ports] = await freePorts(1 + replicaCount + sentinelCount);
  const masterAt = (await monitored?.(masterPort)) ?? masterPort;
  const data = (port: number, more: readonly string[] = []) =>
    startNode(join(home, `${port}`), port, [
      ...['--port', `${port}`, ...COMMON, ...KEPT, '--repl-diskless-sync-delay', '0'],
      ...more,
    ]);
  const master = await data(masterPort);
  const replicas = await Promise.all(
    ports
      .slice(0, replicaCount)
      .map((port) => data(port, ['--replicaof', `127.0.0.1 ${masterAt}`])),
  );
  const nodes = [master, ...replicas];
  const sentinels = await Promise.all(
    ports.slice(replicaCount).map(async (port) => {
      const about = [
        `monitor ${MASTER_NAME} 127.0.0.1 ${masterAt} 2`,
        `down-after-milliseconds ${MASTER_NAME} ${GONE_AFTER_MS}`,
        `failover-timeout ${MASTER_NAME} 6000`,
        `parallel-syncs ${MASTER_NAME} 2`,
      ].flatMap((line) => ['--sentinel', line]);
      const args = ['--bind', '127.0.0.1', '--port', `${port}`, ...about];
      return startNode(join(home, `${port}`), port, args, {
        adminOptions: { enableReadyCheck: false },
        more: ['--sentinel'],
      });
    }),
  );
  await until('replicas', async () => (await Promise.all(replicas.map(isLinked))).every(Boolean));
  await until('Sentinels', async () => {
    const known = await Promise.all(sentinels.map(({ admin }) => aboutMaster(admin)));
    return known.every(
      (one) =>
        one['num-slaves'] === `${replicaCount}` &&
        one['num-other-sentinels'] === `${sentinelCount - 1}`,
    );
  });
  return {
    url: `redis-sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}?master=${MASTER_NAME}`,
    nodes,
    sentinels,
    async masters() {
      const [first] = sentinels;
      const port = Number((await aboutMaster(first?.admin as Redis)).port);
      return nodes.filter((node) => node.port === port || (port === masterAt && node === master));
    },
    async stop() {
      await Promise.all([...nodes, ...sentinels].map((node) => node.stop()));
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Three masters and a replica of each. */
export async function startCluster(): Promise<RedisGroup> {
  const home = await mkdtemp(join(tmpdir(), 'qunfa-cluster-'));
  const ports = await freePorts(6);
  const nodes = await Promise.all(
    ports.map((port) =>
      startNode(join(home, `${port}`), port, [
        ...['--port', `${port}`, ...COMMON, ...KEPT, '--repl-diskless-sync-delay', '0'],
        ...['--cluster-enabled', 'yes', '--cluster-node-timeout', `${GONE_AFTER_MS}`],
      ]),
    ),
  );
  const masters = nodes.slice(0, 3);
  const [first] = nodes;
  const SHARE = 5_461;
  for (const [at, { admin }] of nodes.entries()) {
    await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', at + 1);
    await admin.call('CLUSTER', 'MEET', '127.0.0.1', first?.port ?? 0);
  }
  for (const [at, { admin }] of masters.entries()) {
    const to = at === 2 ? 16_383 : (at + 1) * SHARE - 1;
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', at * SHARE, to);
  }
  const all = async (test: (node: RedisNode) => Promise<boolean>): Promise<boolean> =>
    (await Promise.all(nodes.map(test))).every(Boolean);
  const infoOf = async ({ admin }: RedisNode) => String(await admin.call('CLUSTER', 'INFO'));
  await until('a cluster', () =>
    all(async (node) => {
      const info = await infoOf(node);
      return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:6');
    }),
  );
  for (const [at, { admin }] of nodes.slice(3).entries()) {
    const id = await masters[at]?.admin.call('CLUSTER', 'MYID');
    await admin.call('CLUSTER', 'REPLICATE', String(id));
  }
  await until('replicas', async () =>
    (await Promise.all(nodes.slice(3).map(isLinked))).every(Boolean),
  );
  return {
    url: `redis-cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    async masters() {
      const roles = await Promise.all(
        nodes.map(({ admin }) => Promise.race([admin.call('ROLE'), sleep(300)]).catch(() => null)),
      );
      return nodes.filter((_, at) => Array.isArray(roles[at]) && roles[at][0] === 'master');
    },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** `--name value …` each on a line of its own, as a configuration file has them. */
const linesOf = (args: readonly string[]): string =>
  `${args.join(' ')} `
    .split(/(?:^| )--(?=[a-z])/)
    .filter((line) => line.trim() !== '')
    .map((line) => (/^save\s*$/.test(line) ? 'save ""' : line))
    .join('\n');

/** Who takes writes of one installation; other masters of a cluster hold nothing of it. */
export async function holderOf(group: RedisGroup, prefix: string): Promise<RedisNode> {
  for (const node of await group.masters()) {
    const has = node.admin.exists(`${prefix}:record:campaigns`).catch(() => 0);
    if (await Promise.race([has, sleep(300)])) return node;
  }
  throw new Error('no master');
}

const isLinked = async ({ admin }: RedisNode): Promise<boolean> =>
  (await admin.info('replication')).includes('master_link_status:up');

/** Pairs of name and value, or a map. */
async function aboutMaster(sentinel: Redis): Promise<Record<string, string>> {
  const found: unknown = await sentinel.call('SENTINEL', 'MASTER', MASTER_NAME);
  if (!Array.isArray(found)) return found as Record<string, string>;
  const entries = found.flatMap((name, at) => (at % 2 === 0 ? [[name, found[at + 1]]] : []));
  return Object.fromEntries(entries);
}

/** Below the system's own, so that a cluster's bus, 10,000 above, has a port too. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const port = 10_000 + Math.floor(Math.random() * 12_000);
    const isFree = (await isFreePort(port)) && (await isFreePort(port + 10_000));
    if (isFree && !found.includes(port)) found.push(port);
  }
  return found;
}

const isFreePort = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = net.createServer().once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
