/**
 * The packed package as another service has it: unpacked in an empty project whose node_modules
 * hold nothing but what package.json names as dependencies. They are linked, not installed anew:
 * their own dependencies are found behind the links.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { testRedis } from '../support/redis.ts';
import { startWorld } from './world.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const NODE_MODULES = join(ROOT, 'node_modules');

const { url: redisUrl, prefix } = testRedis();
const world = await startWorld({ url: redisUrl, prefix });

let dir = '';
let project = '';
let installed = '';
let packed: string[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'qunfa-package-'));
  project = join(dir, 'project');
  installed = join(project, 'node_modules/qunfa');
  await mkdir(installed, { recursive: true });
  const tarball = await pack(join(dir, 'source'));
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  await linkDependencies();
  await writeFile(join(project, 'package.json'), '{"type":"module","private":true}');
}, 3 * MINUTE);

afterAll(() => rm(dir, { recursive: true, force: true }));

/** From a copy, so that nobody's dist/ is swept away. */
async function pack(source: string): Promise<string> {
  const { files = [] } = await manifestOf(ROOT);
  const wanted = [
    'package.json',
    'LICENSE',
    'tsconfig.json',
    'tsconfig.build.json',
    'src',
    'packages',
  ];
  for (const name of [...wanted, 'README.md', ...files.filter((file) => !file.includes('*'))]) {
    if (name === 'dist' || !(await exists(join(ROOT, name)))) continue;
    await cp(join(ROOT, name), join(source, name), { recursive: true });
  }
  await symlink(NODE_MODULES, join(source, 'node_modules'));
  await run('npm', ['run', 'prepack', '--silent'], { cwd: source });
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', dir];
  const { stdout } = await run('npm', args, { cwd: source, maxBuffer: 64 * 1024 * 1024 });
  const [made] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  packed = (made?.files ?? []).map(({ path }) => path);
  return join(dir, made?.filename ?? '');
}

async function linkDependencies(): Promise<void> {
  const { dependencies } = await manifestOf(installed);
  const outside = join(project, 'node_modules');
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    await mkdir(dirname(join(outside, name)), { recursive: true });
    await symlink(join(NODE_MODULES, name), join(outside, name));
  }
}

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
}

const manifestOf = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function node(name: string, source: string, env: Record<string, string> = {}) {
  await writeFile(join(project, name), source);
  const { stdout } = await run(process.execPath, [name], {
    cwd: project,
    env: { PATH: process.env.PATH, ...env },
  });
  return stdout.trim();
}

const CLIENT = `
import { makeClient, QunfaError, type CampaignSummary, type NewCampaign } from 'qunfa/client';

const client = makeClient({
  url: process.env.QUNFA_URL ?? '',
  apiKey: process.env.QUNFA_API_KEY,
});
const body: NewCampaign = {
  account: 'default',
  audience: { type: 'tag', tagId: 2 },
  message: { type: 'text', content: 'from the packed package' },
};
const { id } = await client.campaigns.create(body, { idempotencyKey: process.env.RUN });
let last: CampaignSummary | undefined;
for await (const { campaign } of client.campaigns.watch(id)) last = campaign;
let code = '';
try {
  await client.campaigns.get('nobody');
} catch (error) {
  if (error instanceof QunfaError) code = error.code;
}
console.log(JSON.stringify([last?.outcome, code]));
`;

const PRODUCER = `
import { makeDirectProducer, type NewCampaign } from 'qunfa/producer';

const producer = makeDirectProducer({
  redisUrl: process.env.REDIS_URL ?? '',
  prefix: process.env.PREFIX ?? '',
});
const body: NewCampaign = {
  account: 'default',
  audience: { type: 'group', groupId: '2' },
  message: { type: 'text', content: 'straight from the packed package' },
};
const job = await producer.enqueue(body, { idempotencyKey: 'packed' });
const { id } = await producer.waitUntilAccepted(job);
await producer.close();
console.log(id);
`;

/** TypeScript's own words for a mistake in a campaign. */
const MISTAKE = `
import { makeClient } from 'qunfa/client';
makeClient({ url: 'http://127.0.0.1:3000' }).campaigns.create({
  audience: { type: 'all' },
  message: { type: 'text', content: 'x' },
});
`;

/** How a service in CommonJS has both entries. */
const COMMONJS = `
import { makeClient, QunfaError } from 'qunfa/client';
import { makeDirectProducer, QunfaError as Same } from 'qunfa/producer';

const made: string[] = [typeof makeClient, typeof makeDirectProducer, String(QunfaError === Same)];
console.log(made.join(' '));
`;

const NODENEXT = ['--module', 'nodenext'];

/** All of them at once: TypeScript takes its time to read what Node has. */
async function compile(
  sources: Readonly<Record<string, string>>,
  resolution: readonly string[] = NODENEXT,
): Promise<string> {
  const names = Object.keys(sources);
  for (const name of names) await writeFile(join(project, name), sources[name] ?? '');
  const tsc = join(NODE_MODULES, 'typescript/bin/tsc');
  const options = ['--strict', '--target', 'es2022', ...resolution, '--types', 'node'];
  const isStrict = resolution === NODENEXT ? 'false' : 'true';
  const loud = ['--exactOptionalPropertyTypes', '--skipLibCheck', isStrict, '--pretty', 'false'];
  return run(process.execPath, [tsc, ...options, ...loud, ...names], { cwd: project }).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
}

