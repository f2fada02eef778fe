/** docs/wechat.md says what the code does. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dailyQuotas } from '../../src/shared/campaign/daily-quotas.ts';
import { outcomeOf } from '../../src/shared/campaign/outcome.ts';
import { EMPTY_TALLY } from '../../src/shared/campaign/progress.ts';
import { TABLES } from './wechat-tables.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/wechat.md'), 'utf8');

const between = (name: string): string =>
  page.split(`<!-- ${name} -->\n`)[1]?.split(`\n<!-- /${name} -->`)[0] ?? '';

describe('docs/wechat.md', () => {
  it.each(Object.entries(TABLES))('has the table of %s that the code has', (name, render) => {
    expect(between(name)).toBe(render());
  });

  it('names every call that the code makes, and no other', () => {
    const folder = join(ROOT, 'src/shared/wechat');
    const sources = readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
    const calls = sources.flatMap((text) => text.match(/\/cgi-bin\/[a-z_]+(?:\/[a-z_]+)*/g) ?? []);
    const named = [...page.matchAll(/^\| `(\/cgi-bin\/[a-z_/]+)`/gm)].map(([, path]) => path);

    expect([...new Set(named)].sort()).toEqual([...new Set(calls)].sort());
  });

  it('names the daily quotas that planning counts with', () => {
    const sentence = page.split('a day: ')[1]?.split('The console')[0]?.replaceAll('\n', ' ') ?? '';
    const named = [...sentence.matchAll(/`(?:[a-z]+\/)*([a-z]+)` ([\d,]+)/g)].map(
      ([, name = '', many = '']) => [name, Number(many.replaceAll(',', ''))],
    );
    const planned = Object.entries(dailyQuotas({ kind: 'service', callsPerDay: 100 }, {}))
      .filter(([path]) => !/send(all)?$/.test(path))
      .map(([path, { perDay }]) => [path.split('/').at(-1), perDay]);

    const shown = (list: unknown[][]) => list.map((row) => row.join(' ')).sort();
    expect(shown(named)).toEqual(shown(planned));
  });

  it('tells the outcome of every mixture of batches, as the code does', () => {
    const rows = between('outcomes')
      .split('\n')
      .slice(2)
      .map((line) => line.split('|').map((cell) => cell.trim()));
    const fits = (cell = '', count: number): boolean =>
      cell === 'any' || (cell === 'some') === count > 0;

    const counts = [0, 1, 2];
    const mixtures = counts.flatMap((abandoned) =>
      counts.flatMap((went) =>
        counts.flatMap((not) => counts.map((unknown) => [abandoned, went, not, unknown] as const)),
      ),
    );
    for (const mixture of mixtures) {
      const [abandoned, went, not, unknown] = mixture;
      const outcomes = rows
        .filter((row) => mixture.every((count, at) => fits(row[at + 1], count)))
        .map((row) => row[5]);
      const tally = { abandoned, 'receipt-delivered': went, 'receipt-unknown': unknown };

      for (const how of ['refused', 'cancelled', 'receipt-refused', 'receipt-failed']) {
        const code = outcomeOf({ ...EMPTY_TALLY, ...tally, [how]: not });
        expect(outcomes, mixture.join(' ')).toEqual([code]);
      }
      const nobody = { 'receipt-delivered': went + not, 'nobody-filtered': not };
      expect([outcomeOf({ ...EMPTY_TALLY, ...tally, ...nobody })]).toEqual(outcomes);
    }
  });
});
