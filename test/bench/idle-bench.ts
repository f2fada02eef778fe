/**
 * A thousand accounts of which none has anything to send: what a worker process holds then, and how
 * long an event takes from its push to the answer, to its batch being settled, and to its campaign
 * having ended. `idle-bench.js 6`: with six shards.
 */

import { readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { request } from 'undici';
import { makeIdentityOf } from '../../src/shared/platform/identity.ts';
import { makeLogger } from '../../src/shared/platform/logger.ts';
import { openAllShards } from '../../src/shared/record/all-shards.ts';
import { PREFIX } from '../../src/shared/record/keys.ts';
import { startAllRoles } from './all-roles.ts';
import { startBenchWorld, until } from './bench-world.ts';
import { median, report, rounded } from './figures.ts';
import { startRole } from './role-process.ts';
import { signedEvent } from './signed-event.ts';

const ACCOUNTS = 1_000;
const EVENTS = 30;
const IDLE_MS = 20_000;
const SHARDS = Number(process.argv[2] ?? 1);

const world = await startBenchWorld({ accounts: ACCOUNTS });
const redis = new Redis(world.redisUrl, { maxRetriesPerRequest: null });
const config = { ...world.config, redis: { ...world.config.redis, shards: SHARDS } };
const all = openAllShards({
  ...{ redis, config, prefix: PREFIX, now: Date.now },
  identityOf: makeIdentityOf(config, () => world.accounts),
  accounts: () => world.accounts,
  log: makeLogger({ role: 'bench', level: 'error' }),
});
const { stores } = all;
const env = { ...world.env, REDIS_SHARDS: `${SHARDS}` };
const connected = async () =>
  Number(/connected_clients:(\d+)/.exec(await redis.info('clients'))?.[1]);
const connectedBefore = await connected();
const worker = await startRole('worker', env);
const connections = (await connected()) - connectedBefore;
const callback = await startRole('callback', env);
const address = /http:\/\/\S+?(?=\/wechat)/.exec(callback.said)?.[0] ?? '';
const producer = await startAllRoles(config, ['producer']);

async function memoryMiB(): Promise<number> {
  const status = await readFile(`/proc/${worker.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024);
}

async function submitted(account: string, no: number): Promise<{ id: string; msgId: string }> {
  const answer = await request(`${producer.producerUrl}/v1/campaigns`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${producer.keyFor(no)}`,
    },
    body: JSON.stringify({
      account,
      audience: { type: 'tag', tagId: 2 },
      message: { type: 'text', content: `event ${no}` },
    }),
  });
  const { id } = (await answer.body.json()) as { id: string };
  let msgId = '';
  await until(async () => {
    const batch = await stores.batches.read({ campaignId: id, no: 1 });
    if (batch?.state === 'submitted') msgId = batch.msgId;
    return msgId !== '';
  });
  return { id, msgId };
}

await new Promise((wake) => setTimeout(wake, IDLE_MS));
const idleMiB = await memoryMiB();
const commandsBefore = await processed();
await new Promise((wake) => setTimeout(wake, IDLE_MS / 4));
const commandsPerSecond = ((await processed()) - commandsBefore) / (IDLE_MS / 4_000);

async function processed(): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
}

const answered: number[] = [];
const settled: number[] = [];
const ended: number[] = [];
for (let no = 0; no < EVENTS; no += 1) {
  const account = world.accounts[no * 33];
  if (!account) throw new Error('there is no such account');
  const { id, msgId } = await submitted(account.name, no);
  const { path, body } = signedEvent(account, msgId, String(no));
  const began = performance.now();
  const answer = await request(address + path, {
    method: 'POST',
    headers: { 'content-type': 'text/xml' },
    body,
  });
  await answer.body.dump();
  answered.push(performance.now() - began);
  await until(
    async () => (await stores.batches.read({ campaignId: id, no: 1 }))?.state === 'settled',
  );
  settled.push(performance.now() - began);
  await until(async () => (await stores.campaigns.view(id))?.state === 'completed');
  ended.push(performance.now() - began);
}
const ms = (times: readonly number[]) => ({
  median: rounded(median(times), 1),
  worst: rounded(Math.max(...times), 1),
});
report({
  bench: 'idle',
  what: '1,000 accounts, nothing to send: worker memory, and what an event takes (ms)',
  shards: SHARDS,
  connections,
  idleMiB,
  goalMiB: 400,
  commandsPerSecond: Math.round(commandsPerSecond),
  answered: ms(answered),
  settled: ms(settled),
  campaignEnded: ms(ended),
  goalSettledMs: 100,
});
await producer.stop();
await all.close();
await callback.kill('SIGTERM');
await worker.kill('SIGKILL');
redis.disconnect();
await world.stop();
process.exit(0);
