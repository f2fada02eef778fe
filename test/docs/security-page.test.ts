/** SECURITY.md promises tests: they exist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
const rows = page
  .split('## What they could try')[1]
  ?.split('\n## ')[0]
  ?.split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:try|-)/.test(line));

it.each(rows ?? [])('each threat has a test that shows what stops it: %s', (row) => {
  const tests = row.match(/test\/[\w./-]+/g) ?? [];

  expect(tests).not.toEqual([]);
  for (const file of tests) expect(existsSync(join(ROOT, file)), file).toBe(true);
});

it('every test that is named anywhere in it exists', () => {
  const tests = page.match(/test\/[\w./-]+\.ts/g) ?? [];

  expect(tests.length).toBeGreaterThan(30);
  expect(tests.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});
