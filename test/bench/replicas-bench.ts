/**
 * What REDIS_WAIT_REPLICAS costs: a master with two replicas on this machine, and 0, 1 and 2 of them
 * waited for. How many are accepted a second, turn by turn; how many WAITs are said; round trips of one acceptance by a way to Redis that takes 50 ms.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { request } from 'undici';
import { makeIdentityOf } from '../../src/shared/platform/identity.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import { openIds } from '../support/open-ids.ts';
import { freePorts, KEPT, startNode, until as untilSo } from '../support/redis-nodes.ts';
import { severable } from '../support/severable.ts';
import { KEYS } from './all-roles.ts';
import { startBenchWorld, until } from './bench-world.ts';
import { median, ratios, report, rounded, spread } from './figures.ts';
import { load } from './load.ts';
import { startRole } from './role-process.ts';

const WAITS = [0, 1, 2] as const;
const ROUNDS = 3;
const CAMPAIGNS = 200;
const WIDTH = 32;
const ROUND_TRIP = 50;
const ALONE = 5;

const world = await startBenchWorld({ accounts: 8 });
const redis = new Redis(world.redisUrl);
const master = Number(new URL(world.redisUrl).port);
const home = await mkdtemp(join(tmpdir(), 'qunfa-replicas-'));
const replicas = await Promise.all(
  (await freePorts(2)).map((port) =>
    startNode(join(home, `${port}`), port, [
      ...['--port', `${port}`, '--bind', '127.0.0.1', ...KEPT, '--repl-diskless-sync-delay', '0'],
      ...['--replicaof', `127.0.0.1 ${master}`],
    ]),
  ),
);
await untilSo('replicas', async () => (await redis.info('replication')).includes('slave1:'));

const names = world.accounts.map(({ name }) => name);
const stores = openRecord({
  ...{ redis, retainMs: world.config.retainMs, submitTimeoutMs: 10_000, now: Date.now },
  identityOf: makeIdentityOf(world.config, () => world.accounts),
});
let wanted = 0;
let no = 0;
function ask(url: string, audience: object) {
  no += 1;
  return {
    url: `${url}/v1/campaigns`,
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${KEYS[no % KEYS.length] ?? ''}`,
    },
    body: JSON.stringify({
      account: `bench-${no % 8}`,
      audience,
      message: { type: 'text', content: `campaign ${no}` },
    }),
  };
}
const TAG = { type: 'tag', tagId: 2 };

async function started(role: 'producer' | 'worker', waits: number, redisUrl = world.redisUrl) {
  const env = { REDIS_URL: redisUrl, REDIS_WAIT_REPLICAS: `${waits}`, API_KEYS: KEYS.join(',') };
  const process = await startRole(role, { ...world.env, ...env });
  return { ...process, url: /http:\/\/\S+(?=\/v1)/.exec(process.said)?.[0] ?? '' };
}

async function counted(): Promise<{ commands: number; waits: number }> {
  const calls = (text: string, of: RegExp) => Number(of.exec(text)?.[1] ?? 0);
  const stats = await redis.info('commandstats');
  const all = [...stats.matchAll(/:calls=(\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
  return { commands: all, waits: calls(stats, /cmdstat_wait:calls=(\d+)/) };
}

/** Accepted with no worker beside; then submitted. */
async function round(waits: number) {
  const before = await counted();
  const producer = await started('producer', waits);
  const asks = Array.from({ length: CAMPAIGNS }, () => ask(producer.url, TAG));
  const began = performance.now();
  await load(asks, { width: WIDTH, expected: 202 });
  const accepted = (CAMPAIGNS * 1_000) / (performance.now() - began);
  await producer.kill('SIGTERM');
  const between = await counted();
  const worker = await started('worker', waits);
  wanted += CAMPAIGNS;
  await until(async () => (await stores.counts(names)).batches.submitted === wanted);
  const after = await counted();
  await worker.kill('SIGTERM');
  return {
    accepted,
    waitsToAccept: (between.waits - before.waits) / CAMPAIGNS,
    waitsToSubmit: (after.waits - between.waits) / CAMPAIGNS,
  };
}

/** One after another, by a long way. */
async function roundTrips(waits: number, audience: object): Promise<number> {
  await using way = await severable(
    { host: '127.0.0.1', port: master },
    { roundTripMs: ROUND_TRIP },
  );
  const producer = await started('producer', waits, `redis://127.0.0.1:${way.port}`);
  const times: number[] = [];
  for (let one = 0; one < ALONE; one += 1) {
    const { url, ...options } = ask(producer.url, audience);
    const began = performance.now();
    const answer = await request(url, { method: 'POST', ...options });
    await answer.body.dump();
    times.push(performance.now() - began);
  }
  await producer.kill('SIGTERM');
  return rounded(median(times) / ROUND_TRIP, 1);
}

const found = WAITS.map(() => [] as Awaited<ReturnType<typeof round>>[]);
for (let turn = 0; turn < ROUNDS; turn += 1) {
  for (const [at, waits] of WAITS.entries()) found[at]?.push(await round(waits));
}
const figure = (at: number, name: 'accepted' | 'waitsToAccept' | 'waitsToSubmit') =>
  (found[at] ?? []).map((one) => rounded(one[name]));
for (const [at, waits] of WAITS.entries()) {
  report({
    bench: 'replicas',
    what: `REDIS_WAIT_REPLICAS=${waits}, of two replicas`,
    accepted: spread(figure(at, 'accepted')),
    acceptedRatio: spread(ratios(figure(at, 'accepted'), figure(0, 'accepted'))),
    waitsToAccept: spread(figure(at, 'waitsToAccept')),
    waitsToSubmit: spread(figure(at, 'waitsToSubmit')),
    roundTripsToAcceptTag: await roundTrips(waits, TAG),
    roundTripsToAcceptOpenIds: await roundTrips(waits, { type: 'openids', openids: openIds(30) }),
  });
}
for (const one of replicas) await one.stop();
await rm(home, { recursive: true });
redis.disconnect();
await world.stop();
process.exit(0);
