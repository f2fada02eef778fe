/**
 * 2,000 text campaigns on 20 accounts, from the enqueuing request to the last receipt taken in,
 * against the same tree in BullMQ alone with the same three HTTP hops.
 */
import { ratio, report, rounded } from './figures.ts';
import { type Side, startTwoSides } from './two-sides.ts';

const CAMPAIGNS = 2_000;
const ACCOUNTS = 20;
const ROUNDS = 3;

const sides = await startTwoSides(ACCOUNTS);

async function rateOf(side: Side): Promise<number> {
  const began = performance.now();
  await side.run(CAMPAIGNS);
  return rounded(CAMPAIGNS / ((performance.now() - began) / 1_000), 0);
}

await sides.alone.run(200);
await sides.ours.run(200);
const alone: number[] = [];
const ours: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  alone.push(await rateOf(sides.alone));
  ours.push(await rateOf(sides.ours));
}
report({
  bench: 'campaigns',
  what: '2,000 text campaigns on 20 accounts, enqueue to receipt, a second',
  alone,
  ours,
  ratio: ratio(ours, alone),
  goal: 0.6,
});
await sides.stop();
process.exit(0);
