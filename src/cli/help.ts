/** The words of `--help`. */
import type { Language } from '../shared/platform/sentences.ts';
import type { Command, Option } from './command.ts';
import { EXIT_CODES } from './exit.ts';

const ENVIRONMENT: Readonly<Record<Language, string>> = {
  en: `Environment
  QUNFA_URL      where the producer is (http://127.0.0.1:3000)
  QUNFA_API_KEY  one of its API_KEYS; none is needed on its own machine without any
  QUNFA_LANG     zh or en; the locale if it is absent`,
  zh: `环境变量
  QUNFA_URL      producer 的地址（http://127.0.0.1:3000）
  QUNFA_API_KEY  API_KEYS 之一；producer 在本机且未设置 API_KEYS 时不需要
  QUNFA_LANG     zh 或 en；未设置时按系统语言`,
};

const SUMMARIES_ZH: Readonly<Record<string, string>> = {
  send: '提交群发任务，并一直查看到结束。',
  plan: '预计任务要用多少次调用、何时结束；不发送任何内容。',
  preview: '正式群发之前，先发给少数人预览。',
  watch: '查看任务进展，直到结束或需要人工处理。',
  list: '列出任务，最新的在前。',
  show: '查看一个任务：状态、批次、操作记录。',
  pause: '暂停任务，不再提交新的批次。',
  resume: '恢复已暂停的任务。',
  cancel: '取消任务：已提交的批次继续等待结果，其余不再发送。',
  approve: '审批通过一个等待审批的任务。',
  reject: '驳回一个等待审批的任务，并取消它。',
  retry: '只重新提交被拒绝的批次。',
  resolve: '根据公众平台后台的情况，处理结果不明的批次。',
  recall: '撤回微信能够撤回的内容：图文或视频的页面。',
  media: '上传文件，供多个任务使用。',
  audience: '上传任意大小的 OpenID 名单。',
  accounts: '公众号：剩余额度、是否正常，以及微信上的分组、标签、关注者和草稿。',
  doctor: '检查配置、Redis、微信和回调地址。',
};

const summaryOf = ({ name, summary }: Command, lang: Language): string =>
  (lang === 'zh' && SUMMARIES_ZH[name]) || summary;

const COMMON: Readonly<Record<string, Option>> = {
  url: { type: 'string', value: 'address', help: 'in place of QUNFA_URL' },
  json: { type: 'boolean', help: 'JSON on standard output, for programs' },
  help: { type: 'boolean', short: 'h', help: 'this' },
};

export function overview(commands: readonly Command[], lang: Language): string {
  const rows = commands.map((one): [string, string] => [one.name, summaryOf(one, lang)]);
  return `${[
    lang === 'zh'
      ? 'qunfa：微信公众号群发任务'
      : 'qunfa: mass-send campaigns for WeChat Official Accounts',
    '',
    lang === 'zh'
      ? '用法：qunfa <命令> [选项]；qunfa <命令> --help'
      : 'usage: qunfa <command> [options]; qunfa <command> --help',
    '',
    ...table(rows),
    '',
    ENVIRONMENT[lang],
    '',
    EXIT_CODES[lang],
  ].join('\n')}\n`;
}

export function helpOf(command: Command, lang: Language): string {
  const { name, usage, details, options } = command;
  const rows = Object.entries({ ...options, ...COMMON }).map(([option, about]) =>
    rowOf(option, about),
  );
  return `${[
    summaryOf(command, lang),
    '',
    ...usage.map((line) => `  qunfa ${name}${line ? ` ${line}` : ''}`),
    '',
    ...(details ? [details, ''] : []),
    lang === 'zh' ? '选项' : 'Options',
    ...table(rows),
    '',
    ENVIRONMENT[lang],
    '',
    EXIT_CODES[lang],
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
