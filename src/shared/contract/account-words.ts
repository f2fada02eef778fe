/** Why an account stands still, and what an operator should look at in it. */
import type { StopFacts } from '../campaign/lane.ts';
import { type Coded, type None, type Sentences, sentences } from '../platform/sentences.ts';
import { meaningOf } from '../wechat/errcodes.ts';

const STOPS_EN: Sentences<StopFacts> = {
  'by-operator': ({ by }) => `paused by ${by}`,
  'redis-restored': ({ minutes }) =>
    `no worker has run for ${minutes} minutes, or Redis was restored from a backup: check what was sent meanwhile, then resume the account`,
  'refused-by-wechat': ({ errcode, path }) => meaningOf(errcode, path),
  'fresh-token-refused':
    'WeChat refuses a token that was fetched just now: another system may fetch tokens of this AppID in the old way, or the token centre gives out an old one; mend that, then resume the account',
};

const STOPS_ZH: Sentences<StopFacts> = {
  'by-operator': ({ by }) => `由 ${by} 暂停`,
  'redis-restored': ({ minutes }) =>
    `已有 ${minutes} 分钟没有 worker 运行，或 Redis 从备份恢复：请先核对期间发送了什么，再恢复该公众号`,
  'refused-by-wechat': ({ errcode, path }) =>
    `被微信拒绝（${errcode}）：${meaningOf(errcode, path, 'zh')}`,
  'fresh-token-refused':
    '刚获取的 access_token 也被微信拒绝：可能有其他系统在用旧方式获取该 AppID 的 token，或 token 中控返回了旧 token；请处理后再恢复该公众号',
};

export const stopWords = sentences<StopFacts>({ en: STOPS_EN, zh: STOPS_ZH });

export type AccountWarning = Coded<{
  /** Of batches that WeChat accepted, though events came before. */
  readonly 'events-overdue': None;
  readonly 'foreign-pushes-refused': None;
  readonly 'never-an-event': None;
  readonly 'no-callback-token': None;
  readonly 'no-worker': None;
  /** The calls a minute that the workers have for it. */
  readonly 'paces-differ': { readonly paces: readonly number[] };
  readonly 'plain-mode': None;
  readonly 'plain-pushes-refused': None;
  readonly 'sealed-pushes-refused': None;
  readonly 'stale-pushes-refused': None;
  readonly 'unknown-pushes-refused': None;
  /** `at`: RFC 3339. `byDraft`: its articles go by draft since then. */
  readonly 'uploadnews-closed': {
    readonly errcode: number;
    readonly at: string;
    readonly byDraft: boolean;
  };
}>;

const EN: Sentences<AccountWarning> = {
  'events-overdue':
    'Batches that WeChat accepted have had no event for ten minutes or longer: check the server address in WeChat’s console (服务器配置), and whether WeChat can reach it.',
  'foreign-pushes-refused':
    'Pushes signed with our token are for another account, and are refused: compare AppID and original id (gh_…) with WeChat’s console.',
  'never-an-event':
    'No event has ever come from WeChat: check the server address in WeChat’s console (服务器配置), that it is switched on, and that WeChat can reach it.',
  'no-callback-token':
    'No callback token is set, so no event can be taken: receipts are asked for one by one and have no counts. Set it here and in WeChat’s console, or hand events over by POST /v1/receipts.',
  'no-worker':
    'No running worker sends for this account: start one, or look at WORKER_QUEUES and WORKER_ACCOUNTS.',
  'paces-differ': ({ paces }) =>
    `The workers have different calls a minute for this account (${paces.join(', ')}): the lowest counts. Give all of them the same setting.`,
  'plain-mode':
    'No EncodingAESKey is set: in plain mode anybody who saw one address could write an event, so each costs a call of message/mass/get. Safe mode (安全模式) is better.',
  'plain-pushes-refused':
    'An EncodingAESKey is set here, but WeChat pushes in plain mode, and those pushes are refused: switch the console to safe mode (安全模式), or take the key out of the settings.',
  'sealed-pushes-refused':
    'WeChat’s sealed pushes are signed with our token, and the EncodingAESKey set here does not open them: compare it with WeChat’s console, letter by letter.',
  'stale-pushes-refused':
    'Signed pushes are more than five minutes off this machine’s clock, and are refused: let it follow a time server (NTP).',
  'unknown-pushes-refused':
    'Pushes that are signed with another token are refused, and none was taken since: if they are WeChat’s, the callback token here is not the console’s.',
  'uploadnews-closed': ({ errcode, at, byDraft }) =>
    `WeChat refused media/uploadnews (${errcode}) on ${at.slice(0, 10)}: articles ${byDraft ? 'go by draft since then' : 'cannot go out'}. Set WECHAT_NEWS_ROUTE=draft to say so here, or =uploadnews once WeChat allows it again.`,
};

const ZH: Sentences<AccountWarning> = {
  'events-overdue':
    '有批次提交微信超过 10 分钟仍未收到群发结果：请检查公众平台的服务器配置，以及微信能否访问该地址。',
  'foreign-pushes-refused':
    '收到签名正确、但属于其他公众号的推送，已拒绝：请核对 AppID 和原始 ID（gh_…）是否与公众平台一致。',
  'never-an-event':
    '从未收到微信的事件：请检查公众平台的服务器配置是否正确并已启用，微信能否访问该地址。',
  'no-callback-token':
    '没有配置回调 Token，收不到事件：群发结果只能逐个查询，且没有人数。请在这里和公众平台配置，或用 POST /v1/receipts 转交事件。',
  'no-worker':
    '没有 worker 进程负责这个公众号的群发：请启动 worker，或检查 WORKER_QUEUES 和 WORKER_ACCOUNTS。',
  'paces-differ': ({ paces }) =>
    `各 worker 为这个公众号配置的每分钟调用次数不一致（${paces.join('、')}），目前按最低的执行。请改成一致。`,
  'plain-mode':
    '没有配置 EncodingAESKey：明文模式下事件可以被伪造，因此每个事件都要调用一次 message/mass/get 核对。建议使用安全模式。',
  'plain-pushes-refused':
    '这里配置了 EncodingAESKey，但微信以明文模式推送，这些推送被拒绝：请在公众平台切换到安全模式，或从配置中去掉密钥。',
  'sealed-pushes-refused':
    '微信的加密推送签名正确，但这里配置的 EncodingAESKey 无法解密：请与公众平台上的逐字核对。',
  'stale-pushes-refused':
    '推送的时间与本机时钟相差超过五分钟，已拒绝：请让本机与时间服务器（NTP）同步。',
  'unknown-pushes-refused':
    '有签名不符的推送被拒绝，此后没有收到过有效推送：如果它们来自微信，说明这里的回调 Token 与公众平台不一致。',
  'uploadnews-closed': ({ errcode, at, byDraft }) =>
    `微信于 ${at.slice(0, 10)} 拒绝了 media/uploadnews（${errcode}）：此后图文${byDraft ? '改为通过草稿发送' : '无法发送'}。可设置 WECHAT_NEWS_ROUTE=draft 明确指定；微信重新开放后可设为 uploadnews。`,
};

export const ACCOUNT_WARNINGS = Object.keys(EN) as [
  AccountWarning['code'],
  ...AccountWarning['code'][],
];

export const accountWarningWords = sentences<AccountWarning>({ en: EN, zh: ZH });
