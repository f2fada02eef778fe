/** Puts the tables into docs/wechat.md afresh: `node --import tsx test/docs/write-wechat-tables.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TABLES } from './wechat-tables.ts';

const PAGE = join(import.meta.dirname, '../../docs/wechat.md');
let page = readFileSync(PAGE, 'utf8');
for (const [name, render] of Object.entries(TABLES)) {
  const between = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`);
  page = page.replace(between, (_, start: string, end: string) => `${start}${render()}\n${end}`);
}
writeFileSync(PAGE, page);
