/** What needs an operator, over all campaigns and accounts: facts, and their sentences. */
import { z } from 'zod';
import { ATTENTION_KINDS, NEXT_CODES, TODO_CODES } from '../campaign/attention.ts';
import { CAMPAIGN_STATES, PAUSE_REASONS } from '../campaign/campaign.ts';
import { STOP_CODES, type StopFacts } from '../campaign/lane.ts';
import type { Language } from '../platform/sentences.ts';
import { stopWords } from './account-words.ts';
import type { CampaignView } from './campaign-view.ts';
import { FAILURE_CODES, inWords } from './campaign-words.ts';
import { type Answered, Count, Cursor, Limit, Next, Time } from './shapes.ts';

export const AttentionQuery = z.strictObject({
  limit: Limit,
  cursor: Cursor,
  account: z.string().min(1).max(32).exactOptional().describe('Of this account only'),
  kind: z.enum(ATTENTION_KINDS).exactOptional().describe('Of this kind only'),
});

const said = z.string().describe('In the language of Accept-Language (en, zh)');

const Item = z
  .strictObject({
    kind: z.enum(ATTENTION_KINDS),
    account: z.string(),
    campaign: z
      .strictObject({
        id: z.string(),
        name: z.string(),
        version: Count,
        state: z.enum(CAMPAIGN_STATES),
        createdBy: z.string(),
        sendAt: Time,
        notAfter: Time,
      })
      .exactOptional()
      .describe('Absent where it is about the account'),
    since: Time,
    message: said,
    batches: Count.exactOptional().describe('How many batches it is about'),
    code: z
      .enum([...STOP_CODES, ...PAUSE_REASONS, ...FAILURE_CODES])
      .exactOptional()
      .describe('Why the account stands still, the campaign is paused, or it failed'),
    errcode: z.int().exactOptional().describe('WeChat’s'),
    path: z.string().exactOptional().describe('The call that WeChat refused'),
    hosts: z
      .array(z.string())
      .exactOptional()
      .describe('The hosts whose address WeChat refuses (40164)'),
    why: z.string().exactOptional().describe('What the webhook answered: `HTTP 500`, or a code'),
    attempts: Count.exactOptional().describe('How often the webhook was called'),
    lastEventAt: Time.nullable().exactOptional().describe('When WeChat last pushed an event'),
    next: z
      .strictObject({ code: z.enum(NEXT_CODES), at: Time.exactOptional(), message: said })
      .describe('What happens by itself'),
    todo: z
      .strictObject({ code: z.enum(TODO_CODES), message: said })
      .describe('What the operator must do'),
  })
  .meta({ id: 'AttentionItem' });
export type AttentionItem = Answered<typeof Item>;

const OPTIONAL_COUNTS = Object.fromEntries(
  ATTENTION_KINDS.map((kind) => [kind, Count.exactOptional()]),
);

export const AttentionPage = z
  .strictObject({
    count: Count.describe('Of all pages'),
    counts: z.strictObject(OPTIONAL_COUNTS).describe('Kind → how many, where there are any'),
    items: z.array(Item),
    next: Next,
  })
  .describe('A page of what needs an operator, worst first')
  .meta({
    id: 'AttentionPage',
    examples: [
      {
        count: 1,
        counts: { 'outcome-unknown': 1 },
        items: [
          {
            kind: 'outcome-unknown',
            account: 'default',
            campaign: {
              id: '3kq8v2x0a5n7c1d9f0',
              name: 'Happy Day',
              version: 4,
              state: 'held',
              createdBy: 'crm',
              sendAt: '2026-12-01T01:00:00.000Z',
              notAfter: '2026-12-02T01:00:00.000Z',
            },
            since: '2026-12-02T00:00:11.000Z',
            message: '3 batches: it is unknown whether WeChat sent them',
            batches: 3,
            next: { code: 'nothing', message: 'nothing happens by itself' },
            todo: {
              code: 'resolve',
              message: 'look for the message in WeChat’s console, then say whether it was sent',
            },
          },
        ],
        next: null,
      },
    ],
  });
export type AttentionPage = Answered<typeof AttentionPage>;

/** An item before it is put into words. */
export interface Attention {
  readonly kind: AttentionItem['kind'];
  readonly account: string;
  readonly campaign?: CampaignView;
  readonly since: string;
  readonly batches?: number;
  readonly stop?: StopFacts;
  readonly hosts?: readonly string[];
  readonly webhook?: { readonly why: string; readonly attempts: number };
  readonly lastEventAt?: string | null;
  readonly next: { readonly code: (typeof NEXT_CODES)[number]; readonly at?: string };
  readonly todo: (typeof TODO_CODES)[number];
}

