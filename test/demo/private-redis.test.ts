import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unpackRedis } from '../../src/demo/debian-redis.ts';
import {
  installCommand,
  type RunningRedis,
  resolveRedis,
  startPrivateRedis,
} from '../../src/demo/private-redis.ts';

const hasApt = spawnSync('apt-get', ['--version']).status === 0;
const cacheDir = join(import.meta.dirname, '../../.qunfa/cache');
const startedServers: RunningRedis[] = [];
const children: ChildProcess[] = [];
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'qunfa redis '));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(startedServers.splice(0).map((server) => server.stop()));
  await rm(home, { recursive: true, force: true });
});

async function start(dataDir = join(home, 'data')): Promise<RunningRedis> {
  const server = await startPrivateRedis({ dataDir, cacheDir });
  startedServers.push(server);
  return server;
}

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: null });
  redis.on('error', () => {}); // the question's own rejection says it
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

function isAlive(pid = 0): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a private Redis', () => {
  it('keeps every write and evicts nothing, on loopback only', async () => {
    const { url } = await start();

    const setting = (name: string) =>
      ask(url, async (redis) => (await redis.config('GET', name)) as unknown);
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect(Object.values((await setting('appendonly')) as object)).toContain('yes');
    expect(Object.values((await setting('appendfsync')) as object)).toContain('always');
    expect(Object.values((await setting('maxmemory-policy')) as object)).toContain('noeviction');
    expect(Object.values((await setting('bind')) as object)).toContain('127.0.0.1');
  });

  it('has its data again after a restart in the same folder', async () => {
    const first = await start();
    await ask(first.url, (redis) => redis.set('kept', 'yes'));
    await first.stop();

    const second = await start();

    expect(await ask(second.url, (redis) => redis.get('kept'))).toBe('yes');
  });

  it('refuses a folder that another one is using, of this process or of another', async () => {
    const inUse = { code: 'REDIS_UNFIT', message: expect.stringContaining('in use') };
    await start(join(home, 'own'));
    await firstLineOf(childThatStarts(join(home, 'foreign')));

    await expect(start(join(home, 'own'))).rejects.toMatchObject(inUse);
    await expect(start(join(home, 'foreign'))).rejects.toMatchObject(inUse);
  });

  it('takes over a folder whose server has died without a word', async () => {
    const first = await start();
    await ask(first.url, (redis) => redis.set('kept', 'yes'));
    process.kill(first.pid ?? 0, 'SIGKILL');
    await expect.poll(() => isAlive(first.pid)).toBe(false);
    const { line: url } = await firstLineOf(childThatStarts(join(home, 'data')));

    expect(await ask(url, (redis) => redis.get('kept'))).toBe('yes');
  });

  it('keeps its folder for itself though somebody has cleaned it', async () => {
    await start();
    const files = await readdir(join(home, 'data'));
    await Promise.all(files.map((file) => rm(join(home, 'data', file), { recursive: true })));

    await expect(start()).rejects.toMatchObject({ code: 'REDIS_UNFIT' });
  });

  it('is gone once stop has resolved, and may be stopped twice', async () => {
    const server = await start();

    await Promise.all([server.stop(), server.stop()]);

    expect(isAlive(server.pid)).toBe(false);
  });

  it('ends with the process that started it, even when that one is killed', async () => {
    const { child, line: url } = await firstLineOf(childThatStarts(join(home, 'data')));

    child.kill('SIGKILL');

    await expect.poll(() => ask(url, (redis) => redis.ping()).catch(() => 'gone')).toBe('gone');
  });

  it('is left alone by Ctrl-C, so that its owner can stop it last', async () => {
    const child = childThatStarts(join(home, 'data'), { detached: true });
    const { line: url } = await firstLineOf(child);

    process.kill(-(child.pid ?? 0), 'SIGINT'); // as a terminal does: to the whole group
    await firstLineOf(child);

    expect(await ask(url, (redis) => redis.ping())).toBe('PONG');
  });

  it.skipIf(!hasApt)('is unpacked from Debian packages where PATH has none', async () => {
    await unpackRedis(cacheDir);
    const bin = await folderOfCommands(['env', 'setpriv', 'flock']);
    vi.stubEnv('PATH', bin);

    const server = await start().finally(() => vi.unstubAllEnvs());

    expect(server.source).toBe('unpacked from Debian packages');
    expect(await ask(server.url, (redis) => redis.ping())).toBe('PONG');
  });

  it.skipIf(!hasApt)('is the redis-server on PATH where there is one', async () => {
    const { binary, libraries } = await unpackRedis(cacheDir);
    const bin = await folderOfCommands([]);
    const script = `#!/bin/sh\nLD_LIBRARY_PATH='${libraries}' exec '${binary}' "$@"\n`;
    await writeFile(join(bin, 'redis-server'), script);
    await chmod(join(bin, 'redis-server'), 0o755);
    vi.stubEnv('PATH', `${bin}${delimiter}${process.env.PATH}`);

    const server = await start().finally(() => vi.unstubAllEnvs());

    expect(server.source).toBe('redis-server on PATH');
    expect(await ask(server.url, (redis) => redis.ping())).toBe('PONG');
  });

  it.skipIf(!hasApt)('runs in a container where there is nothing but Docker', async () => {
    const { binary, libraries } = await unpackRedis(cacheDir);
    const bin = await folderOfCommands(['env', 'setpriv', 'flock', 'sh']);
    // Stands in for Docker: it starts the server here, by the port and the folder that it was told.
    const script = `#!/bin/sh
      case "$*" in *--version*) exit 0 ;; esac
      while [ "$1" != redis-server ]; do
        case "$2" in 127.0.0.1:*:6379) port=\${2#127.0.0.1:}; port=\${port%:6379} ;; *:/data) dir=\${2%:/data} ;; esac
        shift
      done
      shift 7 # the port and the folder that it has in a container
      LD_LIBRARY_PATH='${libraries}' exec '${binary}' "$@" --port "$port" --dir "$dir"\n`;
    await writeFile(join(bin, 'docker'), script);
    await chmod(join(bin, 'docker'), 0o755);
    vi.stubEnv('PATH', bin);
    const said: string[] = [];
    const dataDir = join(home, 'data');

    const starting = startPrivateRedis({
      ...{ dataDir, cacheDir: join(home, 'cache') },
      log: ([line]) => said.push(line),
    });
    const server = await starting.finally(() => vi.unstubAllEnvs());
    startedServers.push(server);

    expect(server.source).toBe('a container');
    expect(said.at(-1)).toContain('redis:7.4-alpine');
    expect(await ask(server.url, (redis) => redis.set('kept', 'here'))).toBe('OK');
    expect(await readdir(dataDir)).toContain('appendonlydir');
  });

  it('says in one sentence what to do where there is none to be had', async () => {
    vi.stubEnv('PATH', join(home, 'nothing'));

    const starting = startPrivateRedis({
      dataDir: join(home, 'data'),
      cacheDir: join(home, 'cache'),
    });

    await expect(starting.finally(() => vi.unstubAllEnvs())).rejects.toMatchObject({
      code: 'REDIS_UNFIT',
      message: `There is no Redis: install one (${installCommand()}), or set REDIS_URL.`,
    });
  });

  it.each([
    ['darwin', '', 'brew install redis'],
    ['linux', 'ID=debian', 'apt-get install redis-server'],
    ['linux', 'NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian', 'apt-get install redis-server'],
    ['linux', 'ID=alpine', 'apk add redis'],
    ['linux', 'ID=fedora', 'dnf install valkey'],
    ['linux', 'ID="rocky"\nID_LIKE="rhel centos fedora"', 'dnf install redis'],
    ['win32', '', 'in WSL: wsl --install, then sudo apt-get install redis-server there'],
  ])('is installed by this system’s command: %s %s', (platform, osRelease, command) => {
    expect(installCommand(platform, osRelease)).toBe(command);
  });

  it('is not started where REDIS_URL names one', async () => {
    const dataDir = join(home, 'data');

    const redis = await resolveRedis({ url: 'redis://example.invalid:1', dataDir, cacheDir });

    expect(redis).toMatchObject({ url: 'redis://example.invalid:1', source: 'REDIS_URL' });
    expect(await readdir(home)).toEqual([]);
  });
});

