/** What `qunfa-sandbox` is told on its command line and in its environment. */
import { parseArgs } from 'node:util';
import { FAULTS } from './fault.ts';
import { describeAllowed, suggestion } from './option.ts';
import { LIMITS, PACE, SWITCHES } from './option-table.ts';
import { OPTIONS, optionsIn, type SandboxAccount } from './options.ts';
import { madeUpAccount, type SandboxSettings } from './start.ts';
import { isRecord } from './world.ts';

const PORT = 3002;
const ARGUMENTS = {
  host: { type: 'string' },
  port: { type: 'string' },
  callback: { type: 'string' },
  account: { type: 'string', multiple: true },
  settings: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Of an account in a settings file. What is left out is made up. */
const OF_ACCOUNT: Readonly<Record<keyof SandboxAccount, string>> = {
  name: 'string',
  kind: 'string',
  appId: 'string',
  appSecret: 'string',
  originalId: 'string',
  callbackToken: 'string',
  encodingAesKey: 'string',
  callbackUrl: 'string',
  pushMode: 'string',
  strangers: 'string',
  followers: 'number or list',
  groups: 'list',
  tags: 'list',
  refusing: 'list',
  failing: 'list',
};
const OF_FILE: readonly string[] = ['host', 'port', 'callback', 'accounts', 'options'];

export type Told =
  | { readonly show: 'help' | 'version' }
  | { readonly settings: SandboxSettings; readonly asJson: boolean };

/**
 * The command line wins over the settings file, and that over the environment.
 *
 * @throws TypeError that names what is wrong and what may have been meant.
 */
export function readCommandLine(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): Told {
  mustKnow(argv.filter((word) => word.startsWith('--')).map((word) => word.slice(2)));
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: ARGUMENTS,
    allowPositionals: true,
  });
  if (values.help) return { show: 'help' };
  if (values.version) return { show: 'version' };

  const file = values.settings === undefined ? {} : settingsIn(readFile(values.settings));
  const callbackUrl = values.callback ?? file.callbackUrl ?? env.SANDBOX_CALLBACK_URL;
  const accounts = values.account?.map(accountNamed) ?? file.accounts;
  const settings: SandboxSettings = {
    host: values.host ?? file.host ?? env.SANDBOX_HOST ?? '127.0.0.1',
    port: portIn(values.port ?? file.port ?? env.SANDBOX_PORT ?? PORT),
    ...(callbackUrl ? { callbackUrl: addressIn(callbackUrl) } : {}),
    ...(accounts ? { accounts } : {}),
    options: {
      ...optionsIn((env.SANDBOX_OPTIONS ?? '').split(',').filter((word) => word.trim() !== '')),
      ...file.options,
      ...optionsIn(positionals),
    },
  };
  return { settings, asJson: values.json ?? false };
}

function mustKnow(words: readonly string[]): void {
  for (const name of words.map((word) => word.split('=')[0] ?? '')) {
    if (name in ARGUMENTS) continue;
    const known = Object.keys(ARGUMENTS).map((argument) => `--${argument}`);
    throw new TypeError(`there is no --${name}${suggestion(`--${name}`, known)}`);
  }
}

function portIn(given: string | number): number {
  const port = Number(given);
  if (Number.isSafeInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new TypeError(`${given} is no port`);
}

function addressIn(given: string): string {
  if (/^https?:\/\/[^/]/.test(given) && URL.canParse(given)) return given;
  throw new TypeError('a callback address begins with http:// or https://');
}

/** `name`, `name:subscription`. */
function accountNamed(word: string): SandboxAccount {
  const [name = '', kind = 'service'] = word.split(':');
  return completed({ name, kind });
}

function settingsIn(text: string) {
  const given: unknown = JSON.parse(text);
  if (!isRecord(given)) throw new TypeError('a settings file is a JSON object');
  mustBeAmong(Object.keys(given), OF_FILE, 'setting');
  const { host, port, callback, accounts, options } = given;
  if (accounts !== undefined && !Array.isArray(accounts)) throw new TypeError('accounts is a list');
  return {
    ...(typeof host === 'string' && { host }),
    ...(typeof port === 'number' && { port }),
    ...(typeof callback === 'string' && { callbackUrl: callback }),
    ...(accounts && { accounts: accounts.map(completed) }),
    ...(isRecord(options) && { options }),
  };
}

function completed(given: unknown): SandboxAccount {
  if (!isRecord(given)) throw new TypeError('an account is an object');
  const { name, kind = 'service' } = given;
  mustBeAmong(Object.keys(given), Object.keys(OF_ACCOUNT), 'field of an account');
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9-]*$/i.test(name)) {
    throw new TypeError('an account has a name of letters, digits and hyphens');
  }
  if (kind !== 'service' && kind !== 'subscription') {
    throw new TypeError(`${name} is a service or a subscription account, not ${String(kind)}`);
  }
  for (const [field, value] of Object.entries(given)) {
    const wanted = OF_ACCOUNT[field as keyof SandboxAccount];
    const is = Array.isArray(value) ? 'list' : typeof value;
    if (!wanted.split(' or ').includes(is)) throw new TypeError(`${name}: ${field} is a ${wanted}`);
  }
  return { ...madeUpAccount(name, kind), ...given };
}

function mustBeAmong(given: readonly string[], known: readonly string[], what: string): void {
  for (const name of given) {
    if (known.includes(name)) continue;
    throw new TypeError(`no ${what} is named ${name}${suggestion(name, known)}`);
  }
}

export const HELP = `qunfa-sandbox: a stand-in for api.weixin.qq.com, for any client of WeChat's mass sends

usage: qunfa-sandbox [arguments] [name=value …]

Arguments
  --host <address>   what it listens on (127.0.0.1; 0.0.0.0 for a container)
  --port <number>    3002; 0 takes a free one
  --callback <url>   where events are pushed; :account stands for the account's name
  --account <name>   a made-up service account, or <name>:subscription; may be repeated
  --settings <file>  JSON of host, port, callback, accounts and options
  --json             one line of JSON with the address and the accounts, for programs
  --version
  -h, --help         this

Point a client at http://127.0.0.1:3002 in place of https://api.weixin.qq.com. Accounts are made
up and printed; their credentials open nothing else. While it runs:

  curl localhost:3002                                            who got what
  curl localhost:3002/sandbox/ledger                             whether a follower got anything twice
  curl -X PUT localhost:3002/sandbox/options -d '{"leastOpenIds": 1}'
  curl -X PUT localhost:3002/sandbox/faults -d '{"name": "errcode", "errcode": 45009, "times": 3}'
  curl -X DELETE localhost:3002/sandbox/faults

Environment
  SANDBOX_HOST, SANDBOX_PORT, SANDBOX_CALLBACK_URL   as the arguments
  SANDBOX_OPTIONS                                    name=value,name=value

Pace, in milliseconds
${rowsOf(Object.keys(PACE))}

Limits; null is none
${rowsOf(Object.keys(LIMITS))}

Switches; the first value is the default
${rowsOf(Object.keys(SWITCHES))}

Faults, for PUT /sandbox/faults. All take account, path, nth, times (1; null for ever) and
bodyIncludes.
${Object.entries(FAULTS)
  .map(([name, about]) => `  ${name}\n      ${about}`)
  .join('\n')}
`;

function rowsOf(names: readonly string[]): string {
  return names
    .map((name) => {
      const option = OPTIONS[name];
      if (!option) return '';
      const { initial, allowed, about } = option;
      const values = typeof allowed === 'string' ? String(initial) : describeAllowed(option);
      return `  ${name}=${values}\n      ${about}`;
    })
    .join('\n');
}
