/**
 * A redis-server without root and without an installation: Debian's own packages, fetched by apt
 * into a private folder and unpacked there (1.4 MB, about two seconds, once).
 */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Bilingual } from '../shared/platform/sentences.ts';
import { MINUTE } from '../shared/platform/time.ts';

const run = promisify(execFile);

/** redis-tools holds the binary, redis-server only a link to it; the rest are its libraries. */
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'];

/** Libraries that most Debian machines have; the smallest images lack some of them. */
const PACKAGES_OF_LIBRARY: readonly (readonly [library: string, packages: readonly string[]])[] = [
  ['libssl.so.3', ['libssl3', 'libssl3t64']],
  ['libcrypto.so.3', ['libssl3', 'libssl3t64']],
  ['libsystemd.so.0', ['libsystemd0']],
  ['libstdc++.so.6', ['libstdc++6']],
];

/** Debian's names of the library folder, by Node's name of the processor. */
const LIBRARY_FOLDERS: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
};

export interface UnpackedRedis {
  readonly binary: string;
  /** For `LD_LIBRARY_PATH`. */
  readonly libraries: string;
}

/**
 * The unpacked server, from the cache if it is there.
 *
 * Several processes may call this at once: each unpacks into a folder of its own, and the first
 * rename wins.
 *
 * @throws the error of apt-get or dpkg: no Debian, no network, no such package.
 */
export async function unpackRedis(
  cacheDir: string,
  log: (text: Bilingual) => void = () => {},
): Promise<UnpackedRedis> {
  const home = resolve(cacheDir, `redis-${process.arch}`);
  if (await exists(unpackedIn(home).binary)) return unpackedIn(home);

  log([
    'no redis-server on PATH: unpacking one from Debian packages, once',
    'PATH 中没有 redis-server：从 Debian 软件包中解压一个，仅此一次',
  ]);
  await mkdir(cacheDir, { recursive: true });
  const workshop = await mkdtemp(join(resolve(cacheDir), 'redis-unpacking-'));
  try {
    const fresh = join(workshop, 'root');
    await unpack(workshop, fresh);
    await rename(fresh, home).catch(async (cause: unknown) => {
      if (!(await exists(unpackedIn(home).binary))) throw cause;
    });
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
  return unpackedIn(home);
}

function unpackedIn(root: string): UnpackedRedis {
  const folder = LIBRARY_FOLDERS[process.arch] ?? `${process.arch}-linux-gnu`;
  return {
    binary: join(root, 'usr/bin/redis-server'),
    libraries: `${join(root, 'usr/lib', folder)}:${join(root, 'lib', folder)}`,
  };
}

async function unpack(workshop: string, root: string): Promise<void> {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'root']) {
    await mkdir(join(workshop, folder), { recursive: true });
  }
  // Private lists and archives, so that the machine's own apt is neither changed nor locked.
  const apt = async (...args: string[]): Promise<void> => {
    const options = [
      `Dir::State::lists=${join(workshop, 'lists')}`,
      `Dir::Cache=${join(workshop, 'cache')}`,
      'Debug::NoLocking=1',
      'APT::Sandbox::User=root',
    ].flatMap((option) => ['-o', option]);
    await run('apt-get', ['-qq', ...options, ...args], { cwd: workshop, timeout: 2 * MINUTE });
  };
  const fetch = async (...packages: string[]): Promise<void> => {
    await apt('download', ...packages);
    for (const file of await readdir(workshop)) {
      if (!file.endsWith('.deb')) continue;
      await run('dpkg', ['-x', join(workshop, file), root]);
      await rm(join(workshop, file));
    }
  };

  await apt('update');
  await fetch(...PACKAGES);
  for (const candidates of await packagesStillMissing(unpackedIn(root))) {
    await firstToSucceed(candidates, fetch);
  }
  const { binary, libraries } = unpackedIn(root);
  await run('env', [`LD_LIBRARY_PATH=${libraries}`, binary, '--version']);
}

async function packagesStillMissing(
  unpacked: UnpackedRedis,
): Promise<ReadonlySet<readonly string[]>> {
  const { stdout } = await run('env', [
    `LD_LIBRARY_PATH=${unpacked.libraries}`,
    'ldd',
    unpacked.binary,
  ]);
  return new Set(
    PACKAGES_OF_LIBRARY.filter(([library]) => stdout.includes(`${library} => not found`)).map(
      ([, packages]) => packages,
    ),
  );
}

async function firstToSucceed(
  names: readonly string[],
  attempt: (name: string) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const name of names) {
    try {
      await attempt(name);
      return;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `none of ${names.join(', ')} could be fetched`);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
