/** POST /v1/campaigns (text) against express and `queue.add`, each in a process of its own. */

import { Redis } from 'ioredis';
import { KEYS } from './all-roles.ts';
import { startBenchWorld } from './bench-world.ts';
import { compared, type Measured, startClock } from './clock.ts';
import { report } from './figures.ts';
import { load } from './load.ts';
import { startPlainServer } from './plain-server.ts';
import { startRole } from './role-process.ts';

const REQUESTS = 3_000;
const ROUNDS = 5;
const WIDTH = 32;

const world = await startBenchWorld({ accounts: 1 });
const redis = new Redis(world.redisUrl);
const plain = await startPlainServer(world.redisUrl);
// Each caller may make 6,000 requests a minute.
const producer = await startRole('producer', { ...world.env, API_KEYS: KEYS.join(',') });
const api = /http:\/\/\S+(?=\/v1)/.exec(producer.said)?.[0] ?? '';
let no = 0;

async function run(url: string, requests = REQUESTS) {
  const asks = Array.from({ length: requests }, () => {
    no += 1;
    const body = JSON.stringify({
      account: 'bench-0',
      name: `campaign ${no}`,
      audience: { type: 'tag', tagId: 2 },
      message: { type: 'text', content: `campaign ${no}` },
    });
    const authorization = `Bearer ${KEYS[no % KEYS.length] ?? ''}`;
    return {
      url: `${url}/v1/campaigns`,
      headers: { 'content-type': 'application/json', authorization },
      body,
    };
  });
  const clock = await startClock(redis);
  const { p99Ms } = await load(asks, { width: WIDTH, expected: 202 });
  return { ...(await clock(requests)), p99Ms };
}

await run(plain.url, 500);
await run(api, 500);
const floor: Measured[] = [];
const ours: (Measured & { readonly p99Ms: number })[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  floor.push(await run(plain.url));
  ours.push(await run(api));
}
report({
  bench: 'accept',
  what: 'POST /v1/campaigns of a text, a second, against express and queue.add',
  ...compared('express and queue.add', floor, ours),
  goal: 0.8,
  p99Ms: ours.map(({ p99Ms }) => p99Ms),
});
await producer.kill('SIGTERM');
plain.stop();
redis.disconnect();
await world.stop();
process.exit(0);
