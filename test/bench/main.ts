/**
 * npm run bench [-- name…]: builds, as users do, then runs each bench in a process of its own, one
 * after the other. Without names all of them. What each measures, and how to read it: README.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableOf } from './figures.ts';

const BENCHES = [
  'submit',
  'campaigns',
  'events',
  'audience',
  'lane',
  'tokens',
  'accept',
  'replicas',
  'commands',
  'idle',
  'killed',
  'growth',
  'scale',
  'soak',
] as const;

const ROOT = join(import.meta.dirname, '../..');
const BUILT = join(ROOT, '.qunfa/bench');

async function ends(command: string, args: readonly string[], said?: (text: string) => void) {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.on('data', (chunk: Buffer) => said?.(chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return code === 0;
}

async function build(): Promise<void> {
  await rm(BUILT, { recursive: true, force: true });
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  await ends(process.execPath, [tsc, '-p', join(import.meta.dirname, 'tsconfig.json')]);
  const filter = (path: string) => !path.endsWith('.ts');
  await cp(join(ROOT, 'src'), join(BUILT, 'src'), { recursive: true, filter });
  await cp(join(ROOT, 'package.json'), join(BUILT, 'package.json'));
}

const named = process.argv.slice(2);
const unknown = named.filter((name) => !BENCHES.some((bench) => bench === name));
if (unknown.length > 0) {
  process.stderr.write(
    `no bench is called ${unknown.join(', ')}; there is ${BENCHES.join(', ')}\n`,
  );
  process.exit(2);
}
await build();
const lines: string[] = [];
for (const name of named.length > 0 ? named : BENCHES) {
  let said = '';
  const file = join(BUILT, `test/bench/${name}-bench.js`);
  const isDone = await ends(process.execPath, [file], (text) => {
    said += text;
    process.stdout.write(text);
  });
  if (!isDone) process.exitCode = 1;
  lines.push(...said.split('\n').filter((line) => line.startsWith('{')));
}
await writeFile(join(ROOT, '.qunfa/bench.json'), `[\n${lines.join(',\n')}\n]\n`);
process.stdout.write(`\n${tableOf(lines)}\n`);
