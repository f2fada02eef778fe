/** The commands that make a campaign, of a JSON file, of options, or of both: send, plan, preview. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { text as textOf } from 'node:stream/consumers';
import { type Client, fillUploads, type NewCampaign, type PreviewTo } from '../client/index.ts';
import { problemWords } from '../shared/contract/problem-words.ts';
import { readJsonText } from '../shared/platform/json-text.ts';
import { audienceText, refusalIn } from './campaign-lines.ts';
import { waitFor } from './campaigns.ts';
import {
  type Command,
  EXIT,
  flag,
  given,
  type Invocation,
  type OptionName,
  text,
  UsageError,
} from './command.ts';
import { fields, localTime, number } from './screen.ts';

const STDIN = '-';
const PREVIEW = 'message/mass/preview';
const USAGE = ['<campaign.json | ->', '--text "…" --to <audience>'];
const CAMPAIGN_OPTIONS: readonly OptionName[] = [
  'text',
  'to',
  'account',
  'name',
  'send-at',
  'not-after',
  'priority',
  'exclude',
  'webhook',
];

export const send: Command = {
  name: 'send',
  usage: USAGE,
  examples: [
    'send campaign.json --send-at 2026-12-01T09:00:00+08:00',
    'send --account default --text "Happy Day" --to tag:2',
    'send --text "Happy Day" --to openids:vip.csv --no-wait',
  ],
  options: [...CAMPAIGN_OPTIONS, 'idempotency-key', 'repeat', 'yes', 'no-wait'],
  async run(invocation) {
    const { client, values, say, t } = invocation;
    const draft = await readDraft(invocation);
    await confirmBroadcast(draft.body, invocation);
    const accepted = await client.campaigns.create(
      await fillDraft(draft, invocation),
      given(values, { 'idempotency-key': 'idempotencyKey' }),
    );
    const { id, audience, account, sandbox = false } = accepted;
    if (flag(values, 'no-wait')) return { answer: accepted, lines: [id] };
    say(t.accepted(id, audienceText(audience, invocation), account, sandbox));
    return waitFor(invocation, id);
  },
};

export const plan: Command = {
  name: 'plan',
  usage: USAGE,
  examples: ['plan campaign.json --ask-wechat'],
  options: [...CAMPAIGN_OPTIONS, 'ask-wechat'],
  async run(invocation) {
    const { client, values, t } = invocation;
    const { labels, ...texts } = t.plan;
    const body = await fillDraft(await readDraft(invocation), invocation);
    const found = await client.campaigns.plan(body, { askWechat: flag(values, 'ask-wechat') });
    const calls = Object.entries(found.calls).map(([path, count]) => {
      const quota = found.quota[path];
      const left = quota ? texts.left(number(quota.left, t), number(quota.perDay, t)) : '';
      return [labels.calls, texts.calls(number(count, t), path) + left] as const;
    });
    return {
      answer: found,
      lines: fields([
        [labels.account, found.account],
        [labels.recipients, number(found.recipients, t)],
        [labels.batches, number(found.batches, t)],
        ...calls,
        [labels.begins, localTime(found.begins)],
        [labels.ends, found.ends === null ? t.unknown : localTime(found.ends)],
        ...found.advice.map(({ message }) => [labels.advice, message] as const),
      ]),
      exit: found.fitsNotAfter === false ? EXIT.failed : EXIT.done,
    };
  },
};

export const preview: Command = {
  name: 'preview',
  usage: ['<campaign.json | -> --to openid:…', '--text "…" --to wechat:…'],
  options: ['to', 'text', 'account', 'spend-last'],
  async run(invocation) {
    const { client, values, t } = invocation;
    const to = testersIn(invocation);
    const draft = await readDraft({ ...invocation, values: { ...values, to: ['everyone'] } });
    const { message, account } = await fillDraft(draft, invocation);
    const report = await client.previews.send({
      ...(account === undefined ? {} : { account }),
      message,
      to,
      ...(flag(values, 'spend-last') ? { spendLast: true } : {}),
    });
    const { results, quota } = report;
    return {
      answer: report,
      lines: [
        ...results.map(({ to: who, outcome, errcode }) => {
          const tester = 'openid' in who ? who.openid : who.wechatId;
          return `${tester}  ${t.outcomes[outcome]}${refusalIn(errcode, invocation, PREVIEW)}`;
        }),
        t.left.previews(number(quota.left, t), number(quota.perDay, t)),
      ],
      exit: report.sent === to.length ? EXIT.done : EXIT.failed,
    };
  },
};

function testersIn({ values, t }: Invocation): PreviewTo[] {
  if (!values.to) throw new UsageError(t.usage.tester);
  return values.to.map((one): PreviewTo => {
    const [, kind, who = ''] = /^(openid|wechat):(.+)$/.exec(one) ?? [];
    if (kind === undefined) throw new UsageError(t.usage.tester);
    return kind === 'openid' ? { openid: who } : { wechatId: who };
  });
}

/** What a file or options have; media and OpenIDs are still files. */
interface Draft {
  readonly body: NewCampaign;
  /** Paths inside the body are relative to it. */
  readonly folder: string;
}

