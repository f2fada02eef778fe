/**
 * Sealed and signed events → stored → `success`, against express with one Redis write of the body
 * and no look at it. Three kinds: of nobody's message (`parked`), of a batch that waits (`settled`,
 * which changes its campaign and wakes its job), and a storm of three copies of each at once.
 */

import { Redis } from 'ioredis';
import { makeIdentityOf } from '../../src/shared/platform/identity.ts';
import { startBenchWorld } from './bench-world.ts';
import { ratio, report } from './figures.ts';
import { type Ask, load } from './load.ts';
import { startPlainServer } from './plain-server.ts';
import { startRole } from './role-process.ts';
import { signedEvent } from './signed-event.ts';
import { submittedBatches } from './submitted-batches.ts';

const EVENTS = 3_000;
const ROUNDS = 3;
const WIDTH = 32;

const world = await startBenchWorld({ accounts: 1 });
const [account] = world.accounts;
if (!account) throw new Error('there is no account');
const redis = new Redis(world.redisUrl, { maxRetriesPerRequest: null });
const plain = await startPlainServer(world.redisUrl);
const callback = await startRole('callback', world.env);
const address = /http:\/\/\S+?(?=\/wechat)/.exec(callback.said)?.[0] ?? '';
let nextId = 1_000_000_000;

function asksFor(msgIds: readonly string[], url: string): Ask[] {
  return msgIds.map((msgId, at) => {
    const { path, body } = signedEvent(account as never, msgId, `${msgId}${at}`);
    return { url: url + path, headers: { 'content-type': 'text/xml' }, body };
  });
}

function freshIds(count = EVENTS): string[] {
  nextId += count;
  return Array.from({ length: count }, (_, at) => String(nextId + at));
}

const waiting = async (): Promise<string[]> => {
  const ids = freshIds();
  const { name } = account;
  const identity = makeIdentityOf(world.config, () => world.accounts)(name);
  return submittedBatches(redis, {
    account: name,
    identity,
    from: Number(ids[0]),
    count: EVENTS,
  });
};

/** Copies of one event come together, as they do when an answer was slow. */
const thrice = (ids: readonly string[]): string[] => ids.flatMap((id) => [id, id, id]);

const rates = { floor: [] as number[], parked: [] as number[], settled: [] as number[] };
const storms: { perSecond: number; p99Ms: number }[] = [];
const run = (ids: readonly string[], url: string) =>
  load(asksFor(ids, url), { width: WIDTH, expected: 200 });

await run(freshIds(500), plain.url);
await run(freshIds(500), address);
for (let round = 0; round < ROUNDS; round += 1) {
  rates.floor.push((await run(freshIds(), plain.url)).perSecond);
  rates.parked.push((await run(freshIds(), address)).perSecond);
  rates.settled.push((await run(await waiting(), address)).perSecond);
  storms.push(await run(thrice(await waiting()), address));
}
report({
  bench: 'events',
  what: 'sealed, signed events to success, a second, against express and one Redis write',
  ...rates,
  ratioParked: ratio(rates.parked, rates.floor),
  ratioSettled: ratio(rates.settled, rates.floor),
  goal: 0.8,
  threeCopies: storms,
  goalP99Ms: 50,
});
await callback.kill('SIGTERM');
plain.stop();
redis.disconnect();
await world.stop();
process.exit(0);
