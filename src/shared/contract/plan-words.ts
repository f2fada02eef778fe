/** The advice of a plan as sentences. */
import type { Advice } from '../campaign/plan-advice.ts';
import { type Coded, type Sentences, sentences } from '../platform/sentences.ts';
import { DAY } from '../platform/time.ts';
import { stopWords } from './account-words.ts';
import type { Problem } from './problem.ts';
import { problemWords } from './problem-words.ts';

/** With what WeChat itself was asked for. */
export type PlanAdvice =
  | Advice
  | Coded<{
      readonly 'wechat-left': {
        readonly path: string;
        readonly left: number;
        readonly perDay: number;
      };
      /** WeChat does not say what is left. */
      readonly 'wechat-silent': { readonly path: string; readonly problem: Problem };
    }>;

const counted = (count: number, what: string): string =>
  `${figures(count)} ${what}${count === 1 ? '' : 's'}`;

const figures = (count: number): string => count.toLocaleString('en-US');

const MILLION = 1_000_000;

/** Round millions as they are spoken. */
const rounded = (count: number): string =>
  count >= MILLION && count % (MILLION / 10) === 0 ? `${count / MILLION} million` : figures(count);

/** `2026-11-25 08:00` in Beijing. */
const inBeijing = (at: string): string =>
  new Date(Date.parse(at) + DAY / 3).toISOString().slice(0, 16).replace('T', ' ');

const EN: Sentences<PlanAdvice> = {
  'calls-ahead': (it) => `${counted(it.calls, 'call')} of other campaigns may go before it.`,
  'calls-used-up': (it) =>
    `Today’s calls of ${it.path} are used up, so preparing it waits for tomorrow, unless WeChat has the same content already.`,
  'days-needed': (it) =>
    `${rounded(it.recipients)} OpenIDs need ${figures(it.batches)} calls: ${counted(it.days, 'day')} at ${counted(it.perDay, 'call')} a day. A tag needs one.`,
  'draft-copies': (it) =>
    `A draft goes out once only, so each of the ${it.batches} batches gets a copy of it; if WeChat does not let it be read, nothing goes out.`,
  'ends-late': (it) =>
    `It would end at ${inBeijing(it.ends)} Beijing time, after notAfter (${inBeijing(it.notAfter)} Beijing time): what is not out by then is cancelled. Set notAfter to ${it.better} or so.`,
  'everyone-limit': (it) =>
    `A service account may send to everyone once a day and four times a month, WeChat’s console included. ${it.month}: ${counted(it.thisMonth, 'such send')} by qunfa, ${it.today} today.`,
  'follower-limit': (it) =>
    `A follower gets four mass messages a month at most, WeChat’s console included; whoever had four in ${it.month} is left out by WeChat, without an error.`,
  'followers-uncounted':
    'How many followers there are is known once they have been read, 10,000 a call.',
  'lane-stopped': (it) =>
    `${it.account} is stopped, so nothing goes out until an operator resumes it: ${stopWords(it.stop, 'en')}`,
  'lane-waits': (it) => `The account waits until ${inBeijing(it.until)} Beijing time by itself.`,
  'needs-approval': 'It waits until it is approved with another API key.',
  'sends-left': (it) =>
    it.left === 0
      ? `No mass send of ${it.account} is left today; it goes on at 8 in the morning, Beijing time.`
      : `${counted(it.left, 'mass send')} of ${it.account} ${it.left === 1 ? 'is' : 'are'} left today; the rest goes on at 8 in the morning, Beijing time.`,
  'subscription-limit': (it) => `${it.account} is a subscription account: one mass send a day.`,
  'tag-takes-one': (it) =>
    `This takes ${counted(it.batches, 'call')}; the same followers as a tag take one.`,
  'wechat-left': (it) =>
    `WeChat says ${it.left} of ${it.perDay} calls of ${it.path} are left today.`,
  'wechat-silent': (it) =>
    `WeChat does not say what is left of ${it.path}: ${problemWords(it.problem, 'en')}`,
};

const ZH: Sentences<PlanAdvice> = {
  'calls-ahead': (it) => `可能排在其他任务的 ${it.calls} 次调用之后。`,
  'calls-used-up': (it) =>
    `今天 ${it.path} 的调用次数已用完，须等到明天才能准备素材，除非微信已有相同的内容。`,
  'days-needed': (it) =>
    `${figures(it.recipients)} 个 OpenID 需要调用 ${figures(it.batches)} 次：每天 ${it.perDay} 次，共 ${it.days} 天。按标签发送只需一次。`,
  'draft-copies': (it) =>
    `一篇草稿只能发送一次，因此 ${it.batches} 个批次各用一份副本；若微信不允许读取该草稿，则不会发出任何内容。`,
  'ends-late': (it) =>
    `预计 ${inBeijing(it.ends)}（北京时间）结束，晚于 notAfter（${inBeijing(it.notAfter)}）：届时未发出的将被取消。可将 notAfter 设为 ${it.better} 左右。`,
  'everyone-limit': (it) =>
    `服务号每天最多向全部用户群发一次、每月四次，公众平台后台的群发也计算在内。${it.month} 通过 qunfa 已发 ${it.thisMonth} 次，今天 ${it.today} 次。`,
  'follower-limit': (it) =>
    `每个关注者每月最多收到四次群发，公众平台后台的群发也计算在内；${it.month} 已收到四次的用户会被微信直接跳过，不会报错。`,
  'followers-uncounted': '关注者人数在读取名单后才知道，每次调用读取 10,000 人。',
  'lane-stopped': (it) =>
    `${it.account} 的群发已停，需由操作员恢复后才会发送：${stopWords(it.stop, 'zh')}`,
  'lane-waits': (it) => `该公众号暂缓发送，${inBeijing(it.until)}（北京时间）自动继续。`,
  'needs-approval': '需用另一个 API 密钥审批后才会发送。',
  'sends-left': (it) =>
    it.left === 0
      ? `${it.account} 今天的群发次数已用完，次日早上 8 点（北京时间）继续。`
      : `${it.account} 今天还可群发 ${it.left} 次，其余的次日早上 8 点（北京时间）继续。`,
  'subscription-limit': (it) => `${it.account} 是订阅号：每天只能群发一次。`,
  'tag-takes-one': (it) => `共需调用 ${it.batches} 次；同样的用户若按标签发送，只需一次。`,
  'wechat-left': (it) => `微信称今天 ${it.path} 的 ${it.perDay} 次调用还剩 ${it.left} 次。`,
  'wechat-silent': (it) => `微信没有说明 ${it.path} 还剩多少次：${problemWords(it.problem, 'zh')}`,
};

export const ADVICE_CODES = Object.keys(EN) as [PlanAdvice['code'], ...PlanAdvice['code'][]];

export const adviceWords = sentences<PlanAdvice>({ en: EN, zh: ZH });
