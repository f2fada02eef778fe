/**
 * A private Redis for `npm start`, `npm run demo` and the tests, where REDIS_URL is not set.
 *
 *   REDIS_URL ──▶ redis-server or valkey-server on PATH ──▶ Debian's packages, unpacked ──▶ Docker ──▶ give up
 *
 * It listens on a free loopback port, keeps every write (AOF), evicts nothing, and ends with the
 * process that started it, even if that one is killed.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, realpath } from 'node:fs/promises';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { operatorError } from '../shared/platform/errors.ts';
import type { Bilingual } from '../shared/platform/sentences.ts';
import { MINUTE, SECOND } from '../shared/platform/time.ts';
import { unpackRedis } from './debian-redis.ts';

const run = promisify(execFile);

export type RedisSource =
  | 'REDIS_URL'
  | 'redis-server on PATH'
  | 'valkey-server on PATH'
  | 'unpacked from Debian packages'
  | 'a container';

export interface RunningRedis {
  readonly url: string;
  readonly source: RedisSource;
  /** Of the server that we started; undefined with REDIS_URL. */
  readonly pid: number | undefined;
  /** Resolves once the server has gone; its data stays. May be called twice. */
  stop(): Promise<void>;
}

export interface PrivateRedisOptions {
  /** Holds the append-only file; one server at a time. */
  readonly dataDir: string;
  /** Holds the unpacked server; may be shared by many. */
  readonly cacheDir: string;
  /** `always` (the default) loses nothing; `everysec` may lose a second. */
  readonly appendfsync?: 'always' | 'everysec';
  /** Called before what takes time. */
  readonly log?: (text: Bilingual) => void;
}

export interface Server {
  readonly source: RedisSource;
  readonly command: readonly string[];
}

/** As docker-compose.yml has it. */
const IMAGE = 'redis:7.4-alpine';
/** Its data folder in a container. */
const IN_CONTAINER = '/data';

const OS_RELEASE = '/etc/os-release';
const START_TIMEOUT = 20 * SECOND;
const STOP_TIMEOUT = 10 * SECOND;
const START_ATTEMPTS = 5; // a free port may be taken by another before Redis binds it

/** The Redis at `url` if there is one, else a private one. */
export async function resolveRedis({
  url,
  ...options
}: PrivateRedisOptions & { readonly url?: string | undefined }): Promise<RunningRedis> {
  if (!url) return await startPrivateRedis(options);
  return { url, source: 'REDIS_URL', pid: undefined, stop: async () => {} };
}

/** @throws {ServiceError} `REDIS_UNFIT`: no server found, data folder in use, or it did not start. */
export async function startPrivateRedis(options: PrivateRedisOptions): Promise<RunningRedis> {
  const server = await findServer(options);
  await mkdir(options.dataDir, { recursive: true });
  return startIn(await realpath(options.dataDir), server, options.appendfsync ?? 'always');
}

export async function findServer({ cacheDir, log }: PrivateRedisOptions): Promise<Server> {
  for (const name of ['redis-server', 'valkey-server'] as const) {
    if (await answers(name)) return { source: `${name} on PATH`, command: [name] };
  }
  try {
    const { binary, libraries } = await unpackRedis(cacheDir, log);
    return {
      source: 'unpacked from Debian packages',
      command: ['env', `LD_LIBRARY_PATH=${libraries}`, binary],
    };
  } catch (cause) {
    if (await runsInDocker(log)) return { source: 'a container', command: ['docker'] };
    const text: Bilingual = [
      `There is no Redis: install one (${installCommand()}), or set REDIS_URL.`,
      `没有找到 Redis：请安装（${installCommand()}），或设置 REDIS_URL。`,
    ];
    throw operatorError('REDIS_UNFIT', text, { cause });
  }
}

/** Fetches the image where it is not there. */
async function runsInDocker(log: PrivateRedisOptions['log']): Promise<boolean> {
  if (!(await answers('docker'))) return false;
  log?.([
    `no other Redis here: trying ${IMAGE} in Docker`,
    `本机没有 Redis：尝试用 Docker 运行 ${IMAGE}`,
  ]);
  const trial = ['run', '--rm', IMAGE, 'redis-server', '--version'];
  return run('docker', trial, { timeout: 2 * MINUTE }).then(
    () => true,
    () => false,
  );
}

const INSTALL: Readonly<Record<string, string>> = {
  darwin: 'brew install redis',
  win32: 'in WSL: wsl --install, then sudo apt-get install redis-server there',
  alpine: 'apk add redis',
  arch: 'pacman -S valkey',
  fedora: 'dnf install valkey',
  rhel: 'dnf install redis',
  suse: 'zypper install redis',
};

/** @param osRelease what /etc/os-release holds, on Linux. */
export function installCommand(
  platform: string = process.platform,
  osRelease: string = existsSync(OS_RELEASE) ? readFileSync(OS_RELEASE, 'utf8') : '',
): string {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].flatMap(([, id = '']) =>
    id.split(' '),
  );
  const known = [platform, ...ids].find((name) => name in INSTALL);
  return INSTALL[known ?? ''] ?? 'apt-get install redis-server';
}