/** @throws {UsageError} there is no campaign in it; {Error} the file cannot be read. */
async function readDraft(invocation: Invocation): Promise<Draft> {
  const { args, values, t } = invocation;
  const [path, ...more] = args;
  if (more.length > 0) throw new UsageError(t.usage.tooMany(t.things.file, more.join(' ')));
  const content = text(values, 'text');
  const to = text(values, 'to');
  const isWhole = content !== undefined && to !== undefined;
  if (path === undefined && !isWhole) throw new UsageError(t.usage.noCampaign);
  const { url, priority, ...names } = given(values, {
    account: 'account',
    name: 'name',
    'send-at': 'sendAt',
    'not-after': 'notAfter',
    webhook: 'url',
    priority: 'priority',
  });
  const body = {
    ...(path === undefined ? {} : await readJson(path, invocation)),
    ...(content === undefined ? {} : { message: { type: 'text', content } }),
    ...(to === undefined ? {} : { audience: audienceIn(to, invocation) }),
    ...names,
    ...(url === undefined ? {} : { webhook: { url } }),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
    ...(values.exclude ? { exclude: values.exclude } : {}),
    ...(flag(values, 'repeat') ? { repeat: true } : {}),
  } as NewCampaign;
  const isFile = path !== undefined && path !== STDIN;
  return { body, folder: isFile ? dirname(resolve(path)) : process.cwd() };
}

async function readJson(path: string, { terminal, lang, t }: Invocation): Promise<object> {
  const content = path === STDIN ? await textOf(terminal.stdin) : await readFile(path, 'utf8');
  const read = readJsonText(content.replace(/^\uFEFF/, ''));
  if ('flaw' in read) throw new UsageError(`${path}${t.colon}${problemWords(read.flaw, lang)}`);
  const { value } = read;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(t.usage.notObject(path));
}

/** An OpenIDs file stays a path until the campaign is confirmed. */
interface OpenIdsFile {
  readonly type: 'openids-file';
  readonly path: string;
}

function audienceIn(to: string, { t }: Invocation): NewCampaign['audience'] | OpenIdsFile {
  const [, type, value = ''] = /^([a-z]+)(?::(.+))?$/.exec(to) ?? [];
  if ((type === 'everyone' || type === 'followers') && value === '') return { type };
  if (type === 'group' && value !== '') return { type, groupId: value };
  if (type === 'tag' && /^\d+$/.test(value)) return { type, tagId: Number(value) };
  if (type === 'list' && value !== '') return { type, listId: value };
  if (type === 'openids' && value !== '') return { type: 'openids-file', path: value };
  throw new UsageError(t.usage.audience(to));
}

/** Uploads what is named by path. */
async function fillDraft(
  { body, folder }: Draft,
  { client, lang }: Invocation,
): Promise<NewCampaign> {
  const filled = await fillUploads(body, {
    folder,
    language: lang,
    upload: async (bytes, filename) => (await client.media.upload(bytes, { filename })).id,
  });
  const audience = filled.audience as NewCampaign['audience'] | OpenIdsFile;
  return audience?.type === 'openids-file'
    ? { ...filled, audience: await uploadList(audience, filled, client) }
    : filled;
}

async function uploadList({ path }: OpenIdsFile, { account }: NewCampaign, client: Client) {
  const list = await client.audiences.upload(path, account === undefined ? {} : { account });
  return { type: 'list', listId: list.id } as const;
}

/**
 * A send to every follower cannot be undone: an operator confirms it, or a script by `--yes`.
 *
 * @throws {UsageError} there is no terminal to ask on, or the answer was no.
 */
async function confirmBroadcast(
  { audience, account }: NewCampaign,
  { values, terminal, t }: Invocation,
): Promise<void> {
  const type = audience?.type;
  if ((type !== 'everyone' && type !== 'followers') || flag(values, 'yes')) return;
  const who = t.confirm.everyone(account);
  const { stdin: input, stderr: output } = terminal;
  if (!input.isTTY || !output.isTTY) throw new UsageError(t.confirm.needsYes(who));
  const asking = createInterface({ input, output });
  try {
    const typed = await asking.question(t.confirm.question(who));
    if (typed.trim() !== 'everyone') throw new UsageError(t.confirm.declined);
  } finally {
    asking.close();
  }
}
