/** `npm run chaos`: see chaos-options.ts for what it can be told, and README.md for what it does. */
import { rm } from 'node:fs/promises';
import { type ChaosOptions, readOptions, USAGE } from './chaos-options.ts';
import { startChaosWorld } from './chaos-world.ts';
import { commitNow, report, resultLine, writeReport } from './report.ts';
import { runChaos } from './run-chaos.ts';

const say = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

function options(): ChaosOptions | null {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return null;
  }
}

const given = options();
if (!given) process.exit(2);

say(
  `seed ${given.seed}: ${given.kills} kills, ${given.workers} workers, ${given.redis} Redis, fsync ${given.appendfsync}`,
);
if (given.replay && given.replay.commit !== commitNow()) {
  say(`a run of ${given.replay.commit}, and this is ${commitNow()}`);
}
const world = await startChaosWorld(given);
try {
  const result = await runChaos(given, { say, world });
  for (const line of await report(given, result, world)) say(line);
  const line = resultLine(given, result);
  say(JSON.stringify(line));
  process.exitCode = line.clean ? 0 : 1;
  await world.end();
  if (given.keep) await writeReport(given, result, world);
  if (line.clean && !given.keep) await rm(world.dir, { recursive: true, force: true });
} catch (error) {
  say(`the run itself broke; seed ${given.seed}; logs in ${world.dir}`);
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 3;
  await world.end();
}
process.exit();
