/**
 * Mixed campaigns with faults for half an hour: the memory of each role and of Redis, and how long a
 * campaign takes, every ten seconds. What has ended is kept for a day at least, so Redis grows by what
 * is kept; the roles must not grow. Draws docs/benchmarks/soak-*.svg.
 *
 * `node .qunfa/bench/test/bench/soak-bench.js 5` runs for five minutes.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { makeKeys, RECORD } from '../../src/shared/record/keys.ts';
import { openIds } from './bench-world.ts';
import { drawLines, type Line } from './draw-lines.ts';
import { percentile, report, rounded } from './figures.ts';
import { memoryOf, startRoleWorld } from './role-world.ts';

const MINUTES = Number(process.argv[2] ?? 30);
const SAMPLE_MS = 10_000;
const EVERY_MS = 200;
const ACCOUNTS = 20;
const DOCS = join(process.cwd(), 'docs/benchmarks');

/** One every four seconds, in turn. */
const FAULTS = [
  { name: 'errcode', path: 'message/mass/sendall', errcode: -1 },
  { name: 'silent-after-accepting', path: 'message/mass/sendall' },
  { name: 'event-never' },
  { name: 'reset-before', path: 'message/mass/send' },
  { name: 'event-duplicate', copies: 3 },
  { name: 'token-expired' },
  { name: 'event-early' },
];

const world = await startRoleWorld({
  accounts: ACCOUNTS,
  workers: 2,
  // A key that was called may be called again after a second, not after a minute.
  pace: { keyRepeatMs: 1_000 },
  env: {
    RECEIPT_DEADLINE_SECONDS: '60',
    SUBMIT_TIMEOUT_SECONDS: '3',
    UNKNOWN_RETRY_SECONDS: '10',
  },
});
const { redis, roles } = world;
const keys = makeKeys(RECORD);
const began = Date.now();
const ends = began + MINUTES * 60_000;
const memory = ['worker 1', 'worker 2', 'producer', 'callback', 'Redis'].map(
  (name): Line => ({ name: `${name}, MiB`, points: [] }),
);
const latency = ['median', 'p99'].map((name): Line => ({ name: `${name}, ms`, points: [] }));
const openSince = new Map<string, number>();
let took: number[] = [];
let accepted = 0;

function next() {
  const message = { type: 'text', content: `soak ${accepted}` };
  const account = `bench-${accepted % ACCOUNTS}`;
  if (accepted % 3 === 0) {
    return {
      account,
      audience: { type: 'openids', openids: openIds(accepted * 1_000, 1_000) },
      message,
    };
  }
  return { account, audience: { type: 'tag', tagId: 2 }, message };
}

async function look(): Promise<void> {
  const ids = [...openSince.keys()];
  const scores = ids.length > 0 ? await redis.zmscore(keys.open(), ...ids) : [];
  for (const [at, id] of ids.entries()) {
    if (scores[at] !== null) continue;
    took.push(Date.now() - (openSince.get(id) ?? 0));
    openSince.delete(id);
  }
}

async function sample(): Promise<void> {
  const minutes = rounded((Date.now() - began) / 60_000, 2);
  const held = await Promise.all([...roles.workers, roles.producer, roles.callback].map(memoryOf));
  const ofRedis = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]) / 1_048_576;
  for (const [at, mib] of [...held.map(({ now }) => now), rounded(ofRedis, 1)].entries()) {
    memory[at]?.points.push([minutes, mib]);
  }
  if (took.length > 0) {
    latency[0]?.points.push([minutes, percentile(took, 0.5)]);
    latency[1]?.points.push([minutes, percentile(took, 0.99)]);
  }
  took = [];
}

for (let at = 0, sampledAt = began; Date.now() < ends; at += 1) {
  const started = Date.now();
  if (at % 20 === 0) {
    const fault = FAULTS[(at / 20) % FAULTS.length];
    await request(`${world.sandboxUrl}/sandbox/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fault),
    }).then(({ body }) => body.dump());
  }
  openSince.set(await world.post(next()), started);
  accepted += 1;
  await look();
  if (Date.now() - sampledAt >= SAMPLE_MS) {
    sampledAt = Date.now();
    await sample();
  }
  await sleep(Math.max(0, EVERY_MS - (Date.now() - started)));
}
await mkdir(DOCS, { recursive: true });
const draw = (name: string, title: string, lines: readonly Line[]) =>
  writeFile(join(DOCS, `${name}.svg`), drawLines({ title, lines, isLogarithmic: false }));
await draw('soak-memory', `Memory over ${MINUTES} minutes`, memory);
await draw('soak-latency', 'From the enqueuing request to the end of a campaign', latency);
const answer = await request(`${world.sandboxUrl}/sandbox/ledger`);
const ledger = (await answer.body.json()) as { sends: number; duplicates: unknown[] };
const growth = rounded(
  (1_024 * ((memory[4]?.points.at(-1)?.[1] ?? 0) - (memory[4]?.points[0]?.[1] ?? 0))) / accepted,
  1,
);
const { duplicates, sends } = ledger;
const figures = {
  ...{
    minutes: MINUTES,
    accepted,
    stillOpen: openSince.size,
    sends,
    duplicates: duplicates.length,
  },
  ...{ kiBOfRedisACampaign: growth, memory, latency },
};
await writeFile(join(DOCS, 'soak.json'), `${JSON.stringify(figures, null, 1)}\n`);
report({
  bench: 'soak',
  what: 'mixed campaigns with faults',
  ...figures,
  memory: undefined,
  latency: undefined,
});
await world.stop();
process.exit(0);
