/** What every command has, what it is given, and the options that there are. */
import { parseArgs } from 'node:util';
import type { CampaignSummary, Client } from '../client/index.ts';
import { nearest } from '../shared/platform/nearest.ts';
import type { Screen } from './screen.ts';
import type { Texts } from './texts.ts';

export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  /** Ctrl-C. @returns what ends the listening. */
  readonly onInterrupt?: (stop: () => void) => () => void;
}
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

export type Env = Readonly<Record<string, string | undefined>>;

export interface Invocation extends Screen {
  readonly args: readonly string[];
  readonly values: Values;
  readonly client: Client;
  readonly terminal: Terminal;
  readonly env: Env;
  /** Standard output is JSON only. */
  readonly json: boolean;
  /** Writes a line before the command has ended; nothing with `--json`. */
  readonly say: (line: string) => void;
}

export interface Result {
  /** What `--json` prints. */
  readonly answer?: unknown;
  /** What is printed without it. */
  readonly lines?: readonly string[];
  /** 0 if absent. */
  readonly exit?: Exit;
}

export interface Command {
  readonly name: CommandName;
  /** One line each, without the program's name. */
  readonly usage: readonly string[];
  readonly examples?: readonly string[];
  readonly options: readonly OptionName[];
  readonly run: (invocation: Invocation) => Promise<Result>;
}
export type CommandName = keyof Texts['commands'];

/** Each option with the placeholder of its value in the help; null for a switch. */
export const OPTIONS = {
  account: 'name',
  article: 'n',
  as: 'outcome',
  'ask-wechat': null,
  audit: null,
  batch: 'n',
  batches: null,
  column: 'name',
  exclude: 'a_…',
  format: 'format',
  help: null,
  'idempotency-key': 'key',
  json: null,
  keep: null,
  limit: 'n',
  'may-be-received-twice': null,
  'msg-id': 'digits',
  name: 'text',
  'no-wait': null,
  'not-after': 'time',
  note: 'text',
  priority: '1-9',
  repeat: null,
  seen: 'version',
  'send-at': 'time',
  'spend-last': null,
  split: null,
  state: 'state',
  test: null,
  text: 'text',
  to: 'audience',
  url: 'address',
  webhook: 'url',
  without: 'openid',
  yes: null,
} as const;
export type OptionName = keyof typeof OPTIONS;

export const SHORT: Readonly<Partial<Record<OptionName, string>>> = { help: 'h', yes: 'y' };
const COMMON: readonly OptionName[] = ['url', 'json', 'help'];

export const optionsOf = ({ options }: Command): OptionName[] => [...options, ...COMMON];

/** Every value that an option was given; a switch has `''`. */
export type Values = Readonly<Partial<Record<OptionName, readonly string[]>>>;

/** The command was not understood. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** @throws {UsageError} an unknown option, or one without its value. */
export function parse(command: Command, argv: readonly string[], { usage }: Texts) {
  const known = optionsOf(command);
  const { tokens, positionals } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(known.map((name) => [name, shapeOf(name)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values: Partial<Record<OptionName, string[]>> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { rawName, value } = token;
    const name = known.find((one) => one === token.name);
    if (!name) throw new UsageError(usage.unknownOption(rawName, nearest(token.name, known)));
    const isSwitch = OPTIONS[name] === null;
    if (isSwitch && value !== undefined) throw new UsageError(usage.takesNoValue(rawName));
    if (!isSwitch && value === undefined) throw new UsageError(usage.needsValue(rawName));
    values[name] = [...(values[name] ?? []), value ?? ''];
  }
  return { args: positionals, values: values as Values };
}

function shapeOf(name: OptionName) {
  const short = SHORT[name];
  const type = OPTIONS[name] === null ? 'boolean' : 'string';
  return { type, ...(short ? { short } : {}) } as const;
}

/** The last one counts. */
export const text = (values: Values, name: OptionName): string | undefined => values[name]?.at(-1);
export const flag = (values: Values, name: OptionName): boolean => name in values;

/** The options that were given, by the names that the API has for them. */
export const given = <const Name extends OptionName, Field extends string>(
  values: Values,
  fields: Readonly<Record<Name, Field>>,
): { readonly [Key in Field]?: string } =>
  Object.fromEntries(
    (Object.entries(fields) as [Name, Field][]).flatMap(([name, field]) => {
      const value = text(values, name);
      return value === undefined ? [] : [[field, value]];
    }),
  ) as { readonly [Key in Field]?: string };

/** @throws {UsageError} it is missing, or there are more. */
export function onlyArg(
  { args, t }: Pick<Invocation, 'args' | 't'>,
  what: keyof Texts['things'],
): string {
  const [arg, ...more] = args;
  if (arg === undefined) throw new UsageError(t.usage.missing(t.things[what]));
  if (more.length > 0) throw new UsageError(t.usage.tooMany(t.things[what], more.join(' ')));
  return arg;
}

/** @throws {UsageError} it is no whole number between these. */
export function whole(
  { values, t }: Pick<Invocation, 'values' | 't'>,
  name: OptionName,
  [least, most]: readonly [number, number],
): number | undefined {
  const value = text(values, name);
  if (value === undefined) return undefined;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(t.usage.notWhole(name, least, most));
}

/** The first `--limit` of a list, 20 if it is absent. */
export async function firstOf<Item>(
  invocation: Pick<Invocation, 'values' | 't'>,
  list: (page: { readonly limit: number }) => AsyncIterable<Item>,
): Promise<Item[]> {
  const most = whole(invocation, 'limit', [1, 100_000]) ?? 20;
  return allOf(list({ limit: Math.min(most, 100) }), most);
}

export async function allOf<Item>(
  items: AsyncIterable<Item>,
  most = Number.POSITIVE_INFINITY,
): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) {
    found.push(item);
    if (found.length === most) break;
  }
  return found;
}

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  operator: 3,
  unreachable: 4,
  interrupted: 130,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Nothing more happens before an operator decides. */
export const needsOperator = ({ state }: Pick<CampaignSummary, 'state'>): boolean =>
  state === 'held' || state === 'paused';

export function exitOf(campaign: Pick<CampaignSummary, 'state' | 'outcome'>): Exit {
  if (needsOperator(campaign) || campaign.outcome === 'unknown') return EXIT.operator;
  if (campaign.state === 'failed' || campaign.state === 'cancelled') return EXIT.failed;
  if (campaign.state !== 'completed') return EXIT.done;
  return campaign.outcome === 'delivered' ? EXIT.done : EXIT.failed;
}
