/** docs/permissions.md has the table that follows from the routes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PERMISSION_TABLES } from './permission-table.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/permissions.md'), 'utf8');

it.each(Object.entries(PERMISSION_TABLES))(
  'docs/permissions.md has the table of %s',
  (name, render) => {
    expect(page.split(`<!-- ${name} -->\n`)[1]?.split(`\n<!-- /${name} -->`)[0]).toBe(render());
  },
);
