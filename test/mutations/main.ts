/** `npm run mutate`: see README.md beside it. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { GROUPS, type Group } from './groups.ts';
import { checkProtections } from './protections.ts';
import { isKnown } from './survivors.ts';

type MutantResult = Awaited<ReturnType<Stryker['runMutationTest']>>[number];

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const WANTED = 95;
const DEAD: readonly MutantResult['status'][] = [
  'Killed',
  'Timeout',
  'RuntimeError',
  'CompileError',
];

async function mutate(name: string, { mutate, tests, redis }: Group): Promise<boolean> {
  process.env.MUTATION_TESTS = tests.join('|');
  process.env.MUTATION_REDIS = redis ? 'yes' : '';
  const results = await new Stryker({
    mutate: [...mutate],
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'test/mutations/vitest.config.ts', related: false },
    concurrency: 1,
    // On a machine under load a mutant that is merely slow must not count as dead.
    timeoutMS: 30_000,
    reporters: ['progress-append-only'],
    warnings: false,
    allowEmpty: true,
    tempDirName: '.qunfa/mutations',
    ignorePatterns: ['.qunfa', 'dist', 'coverage'],
    allowConsoleColors: false,
  }).runMutationTest();
  const survivors = results.filter(({ status }) => !DEAD.includes(status));
  const dead = results.length - survivors.length;
  const unknown = survivors.filter((one) => !isKnown(survivorOf(one)));
  const meant = dead + unknown.length;
  const percent = (100 * dead) / Math.max(1, meant);
  const known = survivors.length - unknown.length;
  say(`${name}: ${dead} of ${meant} mutants died, ${percent.toFixed(1)} %; ${known} need not`);
  for (const one of unknown) {
    const { file, line, at, replacement } = survivorOf(one);
    say(`  lives: ${file}:${at}: ${one.mutatorName}: ${line}  →  ${replacement}`);
  }
  return percent >= WANTED && unknown.length === 0;
}

function survivorOf({ fileName, location, replacement = '' }: MutantResult) {
  const file = relative(process.cwd(), fileName);
  const at = location.start.line;
  const line = readFileSync(file, 'utf8').split('\n')[at - 1]?.trim() ?? '';
  return { file, line, at, replacement };
}

const wanted = process.argv.slice(2);
const names = wanted.length > 0 ? wanted : [...Object.keys(GROUPS), 'security'];
let isGood = true;
for (const name of names) {
  const group = GROUPS[name];
  const [isSecurity, test] = /^security(?::(.+))?$/.exec(name) ?? [];
  if (isSecurity) isGood = (await checkProtections(say, test)) && isGood;
  else if (group) isGood = (await mutate(name, group)) && isGood;
  else throw new TypeError(`no ${name}: one of ${Object.keys(GROUPS).join(', ')}, security`);
}
process.exit(isGood ? 0 : 1);