const answers = (command: string): Promise<boolean> =>
  run(command, ['--version']).then(
    () => true,
    () => false,
  );

/** Two servers in one folder would write one append-only file. */
const IN_USE = 75;
/** A server whose owner was killed needs a moment to end. */
const LOCK_WAIT_S = 3;

/** Each command runs the next one. Both belong to util-linux, which every Debian has. */
async function boundTo(dataDir: string): Promise<string[]> {
  return [
    // It ends with this process.
    ...((await answers('setpriv')) ? ['setpriv', '--pdeathsig', 'TERM'] : []),
    // The server itself holds the lock, so it is released however the server ends.
    ...((await answers('flock'))
      ? ['flock', '--no-fork', '-w', `${LOCK_WAIT_S}`, '-E', `${IN_USE}`, dataDir]
      : []),
  ];
}

async function startIn(
  dataDir: string,
  server: Server,
  appendfsync: 'always' | 'everysec',
): Promise<RunningRedis> {
  const bound = await boundTo(dataDir);
  const { source } = server;
  const dir = source === 'a container' ? IN_CONTAINER : dataDir;
  let lastOutput = '';
  for (let attempt = 1; attempt <= START_ATTEMPTS; attempt += 1) {
    const port = await freePort();
    const [first = '', ...rest] = [...bound, ...commandOf(server, { dataDir, port, appendfsync })];
    // A process group of its own: Ctrl-C reaches us, and we stop Redis last.
    const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const output = collectOutput(child);
    const stop = stopper(child);
    if (await isUp(child, { port, dir })) {
      return { url: `redis://127.0.0.1:${port}`, source, pid: child.pid, stop };
    }
    lastOutput = output();
    await kill(child);
    if (child.exitCode === IN_USE) {
      throw operatorError('REDIS_UNFIT', [
        `The data folder ${dataDir} is in use by another Redis: stop that one first.`,
        `数据目录 ${dataDir} 正被另一个 Redis 使用：请先停止它。`,
      ]);
    }
  }
  throw operatorError('REDIS_UNFIT', [
    `${source}: did not start. ${lastOutput}`.trim(),
    `${source}：没有启动成功。${lastOutput}`.trim(),
  ]);
}

interface On {
  readonly dataDir: string;
  readonly port: number;
  readonly appendfsync: string;
}

function commandOf({ source, command }: Server, on: On): string[] {
  const { dataDir, port, appendfsync } = on;
  const kept = ['--appendonly', 'yes', '--appendfsync', appendfsync, '--save', ''];
  const common = [...kept, '--maxmemory-policy', 'noeviction', '--loglevel', 'warning'];
  if (source !== 'a container') {
    const here = ['--bind', '127.0.0.1', '--port', String(port), '--dir', dataDir];
    return [...command, ...here, ...common];
  }
  // Its files are ours, so that they can be deleted.
  const user = process.getuid ? ['--user', `${process.getuid()}:${process.getgid?.()}`] : [];
  return [
    ...[...command, 'run', '--rm', '--init', ...user],
    ...['-p', `127.0.0.1:${port}:6379`, '-v', `${dataDir}:${IN_CONTAINER}`, IMAGE],
    ...['redis-server', '--port', '6379', '--protected-mode', 'no', '--dir', IN_CONTAINER],
    ...common,
  ];
}

function collectOutput(server: ChildProcess): () => string {
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-2_000);
    });
  }
  server.on('error', (error) => {
    output += error.message;
  });
  return () => output;
}

function stopper(server: ChildProcess): () => Promise<void> {
  const atExit = (): void => {
    server.kill('SIGTERM');
  };
  process.once('exit', atExit);
  let stopping: Promise<void> | undefined;
  return () => {
    stopping ??= kill(server);
    process.off('exit', atExit);
    return stopping;
  };
}

async function kill(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  const killer = setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT);
  await ended;
  clearTimeout(killer);
}

const hasEnded = (server: ChildProcess): boolean =>
  server.pid === undefined || server.exitCode !== null || server.signalCode !== null;

async function isUp(
  server: ChildProcess,
  at: { readonly port: number; readonly dir: string },
): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT;
  while (!hasEnded(server) && Date.now() < deadline) {
    if (await isReady(at)) return true;
    await delay(15);
  }
  return false;
}

/**
 * Whether it answers, has read its file (PING is -LOADING until then), and is ours: another Redis
 * may have taken the port first.
 */
const isReady = ({ port, dir }: { port: number; dir: string }): Promise<boolean> =>
  new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(port, '127.0.0.1', () =>
      socket.write('PING\r\nCONFIG GET dir\r\nQUIT\r\n'),
    );
    socket.setTimeout(SECOND, () => socket.destroy());
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(answer.startsWith('+PONG') && answer.includes(dir)));
  });

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
