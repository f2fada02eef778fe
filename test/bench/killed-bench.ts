/**
 * A worker process is killed (SIGKILL) while WeChat takes its time to answer its calls; another one
 * runs beside it. At default settings: how long until each of its jobs is picked up, and until
 * WeChat is asked again with the same key.
 */

import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { request } from 'undici';
import { makeIdentityOf } from '../../src/shared/platform/identity.ts';
import { PREFIX } from '../../src/shared/record/keys.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import { startAllRoles } from './all-roles.ts';
import { startBenchWorld, until } from './bench-world.ts';
import { report, rounded } from './figures.ts';
import { startRole } from './role-process.ts';

const ROUNDS = 3;
const LATENCY = 8_000;

const world = await startBenchWorld({ accounts: ROUNDS, pace: { submitLatencyMs: LATENCY } });
const redis = new Redis(world.redisUrl, { maxRetriesPerRequest: null });
const { retainMs } = world.config;
const identityOf = makeIdentityOf(world.config, () => world.accounts);
const stores = openRecord({
  redis,
  retainMs,
  submitTimeoutMs: 10_000,
  identityOf,
  now: Date.now,
});
const producer = await startAllRoles(world.config, ['producer']);
const seconds = (from: number): number => rounded((Date.now() - from) / 1_000, 1);

interface Recovery {
  readonly pickedUpSeconds: number;
  readonly askedAgainSeconds: number;
}

async function round(no: number): Promise<Recovery> {
  const account = `bench-${no}`;
  const env = { ...world.env, WORKER_ACCOUNTS: account };
  // Frozen meanwhile, so that it is there at once and yet the victim gets the job.
  const other = await startRole('worker', env);
  other.freeze();
  const victim = await startRole('worker', env);
  const queue = new Queue(`send.${account}`, { connection: redis, prefix: PREFIX });
  const events = new QueueEvents(queue.name, {
    connection: redis.duplicate(),
    prefix: PREFIX,
  });
  await events.waitUntilReady();
  const answer = await request(`${producer.producerUrl}/v1/campaigns`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${producer.keyFor(no)}` },
    body: JSON.stringify({
      account,
      audience: { type: 'everyone' },
      message: { type: 'text', content: `killed ${no}` },
    }),
  });
  const { id } = (await answer.body.json()) as { id: string };
  const batch = () => stores.batches.read({ campaignId: id, no: 1 });
  await until(async () => (await batch())?.state === 'submitting');
  // On its way by now, and answered long after.
  await new Promise((wake) => setTimeout(wake, LATENCY / 16));
  let pickedUp = 0;
  events.on('active', () => {
    pickedUp ||= Date.now();
  });
  await victim.kill('SIGKILL');
  other.goOn();
  const killedAt = Date.now();
  await until(async () => pickedUp > 0, 60_000);
  const pickedUpSeconds = rounded((pickedUp - killedAt) / 1_000, 1);
  await until(async () => ((await batch())?.attempts ?? 0) > 1, 120_000);
  const askedAgainSeconds = seconds(killedAt);
  await other.kill('SIGKILL');
  await events.close();
  await queue.close();
  return { pickedUpSeconds, askedAgainSeconds };
}

const rounds: Recovery[] = [];
for (let no = 0; no < ROUNDS; no += 1) rounds.push(await round(no));
report({
  bench: 'killed',
  what: 'a worker killed in the middle of a call: s until its batch is picked up, and asked about',
  rounds,
  worstPickedUpSeconds: Math.max(...rounds.map(({ pickedUpSeconds }) => pickedUpSeconds)),
  worstAskedAgainSeconds: Math.max(...rounds.map(({ askedAgainSeconds }) => askedAgainSeconds)),
  goal: { pickedUpSeconds: 25, askedAgainSeconds: 90 },
});
await producer.stop();
redis.disconnect();
await world.stop();
process.exit(0);
