/** What a campaign is called on a terminal, in English or Chinese. */

import type { CampaignSummary } from '../client/index.ts';
import type { Audience } from '../shared/campaign/audience.ts';
import { STATE_WORDS } from '../shared/campaign/state-words.ts';
import type { Language } from '../shared/platform/sentences.ts';
import type { Env } from './command.ts';

/** `QUNFA_LANG` (zh or en), else the locale of the terminal. */
export function languageOf({ QUNFA_LANG, LC_ALL, LC_MESSAGES, LANG }: Env): Language {
  return (QUNFA_LANG || LC_ALL || LC_MESSAGES || LANG || '').startsWith('zh') ? 'zh' : 'en';
}

export const number = (count: number | null | undefined, lang: Language = 'en'): string => {
  if (count === null || count === undefined) return lang === 'zh' ? '未知' : 'unknown';
  return count.toLocaleString('en');
};

export function audienceWords(audience: Audience, lang: Language): string {
  const isZh = lang === 'zh';
  switch (audience.type) {
    case 'group':
      return `${isZh ? '分组' : 'group'} ${audience.groupId}`;
    case 'tag':
      return `${isZh ? '标签' : 'tag'} ${audience.tagId}`;
    case 'everyone':
      return isZh ? '全部用户' : 'everyone';
    case 'list':
      return `${isZh ? '名单' : 'list'} ${audience.listId}`;
    case 'followers':
      return isZh ? '全部关注者（逐个 OpenID）' : 'all followers, by OpenID';
  }
}

/** English has the words of the API, which scripts and people look for alike. */
export function stateWords(
  { state, outcome }: Pick<CampaignSummary, 'state' | 'outcome'>,
  lang: Language,
): string {
  if (lang === 'en') return outcome ? `${state}: ${outcome}` : state;
  const { states, outcomes } = STATE_WORDS.zh;
  return outcome ? `${states[state]}：${outcomes[outcome]}` : states[state];
}

const LABELS = {
  en: {
    state: 'state       ',
    account: 'account     ',
    audience: 'audience    ',
    batches: 'batches     ',
    receipt: 'receipt     ',
    sendAt: 'send at     ',
    ended: 'ended at    ',
    waits: 'waits for   ',
    paused: 'paused for  ',
    error: 'error       ',
  },
  zh: {
    state: '状态      ',
    account: '公众号    ',
    audience: '群发对象  ',
    batches: '批次      ',
    receipt: '群发结果  ',
    sendAt: '发送时间  ',
    ended: '结束时间  ',
    waits: '等待      ',
    paused: '暂停原因  ',
    error: '失败原因  ',
  },
} as const;

/** The campaign as some lines; the last ones say what stands in the way, and what helps. */
export function campaignLines(campaign: CampaignSummary, lang: Language): string[] {
  const { id, waiting, error, warnings, pausedFor = [] } = campaign;
  const label = LABELS[lang];
  const isZh = lang === 'zh';
  const version = isZh ? `，版本 ${campaign.version}` : `, version ${campaign.version}`;
  const sandbox = isZh ? '（沙箱：不会有真实用户收到）' : '  (sandbox: no real user gets anything)';
  const until = isZh ? `，${campaign.notAfter} 截止` : `, not after ${campaign.notAfter}`;
  return [
    `${id}  ${campaign.name}`,
    `  ${label.state}${stateWords(campaign, lang)}${version}${campaign.sandbox ? sandbox : ''}`,
    `  ${label.account}${campaign.account}`,
    `  ${label.audience}${audienceWords(campaign.audience, lang)}${recipients(campaign, lang)}`,
    `  ${label.batches}${batchCounts(campaign, lang)}`,
    ...(campaign.batches.settled > 0 ? [`  ${label.receipt}${received(campaign, lang)}`] : []),
    `  ${label.sendAt}${campaign.sendAt}${until}`,
    ...(campaign.completedAt ? [`  ${label.ended}${campaign.completedAt}`] : []),
    ...(waiting ? [`  ${label.waits}${waitWords(waiting, lang)}`] : []),
    ...pausedFor.map((reason) => `  ${label.paused}${PAUSES[lang][reason](id)}`),
    ...(error ? [`  ${label.error}${error.code}: ${error.message}`] : []),
    ...warnings.map(({ message }) => `  !${' '.repeat(isZh ? 9 : 11)}${message}`),
  ];
}

