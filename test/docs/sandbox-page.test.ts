/** docs/sandbox.md names what there is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SANDBOX_TABLES } from './sandbox-tables.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/sandbox.md'), 'utf8');

describe('docs/sandbox.md', () => {
  it.each(Object.entries(SANDBOX_TABLES))('has the %s that the code has', (name, render) => {
    expect(page).toContain(`<!-- ${name} -->\n${render()}\n<!-- /${name} -->`);
  });
});
