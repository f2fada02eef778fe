/**
 * npm run bench [-- name…]: each bench in a process of its own, one after the other. Without names
 * all of them. What each measures, and how to read its line: README.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const BENCHES = [
  'submit',
  'campaigns',
  'events',
  'audience',
  'lane',
  'tokens',
  'accept',
  'commands',
  'idle',
  'killed',
] as const;

async function run(name: string): Promise<boolean> {
  const file = join(import.meta.dirname, `${name}-bench.ts`);
  const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

const named = process.argv.slice(2);
const unknown = named.filter((name) => !BENCHES.some((bench) => bench === name));
if (unknown.length > 0) {
  process.stderr.write(
    `no bench is called ${unknown.join(', ')}; there is ${BENCHES.join(', ')}\n`,
  );
  process.exit(2);
}
for (const name of named.length > 0 ? named : BENCHES) {
  if (!(await run(name))) process.exitCode = 1;
}