describe.skipIf(!hasApt)('the unpacked server', () => {
  it('is one whole copy, however many unpack it at once', async () => {
    const cache = join(home, 'cache');

    const [one, two, three] = await Promise.all([1, 2, 3].map(() => unpackRedis(cache)));

    expect(two).toEqual(one);
    expect(three).toEqual(one);
    expect(await readdir(cache)).toEqual([`redis-${process.arch}`]);
  });
});

/** Another process that starts one, prints its address and waits. */
function childThatStarts(dataDir: string, { detached = false } = {}) {
  const module = join(import.meta.dirname, '../../src/demo/private-redis.ts');
  const program = `
    const { startPrivateRedis } = await import(${JSON.stringify(module)});
    const { url } = await startPrivateRedis(${JSON.stringify({ dataDir, cacheDir })});
    process.on('SIGINT', () => console.log('interrupted'));
    console.log(url);
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached,
  });
  children.push(child);
  return child;
}

async function firstLineOf(child: ReturnType<typeof childThatStarts>) {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`it ended with ${code}, and said nothing`);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [
    string,
  ];
  return { child, line };
}

/** A PATH that has these commands and nothing else. */
async function folderOfCommands(names: readonly string[]): Promise<string> {
  const folder = join(home, 'bin');
  await mkdir(folder);
  for (const name of names) {
    const found = (process.env.PATH ?? '')
      .split(delimiter)
      .map((place) => join(place, name))
      .find((path) => existsSync(path));
    if (found) await symlink(found, join(folder, name));
  }
  return folder;
}
