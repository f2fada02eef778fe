/** From a command line to an exit code. */
import { makeClient, QunfaError } from '../client/index.ts';
import { STATE_WORDS } from '../shared/campaign/state-words.ts';
import { ServiceError, textOf } from '../shared/platform/errors.ts';
import { nearest } from '../shared/platform/nearest.ts';
import { inLanguage } from '../shared/platform/sentences.ts';
import { SECOND } from '../shared/platform/time.ts';
import { accounts } from './accounts.ts';
import { alert } from './alert.ts';
import { attention } from './attention.ts';
import { stateText } from './campaign-lines.ts';
import { list, show, watch } from './campaigns.ts';
import {
  type Command,
  type Env,
  EXIT,
  type Exit,
  flag,
  onlyArg,
  parse,
  type Terminal,
  text,
  UsageError,
  type Values,
} from './command.ts';
import {
  acknowledge,
  approve,
  cancel,
  pause,
  recall,
  reject,
  reschedule,
  resolve,
  resume,
  retry,
} from './decide.ts';
import { doctor } from './doctor.ts';
import { hash } from './hash.ts';
import { completion, helpOf, overview, SHELLS } from './help.ts';
import { audience, media } from './library.ts';
import { makeScreen, type Screen } from './screen.ts';
import { plan, preview, send } from './send.ts';

const completionCommand: Command = {
  name: 'completion',
  usage: [SHELLS.join(' | ')],
  options: [],
  async run(invocation) {
    const named = onlyArg(invocation, 'shell');
    const shell = SHELLS.find((one) => one === named);
    const { usage } = invocation.t;
    if (!shell) throw new UsageError(usage.unexpected(named));
    const script = completion(COMMANDS, shell);
    return { answer: script.join('\n'), lines: script };
  },
};

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [
  ...[send, plan, preview, watch, list, show, attention],
  ...[pause, resume, cancel, reschedule, approve, reject, retry, resolve, acknowledge, recall],
  ...[media, audience, accounts, doctor, alert, hash, completionCommand],
];

interface CommandLine {
  readonly argv: readonly string[];
  readonly env: Env;
  readonly terminal: Terminal;
  readonly version: string;
}

const DEFAULT_URL = 'http://127.0.0.1:3000';

export async function runCommand({ argv, env, terminal, version }: CommandLine): Promise<Exit> {
  const { stdout, stderr } = terminal;
  const screen = makeScreen(stdout, env);
  const { t } = screen;
  const print = (lines: readonly string[]): void => {
    for (const line of lines) stdout.write(`${line}\n`);
  };
  const [name, ...rest] = argv;
  if (name === undefined || ['help', '--help', '-h'].includes(name)) {
    const about = COMMANDS.find((one) => one.name === rest[0]);
    print(about ? helpOf(about, screen) : overview(COMMANDS, screen));
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  if (name === '--version' || name === '-v') {
    print([version]);
    return EXIT.done;
  }
  const command = COMMANDS.find((one) => one.name === name);
  if (!command) {
    const names = COMMANDS.map((one) => one.name);
    stderr.write(`qunfa: ${t.usage.noCommand(name, nearest(name, names))}\n`);
    return EXIT.usage;
  }
  let json = false;
  try {
    const { args, values } = parse(command, rest, t);
    if (flag(values, 'help')) {
      print(helpOf(command, screen));
      return EXIT.done;
    }
    json = flag(values, 'json');
    const client = clientOf(env, values, screen);
    const { answer, lines, exit } = await command.run({
      ...{ ...screen, args, values, client, terminal, env, json },
      say: (line) => json || stdout.write(`${line}\n`),
    });
    print(json ? (answer === undefined ? [] : [JSON.stringify(answer)]) : (lines ?? []));
    return exit ?? EXIT.done;
  } catch (error) {
    return explain(error, { command, terminal, json, version, screen });
  }
}

function clientOf(env: Env, values: Values, { lang, t }: Screen) {
  const url = text(values, 'url') ?? (env.QUNFA_URL || DEFAULT_URL);
  const apiKey = env.QUNFA_API_KEY;
  // Long enough for a short outage; an operator who waits should learn soon that it is down.
  const patienceMs = 2 * SECOND;
  try {
    return makeClient({ url, patienceMs, language: lang, ...(apiKey ? { apiKey } : {}) });
  } catch {
    throw new UsageError(t.usage.producerUrl);
  }
}

interface Context {
  readonly command: Command;
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly version: string;
  readonly screen: Screen;
}

function explain(error: unknown, { command, terminal, json, version, screen }: Context): Exit {
  const { t, lang } = screen;
  const complain = (...lines: readonly string[]): void => {
    terminal.stderr.write(`qunfa ${command.name}: ${lines.join('\n  ')}\n`);
  };
  if (error instanceof UsageError) {
    complain(error.message, t.usage.help(command.name));
    return EXIT.usage;
  }
  if (error instanceof QunfaError) {
    const { status, code, detail, errors, campaignId, campaign, batch } = error;
    if (json) {
      const facts = { status, code, detail, errors, campaignId, campaign, batch };
      terminal.stdout.write(`${JSON.stringify({ error: facts })}\n`);
    }
    const now = [
      ...(campaign ? [stateText(campaign, screen)] : []),
      ...(batch ? [`${t.batch.no(batch.no)} ${STATE_WORDS[lang].batchStates[batch.state]}`] : []),
    ];
    complain(error.message, ...now.map(t.failure.nowIs));
    return code === 'unreachable' || code === 'timeout' ? EXIT.unreachable : EXIT.failed;
  }
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (error instanceof ServiceError) complain(inLanguage(textOf(error), lang));
  else if (code === 'ENOENT' && path) complain(t.failure.noFile(path));
  else if (typeof code === 'string') complain(message);
  // A field that the command reads is not in the answer.
  else if (error instanceof TypeError) complain(t.failure.otherVersion(version, message));
  else throw error;
  return EXIT.failed;
}
