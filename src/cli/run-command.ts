/** From the words of a command line to an exit code. */
import { parseArgs } from 'node:util';
import { makeClient, QunfaError } from '../client/index.ts';
import { nearest } from '../shared/platform/nearest.ts';
import type { Language } from '../shared/platform/sentences.ts';
import { SECOND } from '../shared/platform/time.ts';
import { type Command, type Env, type Terminal, UsageError, type Values } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT, type Exit } from './exit.ts';
import { helpOf, overview } from './help.ts';
import { languageOf, stateWords } from './words.ts';

interface CommandLine {
  readonly argv: readonly string[];
  readonly env: Env;
  readonly terminal: Terminal;
  readonly version: string;
}

const DEFAULT_URL = 'http://127.0.0.1:3000';

export async function runCommand({ argv, env, terminal, version }: CommandLine): Promise<Exit> {
  const { stdout, stderr } = terminal;
  const lang = languageOf(env);
  const [name, ...rest] = argv;
  if (name === undefined || ['help', '--help', '-h'].includes(name)) {
    const about = COMMANDS.find((one) => one.name === rest[0]);
    stdout.write(about ? helpOf(about, lang) : overview(COMMANDS, lang));
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  if (name === '--version') {
    stdout.write(`${version}\n`);
    return EXIT.done;
  }
  const command = COMMANDS.find((one) => one.name === name);
  if (!command) {
    const near = nearest(
      name,
      COMMANDS.map((one) => one.name),
    );
    stderr.write(`qunfa: ${noCommand(name, near, lang)}\n`);
    return EXIT.usage;
  }
  let json = false;
  try {
    const { values, positionals } = parse(command, rest);
    if (values.help === true) {
      stdout.write(helpOf(command, lang));
      return EXIT.done;
    }
    json = values.json === true;
    return await command.run({
      args: positionals,
      values,
      client: clientOf(env, values, lang),
      terminal,
      env,
      lang,
      json,
      say: (line) => json || stdout.write(`${line}\n`),
      answer: (value) => json && stdout.write(`${JSON.stringify(value)}\n`),
    });
  } catch (error) {
    return explain(error, { command, terminal, json, version, lang });
  }
}

function parse({ options }: Command, args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { ...COMMON, ...options },
      allowPositionals: true,
      strict: true,
    }) as { values: Values; positionals: string[] };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const near = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? nearFlag(args, options) : undefined;
    throw new UsageError(near === undefined ? message : `${message}; did you mean --${near}?`);
  }
}

function nearFlag(args: readonly string[], options: Command['options']): string | undefined {
  const known = Object.keys({ ...COMMON, ...options });
  return args
    .flatMap((arg) => /^--([^=]+)/.exec(arg)?.[1] ?? [])
    .filter((name) => !known.includes(name))
    .map((name) => nearest(name, known))
    .find((name) => name !== undefined);
}

const COMMON = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  url: { type: 'string' },
} as const;

function clientOf(env: Env, values: Values, language: Language) {
  const url = typeof values.url === 'string' ? values.url : env.QUNFA_URL || DEFAULT_URL;
  const apiKey = env.QUNFA_API_KEY;
  // Long enough for a hiccup; whoever sits before it would rather hear that nobody is there.
  const patienceMs = 2 * SECOND;
  try {
    return makeClient({ url, patienceMs, language, ...(apiKey ? { apiKey } : {}) });
  } catch (error) {
    throw new UsageError(`QUNFA_URL or --${(error as Error).message}`);
  }
}

interface Place {
  readonly command: Command;
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly version: string;
  readonly lang: Language;
}

function explain(error: unknown, { command, terminal, json, version, lang }: Place): Exit {
  const { stdout, stderr } = terminal;
  if (error instanceof UsageError) {
    stderr.write(`qunfa ${command.name}: ${error.message}\n`);
    stderr.write(
      lang === 'zh'
        ? `  用法：qunfa ${command.name} --help\n`
        : `  qunfa ${command.name} --help says how\n`,
    );
    return EXIT.usage;
  }
  if (error instanceof QunfaError) {
    const { status, code, detail, errors, campaignId, campaign, batch } = error;
    if (json) {
      const facts = {
        ...{ status, code, detail, errors },
        ...(campaignId ? { campaignId } : {}),
        ...(campaign ? { campaign } : {}),
        ...(batch ? { batch } : {}),
      };
      stdout.write(`${JSON.stringify({ error: facts })}\n`);
    }
    stderr.write(`qunfa ${command.name}: ${noAnswerZh(code, lang)}${error.message}\n`);
    if (campaign) stderr.write(`  ${nowIs(stateWords(campaign, lang), lang)}\n`);
    if (batch) stderr.write(`  ${nowIs(`${batch.no} ${batch.state}`, lang)}\n`);
    return code === 'unreachable' || code === 'timeout' ? EXIT.unreachable : EXIT.failed;
  }
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (error instanceof TypeError && typeof code !== 'string') {
    // What the command reads from an answer is not in it.
    stderr.write(
      `qunfa ${command.name}: the producer's answer is not what this version (${version}) reads; is the producer of another version? (${message})\n`,
    );
    return EXIT.failed;
  }
  if (typeof code !== 'string') throw error;
  const missing = lang === 'zh' ? '没有这个文件：' : 'there is no file ';
  const why = code === 'ENOENT' && path ? `${missing}${path}` : message;
  stderr.write(`qunfa ${command.name}: ${why}\n`);
  return EXIT.failed;
}

const nowIs = (how: string, lang: Language): string =>
  lang === 'zh' ? `目前：${how}` : `it is now: ${how}`;

function noCommand(name: string, near: string | undefined, lang: Language): string {
  if (lang === 'zh') {
    return `没有命令 ${name}；${near === undefined ? '全部命令见 qunfa --help' : `是不是想用 ${near}？`}`;
  }
  const meant = near === undefined ? 'qunfa --help names them' : `did you mean ${near}?`;
  return `there is no command ${name}; ${meant}`;
}

/** What the client itself says, without an answer of the producer. */
const NO_ANSWER_ZH: Readonly<Record<string, string>> = {
  unreachable: '无法连接 producer，请确认它正在该地址运行。',
  timeout: 'producer 没有在规定时间内应答。',
  redirected: '该地址被重定向，请填写 producer 本身的地址。',
  'answer-unexpected': '应答不是 producer 的格式，请确认地址。',
  'file-unreadable': '任务中的文件无法读取，未发送任何内容。',
};

const noAnswerZh = (code: string, lang: Language): string =>
  lang === 'zh' && code in NO_ANSWER_ZH ? `${NO_ANSWER_ZH[code]} ` : '';
