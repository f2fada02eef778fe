/**
 * 2,000 text campaigns on 20 accounts, from the enqueuing request to the last receipt taken in,
 * against the same tree in BullMQ alone with the same three HTTP hops.
 */
import { compared, type Measured, startClock } from './clock.ts';
import { report } from './figures.ts';
import { type Side, startTwoSides } from './two-sides.ts';

const CAMPAIGNS = 2_000;
const ACCOUNTS = 20;
const ROUNDS = 5;

const sides = await startTwoSides(ACCOUNTS);

async function measure(side: Side): Promise<Measured> {
  const clock = await startClock(sides.redis);
  await side.run(CAMPAIGNS);
  return clock(CAMPAIGNS);
}

await sides.alone.run(200);
await sides.ours.run(200);
const alone: Measured[] = [];
const ours: Measured[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  alone.push(await measure(sides.alone));
  ours.push(await measure(sides.ours));
}
report({
  bench: 'campaigns',
  what: '2,000 text campaigns on 20 accounts, enqueue to receipt, a second',
  ...compared('BullMQ alone', alone, ours),
  goal: 0.75,
});
await sides.stop();
process.exit(0);
