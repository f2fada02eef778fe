/**
 * `npm run check`: lint, types and every test. `npm run check -- --changed [base]`: lint, types, and the tests nearest to what differs from `base` (`main`):
 * the changed ones, those that import a changed file themselves, and those named after one. What
 * reaches it through other files is left to the whole suite; the last line says how many those are.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g;

const lines = (text: string): string[] => text.split('\n').filter(Boolean);
const git = (...words: string[]): string[] =>
  lines(execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }));

function run(what: string, command: string, ...words: string[]): void {
  process.stdout.write(`--- ${what}\n`);
  const { status } = spawnSync('npx', [command, ...words], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function testsNear(changed: ReadonlySet<string>) {
  const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${file}`);
  const names = new Set([...changed].map((file) => basename(file).replace(/\.ts$/, '.test.ts')));
  const importsChanged = (file: string): boolean =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)].some(([, path = '']) =>
      changed.has(relative(ROOT, join(ROOT, dirname(file), path))),
    );
  const near = tests.filter(
    (test) => changed.has(test) || names.has(basename(test)) || importsChanged(test),
  );
  return { near, others: tests.length - near.length };
}

function checkChanged(base = 'main'): void {
  const [fork = 'HEAD'] = git('merge-base', base, 'HEAD');
  const changed = [
    ...git('diff', '--name-only', '--diff-filter=d', fork),
    ...git('ls-files', '--others', '--exclude-standard'),
  ].filter((file) => existsSync(join(ROOT, file)));
  if (changed.length > 0) {
    run('lint', 'biome', 'ci', '--colors=off', '--no-errors-on-unmatched', ...changed);
  }
  run('types', 'tsc', '--noEmit', '--incremental', '--tsBuildInfoFile', '.qunfa/types.json');
  const { near, others } = testsNear(new Set(changed));
  if (near.length > 0) run(`${near.length} test files`, 'vitest', 'run', ...near);
  process.stdout.write(`${others} other test files were not run: npm test\n`);
}

function checkAll(): void {
  run('lint', 'biome', 'ci', '.');
  run('types', 'tsc', '--noEmit');
  run('all tests', 'vitest', 'run');
}

const [mode, base] = process.argv.slice(2);
if (mode === '--changed') checkChanged(base);
else checkAll();
