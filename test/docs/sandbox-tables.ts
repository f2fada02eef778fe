/** The tables of docs/sandbox.md, made from the code that they describe. */
import { FAULTS } from '../../src/sandbox/fault.ts';
import { describeAllowed, type Table } from '../../src/sandbox/option.ts';
import { LIMITS, PACE, SWITCHES } from '../../src/sandbox/option-table.ts';

/** Name in the page's marks → its table. */
export const SANDBOX_TABLES: Readonly<Record<string, () => string>> = {
  pace: () => optionTable(PACE),
  limits: () => optionTable(LIMITS),
  switches: () => optionTable(SWITCHES),
  faults: () => ['| fault | |', '|---|---|', ...Object.entries(FAULTS).map(rowOf)].join('\n'),
};

const rowOf = ([name, about]: readonly [string, string]): string => `| \`${name}\` | ${about} |`;

function optionTable(table: Table): string {
  const rows = Object.entries(table).map(([name, option]) => {
    const values =
      typeof option.allowed === 'string' ? String(option.initial) : describeAllowed(option);
    return `| \`${name}\` | ${values.replaceAll(' | ', ' · ')} | ${option.about} |`;
  });
  return ['| option | values | |', '|---|---|---|', ...rows].join('\n');
}
