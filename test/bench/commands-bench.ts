/**
 * Redis commands for a one-batch text campaign, from enqueue to settled and ended, against the same
 * tree in BullMQ alone. Counted by Redis itself (INFO commandstats), with those that scripts make.
 * What idle workers do meanwhile is in both.
 */
import type { Redis } from 'ioredis';
import { report, rounded } from './figures.ts';
import { type Side, startTwoSides } from './two-sides.ts';

const CAMPAIGNS = 400;
const ACCOUNTS = 4;

const sides = await startTwoSides(ACCOUNTS);

async function callsByName(redis: Redis): Promise<Map<string, number>> {
  const stats = await redis.info('commandstats');
  return new Map(
    [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(([, name = '', calls]) => [
      name,
      Number(calls),
    ]),
  );
}

async function perCampaign(side: Side) {
  await side.run(40);
  const before = await callsByName(sides.redis);
  await side.run(CAMPAIGNS);
  const after = await callsByName(sides.redis);
  const byName = [...after]
    .map(([name, calls]): [string, number] => [
      name,
      rounded((calls - (before.get(name) ?? 0)) / CAMPAIGNS, 1),
    ])
    .sort(([, a], [, b]) => b - a);
  const all = rounded(
    byName.reduce((sum, [, calls]) => sum + calls, 0),
    1,
  );
  return { all, byName: Object.fromEntries(byName.filter(([, calls]) => calls >= 0.5)) };
}

const alone = await perCampaign(sides.alone);
const ours = await perCampaign(sides.ours);
report({
  bench: 'commands',
  what: 'Redis commands a one-batch text campaign, those within scripts included',
  against: 'BullMQ alone',
  theirs: alone.all,
  ours: ours.all,
  ratio: rounded(ours.all / alone.all),
  goal: 1.2,
  theirsByName: alone.byName,
  oursByName: ours.byName,
});
await sides.stop();
process.exit(0);
