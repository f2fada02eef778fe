/** Looking at campaigns. */
import type { BatchDetails, CampaignSummary } from '../client/index.ts';
import { CAMPAIGN_STATES, type CampaignState } from '../shared/campaign/campaign.ts';
import { STATE_WORDS } from '../shared/campaign/state-words.ts';
import type { Language } from '../shared/platform/sentences.ts';
import { type Command, count, flag, onlyArg, text, UsageError, type Values } from './command.ts';
import { EXIT, exitOf } from './exit.ts';
import { waitFor } from './wait-for.ts';
import { audienceWords, campaignLines, columns, number, stateWords } from './words.ts';

export const watch: Command = {
  name: 'watch',
  summary: 'Watch a campaign until it ends, or until a person is needed.',
  usage: ['<campaign id>'],
  details: 'With --json: one object a line, each time something changed.',
  options: {
    keep: { type: 'boolean', help: 'go on watching a held or paused campaign' },
  },
  async run(invocation) {
    const id = onlyArg(invocation, 'campaign id');
    const keep = flag(invocation.values, 'keep');
    return waitFor(invocation, id, {
      keep,
      ...(invocation.json ? { each: invocation.answer } : {}),
    });
  },
};

export const list: Command = {
  name: 'list',
  summary: 'The campaigns, newest first.',
  usage: [''],
  options: {
    account: { type: 'string', value: 'name', help: 'of this account only' },
    state: { type: 'string', value: 'state', help: CAMPAIGN_STATES.join(', ') },
    limit: { type: 'string', value: 'n', help: 'how many at most; 20' },
  },
  async run({ client, args, values, lang, say, answer }) {
    if (args.length > 0) throw new UsageError(`what is ${args[0]}?`);
    const most = count(values, 'limit', 100_000) ?? 20;
    const account = text(values, 'account');
    const state = stateOf(values);
    const found: CampaignSummary[] = [];
    const where = { ...(account ? { account } : {}), ...(state ? { state } : {}) };
    for await (const campaign of client.campaigns.list({ ...where, limit: Math.min(most, 100) })) {
      found.push(campaign);
      if (found.length === most) break;
    }
    answer(found);
    const rows = found.map((campaign) => [
      campaign.id,
      campaign.account,
      stateWords(campaign, lang),
      audienceWords(campaign.audience, lang),
      `${number(campaign.batches.settled)}/${number(campaign.batches.total)}`,
      campaign.name,
    ]);
    const head = HEADS[lang];
    for (const line of columns([head, ...rows])) say(line);
    return EXIT.done;
  },
};

function stateOf(values: Values): CampaignState | undefined {
  const given = text(values, 'state');
  const known = CAMPAIGN_STATES.find((state) => state === given);
  if (given === undefined || known) return known;
  throw new UsageError(`--state: one of ${CAMPAIGN_STATES.join(', ')}`);
}

const HEADS = {
  en: ['id', 'account', 'state', 'audience', 'batches', 'name'],
  zh: ['编号', '公众号', '状态', '群发对象', '批次', '名称'],
} as const;

export const show: Command = {
  name: 'show',
  summary: 'One campaign: how it stands, its batches, who did what.',
  usage: ['<campaign id>'],
  options: {
    batches: { type: 'boolean', help: 'its batches' },
    audit: { type: 'boolean', help: 'who did what' },
  },
  async run(invocation) {
    const { client, values, say, answer } = invocation;
    const campaign = await client.campaigns.get(onlyArg(invocation, 'campaign id'));
    const batches: BatchDetails[] = [];
    if (flag(values, 'batches')) {
      for await (const batch of client.campaigns.batches(campaign.id)) batches.push(batch);
    }
    const audit = flag(values, 'audit') ? await client.campaigns.audit(campaign.id) : [];
    answer({
      ...campaign,
      ...(flag(values, 'batches') ? { batchList: batches } : {}),
      ...(flag(values, 'audit') ? { audit } : {}),
    });
    for (const line of campaignLines(campaign, invocation.lang)) say(line);
    for (const line of batches.map((batch) => batchLine(batch, invocation.lang))) say(line);
    for (const { at, by, message, note, batch } of audit) {
      say(
        `  ${at}  ${by}  ${message}${batch === undefined ? '' : invocation.lang === 'zh' ? `（批次 ${batch}）` : ` (batch ${batch})`}${note ? `: ${note}` : ''}`,
      );
    }
    return exitOf(campaign);
  },
};

function batchLine(batch: BatchDetails, lang: Language): string {
  const { no, version, state, size, msgId, receipt, error, message, errcode } = batch;
  const isZh = lang === 'zh';
  const { batchStates } = STATE_WORDS.zh;
  const words = [
    isZh ? `  批次 ${no}  ${batchStates[state]}` : `  batch ${no}  ${state}`,
    size === null ? '' : `${number(size)}${isZh ? ' 个 OpenID' : ' OpenIDs'}`,
    msgId ? `${isZh ? '消息 id' : 'msg id'} ${msgId}` : '',
    receipt ? receiptWords(receipt, lang) : '',
    errcode === undefined ? '' : `errcode ${errcode}`,
    error?.message ?? message ?? '',
    `${isZh ? '版本' : 'version'} ${version}`,
  ];
  return words.filter((word) => word !== '').join(isZh ? '，' : ', ');
}

function receiptWords(
  { status, sent, failed }: NonNullable<BatchDetails['receipt']>,
  lang: Language,
): string {
  return lang === 'zh'
    ? `成功 ${number(sent, lang)} 人，失败 ${number(failed, lang)} 人`
    : `${status}, ${number(sent)} sent, ${number(failed)} failed`;
}
