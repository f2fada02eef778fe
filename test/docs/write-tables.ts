/** Puts the tables into the pages afresh: `node --import tsx test/docs/write-tables.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS_TABLES } from './metrics-table.ts';
import { PERMISSION_TABLES } from './permission-table.ts';
import { SANDBOX_TABLES } from './sandbox-tables.ts';
import { TABLES } from './wechat-tables.ts';

const PAGES = {
  'wechat.md': TABLES,
  'sandbox.md': SANDBOX_TABLES,
  'permissions.md': PERMISSION_TABLES,
  'operations.md': METRICS_TABLES,
};

for (const [name, tables] of Object.entries(PAGES)) {
  const path = join(import.meta.dirname, '../../docs', name);
  let page = readFileSync(path, 'utf8');
  for (const [mark, render] of Object.entries(tables)) {
    const between = new RegExp(`(<!-- ${mark} -->\\n)[\\s\\S]*?(<!-- /${mark} -->)`);
    page = page.replace(between, (_, start: string, end: string) => `${start}${render()}\n${end}`);
  }
  writeFileSync(path, page);
}