describe('the packed package', () => {
  it('holds what is needed and nothing of the workshop', () => {
    expect(packed).toEqual(
      expect.arrayContaining(['package.json', 'LICENSE', 'dist/main.js', 'dist/client/index.d.ts']),
    );
    const strange = packed.filter(
      (path) =>
        !/^(package\.json|LICENSE|README[^/]*|CHANGELOG\.md|\.env\.example|(dist|docs|examples)\/.*)$/.test(
          path,
        ),
    );
    expect(strange).toEqual([]);
    expect(packed.filter((path) => /^dist\/.*(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  it(
    'compiles in a strict project, and tells a mistake in a campaign there',
    async () => {
      const said = await compile({
        'client.ts': CLIENT,
        'producer.ts': PRODUCER,
        'mistake.ts': MISTAKE,
      });

      expect(
        said
          .trim()
          .split('\n')
          .filter((line) => !line.startsWith(' ')),
      ).toEqual([expect.stringMatching(/^mistake\.ts\(4,15\): error TS.*"all"/)]);
    },
    3 * MINUTE,
  );

  it.each([
    ['node16', ['--module', 'node16'], 'service.cts'],
    [
      'bundler',
      ['--module', 'preserve', '--moduleResolution', 'bundler', '--noEmit'],
      'service.ts',
    ],
  ])(
    'compiles with %s resolution',
    async (_, resolution, file) => {
      expect(await compile({ [file]: COMMONJS }, resolution)).toBe('');
    },
    3 * MINUTE,
  );

  it('is loaded by require, and has one QunfaError for both entries', async () => {
    const source = COMMONJS.replaceAll(/import \{(.*?)\} from ('.*?')/g, (_, names, from) => {
      return `const {${names.replace(' as ', ': ')}} = require(${from})`;
    }).replace(': string[]', '');

    expect(await node('service.cjs', source)).toBe('function function true');
  });

  it('gives a service a client that runs', async () => {
    const out = await node('run-client.js', await readFile(join(project, 'client.js'), 'utf8'), {
      QUNFA_URL: world.producerUrl,
    });

    expect(JSON.parse(out)).toEqual(['delivered', 'campaign-not-found']);
  });

  it('enqueues straight into Redis from another process', async () => {
    const out = await node(
      'run-producer.js',
      await readFile(join(project, 'producer.js'), 'utf8'),
      {
        REDIS_URL: redisUrl,
        PREFIX: prefix.slice(1, -1),
      },
    );

    expect(out).toMatch(/^[0-9a-z]{18}$/);
  });

  it('brings the command line along, which needs nothing but itself', async () => {
    const { bin, version } = await manifestOf(installed);
    const path = join(installed, bin.qunfa ?? '');
    expect(await readFile(path, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    // As npm links it.
    const linked = join(project, 'node_modules/.bin/qunfa');
    await mkdir(dirname(linked), { recursive: true });
    await symlink(path, linked);
    const env = { PATH: process.env.PATH, QUNFA_URL: world.producerUrl };

    const help = await run(process.execPath, [linked, '--help'], { env });
    const list = await run(process.execPath, [linked, 'list', '--json'], { env });
    const doctor = await run(process.execPath, [linked, 'doctor', '--json'], {
      env: { ...env, REDIS_URL: redisUrl },
    });

    expect(help.stdout).toContain('usage: qunfa <command>');
    expect(JSON.parse(list.stdout)).toEqual(expect.any(Array));
    expect(JSON.parse(doctor.stdout)).toMatchObject({ fit: true });
    expect((await run(process.execPath, [linked, '--version'])).stdout.trim()).toBe(version);
  });

  it('brings every role along, without tsx', async () => {
    const main = join(installed, 'dist/main.js');

    const failed = await run(process.execPath, [main, 'worker'], {
      env: { PATH: process.env.PATH },
    }).catch((error: unknown) => error as { stderr: string });

    expect(failed.stderr).toMatch(/WECHAT_APP_ID: no account/);
  });

  it('keeps whatever is needed beside the code beside it', async () => {
    const missing: string[] = [];
    const { stdout } = await run('git', ['ls-files', 'src'], { cwd: ROOT });
    for (const path of stdout.split('\n').filter((name) => name !== '' && !name.endsWith('.ts'))) {
      const there = packed.includes(path.replace(/^src\//, 'dist/'));
      if (!there && (await exists(join(ROOT, path)))) missing.push(path);
    }

    expect(missing).toEqual([]);
  });
});

describe('qunfa-client, the client by itself', () => {
  it('has the same two entries and depends on zod alone', async () => {
    const alone = join(dir, 'source/packages/client');
    const args = ['pack', '--ignore-scripts=false', '--json', '--pack-destination', dir];
    const { stdout } = await run('npm', args, { cwd: alone });
    const [made] = JSON.parse(stdout.slice(stdout.indexOf('['))) as { filename: string }[];
    const target = join(project, 'node_modules/qunfa-client');
    await mkdir(target, { recursive: true });
    const tarball = join(dir, made?.filename ?? '');
    await run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);

    const { dependencies } = await manifestOf(target);
    const out = await node(
      'alone.cjs',
      `const { QunfaError } = require('qunfa-client');
       import('qunfa-client/producer').then((p) => console.log(typeof QunfaError, typeof p.makeDirectProducer));`,
    );

    expect(Object.keys(dependencies)).toEqual(['zod']);
    expect(out).toBe('function function');
  });
});

describe('the client', () => {
  it('needs no other package at all: no Redis, no BullMQ, no express, no zod', async () => {
    const bare = join(dir, 'bare');
    await cp(installed, join(bare, 'node_modules/qunfa'), { recursive: true });
    const source = `
      import { makeClient } from 'qunfa/client';
      const client = makeClient({ url: ${JSON.stringify(world.producerUrl)} });
      console.log((await client.accounts.list()).length);`;
    await writeFile(join(bare, 'run.mjs'), source);

    const { stdout } = await run(process.execPath, ['run.mjs'], { cwd: bare });

    expect(stdout.trim()).toBe('4');
  });
});
