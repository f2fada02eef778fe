/** The words of `--help`. */
import type { Command, Option } from './command.ts';
import { EXIT_CODES } from './exit.ts';

const ENVIRONMENT = `Environment
  QUNFA_URL      where the producer is (http://127.0.0.1:3000)
  QUNFA_API_KEY  one of its API_KEYS; none is needed on its own machine without any`;

const COMMON: Readonly<Record<string, Option>> = {
  url: { type: 'string', value: 'address', help: 'in place of QUNFA_URL' },
  json: { type: 'boolean', help: 'JSON on standard output, for programs' },
  help: { type: 'boolean', short: 'h', help: 'this' },
};

export function overview(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }): [string, string] => [name, summary]);
  return `${[
    'qunfa: mass-send campaigns for WeChat Official Accounts',
    '',
    'usage: qunfa <command> [options]; qunfa <command> --help',
    '',
    ...table(rows),
    '',
    ENVIRONMENT,
    '',
    EXIT_CODES,
  ].join('\n')}\n`;
}

export function helpOf({ name, summary, usage, details, options }: Command): string {
  const rows = Object.entries({ ...options, ...COMMON }).map(([option, about]) =>
    rowOf(option, about),
  );
  return `${[
    `${summary}`,
    '',
    ...usage.map((line) => `  qunfa ${name}${line ? ` ${line}` : ''}`),
    '',
    ...(details ? [details, ''] : []),
    'Options',
    ...table(rows),
    '',
    ENVIRONMENT,
    '',
    EXIT_CODES,
  ].join('\n')}\n`;
}

const rowOf = (name: string, { short, value, help }: Option): [string, string] => [
  `${short ? `-${short}, ` : ''}--${name}${value ? ` <${value}>` : ''}`,
  help,
];

function table(rows: readonly [string, string][]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
