/** The table of docs/operations.md that names every metric, made from its declarations. */
import { METRICS } from '../../src/shared/platform/metrics.ts';

export const METRICS_TABLES: Readonly<Record<string, () => string>> = {
  metrics: () => ['| metric | type | from | meaning |', '|---|---|---|---|', ...rows()].join('\n'),
};

const rows = (): string[] =>
  Object.entries(METRICS).map(([name, { type, help, roles, ...more }]) => {
    const labels = 'labels' in more ? Object.entries(more.labels) : [];
    const named = labels.length === 0 ? '' : `{${labels.map(([label]) => label).join(',')}}`;
    const values = labels.flatMap(([label, known]: [string, readonly string[] | null]) =>
      known ? [` \`${label}\`: ${known.join(', ')}.`] : [],
    );
    return `| \`${name}${named}\` | ${type} | ${roles.join(', ')} | ${help}.${values.join('')} |`;
  });
