/** POST /v1/campaigns (text) against express and `queue.add`, each in a process of its own. */

import { KEYS } from './all-roles.ts';
import { startBenchWorld } from './bench-world.ts';
import { ratio, report } from './figures.ts';
import { load } from './load.ts';
import { startPlainServer } from './plain-server.ts';
import { startRole } from './role-process.ts';

const REQUESTS = 3_000;
const ROUNDS = 3;
const WIDTH = 32;

const world = await startBenchWorld({ accounts: 1 });
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
  return load(asks, { width: WIDTH, expected: 202 });
}

await run(plain.url, 500);
await run(api, 500);
const floor: number[] = [];
const ours: number[] = [];
const p99Ms: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  floor.push((await run(plain.url)).perSecond);
  const { perSecond, p99Ms: slow } = await run(api);
  ours.push(perSecond);
  p99Ms.push(slow);
}
report({
  bench: 'accept',
  what: 'POST /v1/campaigns of a text, a second, against express and queue.add',
  floor,
  ours,
  ratio: ratio(ours, floor),
  goal: 0.6,
  p99Ms,
});
await producer.kill('SIGTERM');
plain.stop();
await world.stop();
process.exit(0);