export function attentionInWords(item: Attention, language: Language): AttentionItem {
  const { kind, account, campaign, since, batches, stop, hosts, webhook, lastEventAt } = item;
  const code = kind === 'campaign-paused' ? campaign?.pausedFor?.[0] : campaign?.error?.code;
  const words = WORDS[language];
  return {
    kind,
    account,
    ...(campaign ? { campaign: shortOf(campaign) } : {}),
    since,
    message: words.kinds[kind](item),
    ...(batches === undefined ? {} : { batches }),
    ...(kind.startsWith('campaign-') && code ? { code } : {}),
    ...(stop ? stopCode(stop) : {}),
    ...(hosts ? { hosts } : {}),
    ...webhook,
    ...(lastEventAt === undefined ? {} : { lastEventAt }),
    next: { ...item.next, message: words.next[item.next.code] },
    todo: { code: item.todo, message: words.todo[item.todo] },
  };
}

const stopCode = (stop: StopFacts) => {
  const { code } = stop;
  if (!('errcode' in stop)) return { code };
  const { errcode, path } = stop;
  return { code, errcode, ...(path === undefined ? {} : { path }) };
};

const shortOf = (view: CampaignView): NonNullable<AttentionItem['campaign']> => {
  const { id, name, version, state, createdBy, sendAt, notAfter } = view;
  return { id, name, version, state, createdBy, sendAt, notAfter };
};

/** An item that an operator was told of, for as long as it lasts. */
export interface ToldAttention {
  readonly kind: Attention['kind'] | 'redis-nearly-full';
  readonly account: string;
  readonly campaign?: { readonly id: string; readonly name: string };
  /** Missing where it moves on with what the item is about. */
  readonly since?: string;
  readonly stop?: Pick<StopFacts, 'code'> & { readonly errcode?: number; readonly path?: string };
  readonly batches?: number;
  readonly hosts?: readonly string[];
}

export function factsOf(item: Attention): ToldAttention {
  const { kind, account, campaign, since, batches, stop, hosts } = item;
  return {
    kind,
    account,
    ...(campaign ? { campaign: { id: campaign.id, name: campaign.name } } : {}),
    // The oldest of the batches without an event is always another.
    ...(kind === 'no-callback' ? {} : { since, ...(batches === undefined ? {} : { batches }) }),
    ...(stop ? { stop: stopCode(stop) } : {}),
    ...(hosts ? { hosts } : {}),
  };
}

/** Whether it is another matter than the one that was told: another cause, or more than there was. */
export const isNews = (told: ToldAttention, now: ToldAttention): boolean =>
  told.since !== now.since ||
  told.stop?.code !== now.stop?.code ||
  told.stop?.errcode !== now.stop?.errcode ||
  (now.batches ?? 0) > (told.batches ?? 0) ||
  (now.hosts ?? []).some((host) => !told.hosts?.includes(host));

/** That it needs no operator any more. */
export const overInWords = ({ kind }: ToldAttention, language: Language): string =>
  WORDS[language].over[kind];

interface Words {
  readonly kinds: Readonly<Record<AttentionItem['kind'], (item: Attention) => string>>;
  readonly next: Readonly<Record<Attention['next']['code'], string>>;
  readonly todo: Readonly<Record<Attention['todo'], string>>;
  readonly over: Readonly<Record<ToldAttention['kind'], string>>;
}

const failureOf = ({ campaign }: Attention, language: Language): string =>
  (campaign && inWords(campaign, language).error?.message) ?? '';

const batchesOf = ({ batches = 0 }: Attention): string =>
  `${batches} ${batches === 1 ? 'batch' : 'batches'}`;

