/** docs/limits.md says where each limit stands: it stands there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const rows = readFileSync(join(ROOT, 'docs/limits.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:resource|-)/.test(line));

it.each(rows)('each limit stands where the page says: %s', (row) => {
  const [, , where = ''] = row.split(' | ');
  const words = [...where.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  const files = words.filter((word) => /[/.]/.test(word));

  expect(files).not.toEqual([]);
  const text = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('');
  for (const name of words.filter((word) => !files.includes(word))) expect(text).toContain(name);
});