function recipients({ recipients: count }: CampaignSummary, lang: Language): string {
  if (count === null) return '';
  return lang === 'zh' ? `，${number(count)} 人` : `, ${number(count)} recipients`;
}

function batchCounts({ batches }: CampaignSummary, lang: Language): string {
  const { total, ...states } = batches;
  const { batchStates } = STATE_WORDS.zh;
  const counts = Object.entries(states).filter(([, count]) => count > 0);
  if (lang === 'en') {
    const each = counts.map(([state, count]) => `${number(count)} ${state}`).join(', ');
    return `${number(total)}${each && `: ${each}`}`;
  }
  const each = counts.map(
    ([state, count]) => `${batchStates[state as keyof typeof states]} ${number(count)}`,
  );
  return `${number(total)}${each.length > 0 ? `：${each.join('，')}` : ''}`;
}

function received({ receipt }: CampaignSummary, lang: Language): string {
  const [sent, failed, eligible, total] = [
    receipt.sent,
    receipt.failed,
    receipt.eligible,
    receipt.total,
  ].map((count) => number(count, lang));
  return lang === 'zh'
    ? `成功 ${sent} 人，失败 ${failed} 人，可发送 ${eligible} 人（共 ${total} 人）`
    : `${sent} sent, ${failed} failed, of ${eligible} eligible (${total} in all)`;
}

export function waitWords(
  { reason, until, queue, missesNotAfter }: NonNullable<CampaignSummary['waiting']>,
  lang: Language,
): string {
  if (lang === 'en') {
    return `${reason}${queue ? ` (no worker serves ${queue})` : ''}${until ? `, until ${until}` : ''}${missesNotAfter ? ', which is after notAfter: it will be cancelled' : ''}`;
  }
  const why = STATE_WORDS.zh.waits[reason];
  return `${why}${queue ? `（${queue}）` : ''}${until ? `，${until} 继续` : ''}${missesNotAfter ? '，已晚于截止时间，任务将被取消' : ''}`;
}

type Pause = NonNullable<CampaignSummary['pausedFor']>[number];
const PAUSES: Readonly<Record<Language, Readonly<Record<Pause, (id: string) => string>>>> = {
  en: {
    operator: (id) => `operator; qunfa resume ${id}`,
    'followers-incomplete': (id) =>
      `followers-incomplete; qunfa resume ${id} sends to those that were listed`,
    approval: (id) =>
      `approval; somebody else: qunfa approve ${id}, or qunfa reject ${id} --note '…'`,
    'message-id-taken': () => 'message-id-taken',
  },
  zh: {
    operator: (id) => `人工暂停；恢复：qunfa resume ${id}`,
    'followers-incomplete': (id) =>
      `微信列出的关注者少于其总数；只发给已列出的关注者：qunfa resume ${id}`,
    approval: (id) =>
      `待他人审批（提交人不能自批）：qunfa approve ${id}，或 qunfa reject ${id} --note '…'`,
    'message-id-taken': () => '微信连续两次返回了别的批次的消息 id，请先处理这些批次',
  },
};

/** Chinese characters and their punctuation take two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g;
const widthOf = (text: string): number => text.length + (text.match(WIDE)?.length ?? 0);
export const padTo = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** Columns as wide as what stands in them. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => widthOf(row[at] ?? ''))),
  );
  return rows.map((row) =>
    row
      .map((cell, at) => padTo(cell, widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