const EN: Words = {
  kinds: {
    'outcome-unknown': (it) => `${batchesOf(it)}: it is unknown whether WeChat sent them`,
    'approval-needed': (it) => `${it.campaign?.createdBy} submitted it; it waits for approval`,
    'account-stopped': (it) => `the account stands still: ${it.stop && stopWords(it.stop, 'en')}`,
    'address-refused': (it) =>
      `WeChat’s IP list does not have the address of ${it.hosts?.join(', ')} (40164)`,
    'wechat-approval': () => 'WeChat waits until an administrator agrees to the send',
    'campaign-paused': (it) =>
      it.campaign?.pausedFor?.includes('followers-incomplete')
        ? 'paused: WeChat lists fewer followers than it counts'
        : 'paused: WeChat named another batch’s message twice in a row',
    'batches-refused': (it) => `WeChat rejected ${batchesOf(it)} on submission`,
    'campaign-failed': (it) => `not sent, or only a part of it: ${failureOf(it, 'en')}`,
    'no-callback': (it) =>
      `${batchesOf(it)} accepted by WeChat for ten minutes or longer, and no event has come`,
    'webhook-failing': (it) =>
      `the webhook cannot be notified (${it.webhook?.why}, attempt ${it.webhook?.attempts})`,
  },
  next: {
    nothing: 'nothing happens by itself',
    cancels: 'it is cancelled unless it is decided in time',
    'tries-again': 'it is tried again by itself',
    'asks-wechat': 'WeChat is asked for the result; it has no counts then',
  },
  todo: {
    resolve: 'look for the message in WeChat’s console, then say whether it was sent',
    'approve-or-reject': 'approve or reject it; not the one who submitted it',
    'resume-account': 'remove the cause, then resume the account',
    'add-address': 'add the host’s public address to the IP list in WeChat’s console',
    'agree-in-wechat': 'have an administrator agree in WeChat',
    'resume-or-cancel': 'look at the campaign, then resume or cancel it',
    'retry-or-acknowledge': 'remove the cause and retry, or leave it so (acknowledge)',
    acknowledge: 'send a new campaign if it is still needed, and acknowledge this one',
    'check-callback': 'check the server address in WeChat’s console, and whether WeChat reaches it',
    'fix-webhook': 'repair the receiver',
    'replay-webhook': 'repair the receiver, then notify it again; or acknowledge',
  },
  over: {
    'outcome-unknown': 'no batch is held any more',
    'approval-needed': 'it does not wait for approval any more',
    'account-stopped': 'the account is resumed',
    'address-refused': 'WeChat takes the hosts’ addresses',
    'wechat-approval': 'WeChat waits for no administrator any more',
    'campaign-paused': 'the campaign is not paused any more',
    'batches-refused': 'no batch is refused any more, or it was acknowledged',
    'campaign-failed': 'the failure was acknowledged',
    'no-callback': 'no batch waits for an event any more',
    'webhook-failing': 'the webhook was notified, or the failure acknowledged',
    'redis-nearly-full': 'Redis has room again',
  },
};

const ZH: Words = {
  kinds: {
    'outcome-unknown': (it) => `${it.batches} 批结果不明：无法确定微信是否已发出`,
    'approval-needed': (it) => `由 ${it.campaign?.createdBy} 提交，待审批`,
    'account-stopped': (it) => `该号群发已停：${it.stop && stopWords(it.stop, 'zh')}`,
    'address-refused': (it) => `主机 ${it.hosts?.join('、')} 的 IP 不在微信白名单中（40164）`,
    'wechat-approval': () => '微信要求管理员确认后才会发送',
    'campaign-paused': (it) =>
      it.campaign?.pausedFor?.includes('followers-incomplete')
        ? '已自动暂停：微信列出的关注者少于其统计人数'
        : '已自动暂停：微信连续两次返回了其他批次的消息 ID',
    'batches-refused': (it) => `${it.batches} 批提交时被微信拒绝`,
    'campaign-failed': (it) => `未发出或只发出一部分：${failureOf(it, 'zh')}`,
    'no-callback': (it) => `${it.batches} 批已提交微信超过 10 分钟，尚未收到群发结果`,
    'webhook-failing': (it) =>
      `webhook 通知失败（${it.webhook?.why}，第 ${it.webhook?.attempts} 次）`,
  },
  next: {
    nothing: '系统不会自动处理',
    cancels: '届时仍未处理，系统将自动取消',
    'tries-again': '系统会自动重试',
    'asks-wechat': '系统将向微信查询结果（查询结果不含人数）',
  },
  todo: {
    resolve: '请到公众平台核对是否已发出，然后在此判定',
    'approve-or-reject': '请审批或驳回（提交人不能自批）',
    'resume-account': '请排除原因后恢复该号群发',
    'add-address': '请在公众平台把该主机的公网 IP 加入白名单',
    'agree-in-wechat': '请管理员在微信中确认',
    'resume-or-cancel': '请查看任务，然后恢复或取消',
    'retry-or-acknowledge': '请排除原因后重试，或确认不再处理',
    acknowledge: '如仍需发送，请新建任务；本任务可标记为不再处理',
    'check-callback': '请检查公众平台的服务器配置，以及微信能否访问该地址',
    'fix-webhook': '请修复接收方',
    'replay-webhook': '请修复接收方后重新通知，或确认不再处理',
  },
  over: {
    'outcome-unknown': '已没有结果不明的批次',
    'approval-needed': '不再需要审批',
    'account-stopped': '该号群发已恢复',
    'address-refused': '微信已接受各主机的 IP',
    'wechat-approval': '微信不再等待管理员确认',
    'campaign-paused': '任务不再暂停',
    'batches-refused': '已没有被拒绝的批次，或已确认不再处理',
    'campaign-failed': '失败已确认知悉',
    'no-callback': '没有批次再等待群发结果',
    'webhook-failing': 'webhook 已通知成功，或已确认不再处理',
    'redis-nearly-full': 'Redis 内存已有余量',
  },
};

const WORDS: Readonly<Record<Language, Words>> = { en: EN, zh: ZH };
