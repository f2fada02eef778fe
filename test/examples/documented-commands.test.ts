/** Every command of the documentation is run here, or stands in `NOT_RUN` with the reason. */
import { execFile, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/sandbox/command-line.ts';
import { VARIABLES } from '../../src/shared/platform/config.ts';
import { qunfa } from '../cli/terminal.ts';
import { startWorld } from '../client/world.ts';
import { testRedis } from '../support/redis.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The faults of the last one would delay the campaigns of the others. */
const LAST = 'docs/operations.md';
const PAGES = [
  ...['README.md', 'README.zh-CN.md', 'examples/README.md'],
  ...pagesIn('docs').filter((page) => page !== LAST),
  LAST,
];

function pagesIn(folder: string): string[] {
  const files = readdirSync(join(ROOT, folder));
  return files.filter((name) => name.endsWith('.md')).map((name) => `${folder}/${name}`);
}

/** By how they begin. */
const NOT_RUN: readonly (readonly [command: string, reason: string])[] = [
  ['npm ci && npm test', 'it is what runs this'],
  ['npm ci && npm run demo', 'it sends for a minute; test/demo starts the same roles'],
  ['npm start', 'test/demo starts the same roles'],
  ['npm run sandbox', 'test/sandbox starts the same program'],
  ['cp .env.example .env', 'it would overwrite the settings of a developer'],
  ['echo "REDIS_PASSWORD=', 'it appends to the settings of a developer'],
  ['docker compose', 'test/containers/run.sh runs docker-compose.yml, where an engine can run'],
  ['kubectl', 'it needs a cluster; test/deploy checks the manifests'],
  ['systemctl', 'it needs systemd; test/deploy checks the units'],
];

/** A command may have several lines: a backslash or an open quote goes on. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const commands: string[] = [];
  for (const [, block = ''] of text.matchAll(/^ *```(?:sh|bash)\n([\s\S]*?)^ *```/gm)) {
    let open = '';
    for (const written of block.split('\n')) {
      const line = written.replace(/(?:^|\s+)#.*$/, '');
      open += open ? `\n${line}` : line.trim();
      const quotes = open.replaceAll(/"[^"]*"/g, '').split("'").length - 1;
      if (line.endsWith('\\') || quotes % 2 === 1) continue;
      if (open.trim()) commands.push(open.trim());
      open = '';
    }
  }
  return commands;
}

const { url, prefix } = testRedis();
const world = await startWorld({ url, prefix }, { API_KEYS: 'docs:docs-key' });
const campaign = { account: 'default', audience: { type: 'tag', tagId: 2 } } as const;
const env = {
  QUNFA_URL: world.producerUrl,
  QUNFA_API_KEY: 'docs-key',
  REDIS_URL: url,
  REDIS_PREFIX: prefix.slice(1, -1),
};

async function aCampaign(): Promise<string> {
  const message = { type: 'text', content: `docs ${Math.random()}` };
  const answer = await world.api('POST', '/v1/campaigns', { ...campaign, message });
  return (JSON.parse(answer.text) as { id: string }).id;
}

/** What a reader puts in the place of `<…>`, and the example file that is there. */
async function filled(command: string): Promise<string> {
  const [, verb = ''] = /qunfa (?:-- )?(\w+)/.exec(command) ?? [];
  const id = verb === 'watch' ? await aCampaign() : '2';
  const [openid = ''] = world.sandbox?.sandbox.account('default').followers.slice(0, 1) ?? [];
  return unlike(command)
    .replaceAll(/wechat:<[^>]*>/g, `openid:${openid}`)
    .replaceAll(/<[^>]*>/g, id)
    .replaceAll('campaign.json', 'examples/text.json --account default');
}

/** Several pages send the same text, which is refused within a day. */
const unlike = (command: string): string => {
  sent += 1;
  return command.replaceAll('Happy Day', `Happy Day ${sent}`);
};
let sent = 0;

const wordsOf = (command: string): string[] =>
  [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );

async function runQunfa(command: string): Promise<void> {
  const argv = wordsOf((await filled(command)).replace(/^(?:npx|npm run) qunfa(?: --)?/, ''));
  const { exit, out, err } = await qunfa(argv, { env });
  expect(exit, `${out}${err}`).toBe(0);
}

async function runCurl(command: string): Promise<void> {
  const { sandbox } = world;
  const uploaded = await world.api('POST', '/v1/media', photo);
  const { id } = JSON.parse(uploaded.text) as { id: string };
  const media = `{"account":"default","audience":${JSON.stringify(campaign.audience)},"message":{"type":"image","media":{"upload":"${id}"}}}`;
  const here = unlike(command)
    .replaceAll('http://127.0.0.1:3000', world.producerUrl)
    .replaceAll('http://127.0.0.1:3002', sandbox?.url ?? '')
    .replace('--data @image.json', `--data '${media}'`)
    .replace(/^curl/, 'curl --fail-with-body -H "Authorization: Bearer docs-key"');
  const options = { cwd: ROOT, env: { ...process.env, ...env } };
  const ran = promisify(execFile)('sh', ['-c', here], options);
  await ran.catch(({ stdout }: { stdout: string }) => expect.fail(stdout));
}
const photo = readFileSync(join(ROOT, 'examples/media/photo.jpg'));

function runSandbox(command: string): void {
  const argv = wordsOf(command.replace(/^npx qunfa-sandbox/, ''));
  expect(readCommandLine(argv, {}, () => '')).toBeDefined();
}

/** Lines of an environment file. */
function readSettings(command: string): void {
  const names = Object.keys(parseEnv(command));
  expect(names.filter((name) => !VARIABLES.includes(name))).toEqual([]);
}

const RUNS: readonly (readonly [RegExp, (command: string) => Promise<void> | void])[] = [
  [/^(?:npx|npm run) qunfa /, runQunfa],
  [/^curl /, runCurl],
  [/^npx qunfa-sandbox/, runSandbox],
  [/^[A-Z_]+=/, readSettings],
];

const all = PAGES.flatMap((page) => commandsOf(page).map((command) => ({ page, command })));
const once = all.filter(
  ({ command }, at) => all.findIndex((other) => other.command === command) === at,
);
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const isLeftOut = (command: string): boolean =>
  (command.startsWith('curl') && !hasCurl) || NOT_RUN.some(([start]) => command.startsWith(start));

describe('the documentation', () => {
  it.each(once.filter(({ command }) => !isLeftOut(command)))(
    'of $page has a command that does what it says: $command',
    async ({ command }) => {
      const runner = RUNS.find(([pattern]) => pattern.test(command))?.[1];
      expect(runner, 'neither run nor in NOT_RUN').toBeDefined();
      await runner?.(command);
    },
  );

  it('has each command that is not run', () => {
    const unused = NOT_RUN.filter(
      ([start]) => !all.some(({ command }) => command.startsWith(start)),
    );
    expect(unused).toEqual([]);
  });
});

describe('examples/*.json', () => {
  const files = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.json'));

  it.each(files)('%s is a campaign that is accepted', async (name) => {
    // The account that may send picture posts.
    const account = name === 'newspic.json' ? 'drafts' : 'default';
    const argv = ['send', join(ROOT, 'examples', name), '--account', account, '--yes', '--repeat'];
    const { exit, err } = await qunfa([...argv, '--no-wait'], { env });

    expect(err).toBe('');
    expect(exit).toBe(0);
  });
});
