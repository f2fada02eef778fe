/**
 * How time, Redis and memory grow with campaigns, accounts, worker processes and the distance to Redis,
 * through the real roles. Draws docs/benchmarks/scale-*.svg.
 *
 * `node .qunfa/bench/test/bench/scale-bench.js workers distance` measures these alone, and keeps the
 * figures of the others.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { drawLines, type Line } from './draw-lines.ts';
import { report, rounded } from './figures.ts';
import { memoryOf, type RoleWorldOptions, startRoleWorld } from './role-world.ts';

const DOCS = join(process.cwd(), 'docs/benchmarks');
const FILE = join(DOCS, 'scale.json');

interface Setting extends RoleWorldOptions {
  readonly campaigns: number;
  /** On how many of the accounts. */
  readonly active: number;
}

const USUAL: Setting = { accounts: 20, active: 20, workers: 1, campaigns: 200 };

/** What varies: its values, and the setting of each. */
const AXES: Readonly<Record<string, readonly (readonly [value: number, Setting])[]>> = {
  campaigns: [1, 10, 100, 1_000, 10_000, 20_000].map((campaigns) => [
    campaigns,
    { ...USUAL, campaigns },
  ]),
  accounts: [1, 10, 100, 1_000].map((accounts) => [
    accounts,
    { ...USUAL, accounts, active: Math.min(accounts, 200), campaigns: 400 },
  ]),
  workers: [1, 2, 4, 8].map((workers) => [workers, { ...USUAL, workers, campaigns: 400 }]),
  distance: [0, 5, 20, 50].map((distanceMs) => [distanceMs, { ...USUAL, distanceMs }]),
};

const MEASURES = [
  'ms a campaign',
  'Redis commands a campaign',
  'kB of Redis traffic a campaign',
  'MiB of the largest worker',
  'connections to Redis',
] as const;

type Figures = Readonly<Record<(typeof MEASURES)[number], number>>;

async function measure({ campaigns, active, ...options }: Setting): Promise<Figures> {
  const world = await startRoleWorld(options);
  const { redis, roles } = world;
  const sum = async (section: string, pattern: RegExp): Promise<number> =>
    [...(await redis.info(section)).matchAll(pattern)].reduce((all, [, n]) => all + Number(n), 0);
  const commands = () => sum('commandstats', /calls=(\d+)/g);
  const bytes = () => sum('stats', /total_net_(?:input|output)_bytes:(\d+)/g);
  // Lanes, queues and code of each account and process are there before it counts.
  await world.run(Math.max(active, 20), active);
  let connections = 0;
  const look = async (): Promise<void> => {
    // Without this one.
    connections = Math.max(connections, (await sum('clients', /connected_clients:(\d+)/g)) - 1);
  };
  await look();
  const looking = setInterval(look, 100);
  const before = { at: performance.now(), commands: await commands(), bytes: await bytes() };
  await world.run(campaigns, active);
  const ms = performance.now() - before.at;
  const each = (value: number, places = 1) => rounded(value / campaigns, places);
  const figures = {
    'ms a campaign': each(ms, 2),
    'Redis commands a campaign': each((await commands()) - before.commands),
    'kB of Redis traffic a campaign': each(((await bytes()) - before.bytes) / 1_000),
    'MiB of the largest worker': Math.max(
      ...(await Promise.all(roles.workers.map(memoryOf))).map(({ peak }) => peak),
    ),
    'connections to Redis': connections,
  };
  clearInterval(looking);
  await world.stop();
  return figures;
}

/** 200 of 1,000 accounts at 60 calls a minute each, ten campaigns each: does each lane keep its pace? */
async function manyLanes() {
  const [active, each] = [200, 10];
  const world = await startRoleWorld({
    ...{ accounts: 1_000, workers: 1, callsPerMinute: 60 },
    limits: { callsPerMinute: 60 },
  });
  await world.run(active * each, active);
  const answer = await request(`${world.sandboxUrl}/sandbox/requests?path=message/mass/sendall`);
  const calls = (await answer.body.json()) as { account: string; at: number; errcode: number }[];
  const paces = Array.from({ length: active }, (_, no) => {
    const times = calls.filter(({ account }) => account === `bench-${no}`).map(({ at }) => at);
    return ((times.length - 1) * 60_000) / (Math.max(...times) - Math.min(...times));
  }).sort((a, b) => a - b);
  const [worker] = world.roles.workers;
  if (!worker) throw new TypeError('no worker was started');
  const figures = {
    callsAMinute: {
      slowest: rounded(paces[0] ?? 0, 1),
      median: rounded(paces[active / 2] ?? 0, 1),
    },
    refused: calls.filter(({ errcode }) => errcode !== 0).length,
    peakMiB: (await memoryOf(worker)).peak,
    goalMiB: 400,
  };
  await world.stop();
  return figures;
}

const named = process.argv.slice(2);
const isAsked = (name: string) => named.length === 0 || named.includes(name);
await mkdir(DOCS, { recursive: true });
const known = JSON.parse(await readFile(FILE, 'utf8').catch(() => '{}')) as Record<string, unknown>;
for (const [axis, settings] of Object.entries(AXES)) {
  if (!isAsked(axis)) continue;
  const rows: { value: number; figures: Figures }[] = [];
  for (const [value, setting] of settings) rows.push({ value, figures: await measure(setting) });
  known[axis] = rows;
  const lines = MEASURES.map(
    (name): Line => ({
      name,
      points: rows.map(({ value, figures }) => [value, figures[name]]),
    }),
  );
  const title = `By ${axis === 'distance' ? 'the round trip to Redis in ms' : axis}`;
  await writeFile(join(DOCS, `scale-${axis}.svg`), drawLines({ title, lines }));
}
if (isAsked('lanes')) known.lanes = await manyLanes();
await writeFile(FILE, `${JSON.stringify(known, null, 1)}\n`);
report({
  bench: 'scale',
  what: 'time, Redis and memory as work, accounts, processes and distance grow',
  ...known,
});
process.exit(0);
