/** Sixteen cold processes that all call WeChat at the same moment: how many token calls? */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { request } from 'undici';
import { startBenchWorld } from './bench-world.ts';
import { report } from './figures.ts';

const PROCESSES = 16;

const world = await startBenchWorld({ accounts: 1 });
const children: ChildProcess[] = [];
for (let no = 0; no < PROCESSES; no += 1) {
  const child = fork(join(import.meta.dirname, 'cold-process.js'), [], {
    env: { ...process.env, ...world.env },
  });
  children.push(child);
  await once(child, 'message');
}
const answers = children.map(async (child) => {
  const [kind] = (await once(child, 'message')) as [string];
  return kind;
});
const began = performance.now();
for (const child of children) child.send('go');
const kinds = await Promise.all(answers);
const lastMs = Math.round(performance.now() - began);
const calls = await request(`${world.sandboxUrl}/sandbox/requests?path=stable_token`);
const tokenCalls = ((await calls.body.json()) as unknown[]).length;
report({
  bench: 'tokens',
  what: '16 cold processes call WeChat at once',
  answered: kinds.filter((kind) => kind === 'ok').length,
  tokenCalls,
  goal: 1,
  lastMs,
});
for (const child of children) child.disconnect();
await world.stop();
process.exit(0);
