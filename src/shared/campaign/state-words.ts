/** States, outcomes and reasons to wait, as the page and the command line call them. */

import type { Language } from '../platform/sentences.ts';
import type { BatchState, HeldReason, WaitReason } from './batch.ts';
import type { CampaignState, PauseReason } from './campaign.ts';
import type { Outcome } from './outcome.ts';

export interface StateWords {
  readonly states: Readonly<Record<CampaignState, string>>;
  readonly outcomes: Readonly<Record<Outcome, string>>;
  readonly waits: Readonly<Record<WaitReason, string>>;
  readonly heldFor: Readonly<Record<HeldReason, string>>;
  readonly batchStates: Readonly<Record<BatchState, string>>;
  readonly pausedFor: Readonly<Record<PauseReason, string>>;
}

const EN: StateWords = {
  states: {
    scheduled: 'scheduled',
    preparing: 'preparing',
    submitting: 'sending',
    'awaiting-receipts': 'awaiting receipts',
    paused: 'paused',
    held: 'needs a decision',
    cancelling: 'cancelling',
    completed: 'completed',
    failed: 'failed',
    cancelled: 'cancelled',
  },
  outcomes: {
    delivered: 'delivered',
    partly: 'delivered in part',
    none: 'delivered to nobody',
    unknown: 'outcome unknown',
  },
  waits: {
    'daily-quota': 'Daily WeChat limit reached',
    'monthly-quota': 'No mass sends are left in this period',
    'send-quota': 'No mass send is left today, or none this month; it is tried again each morning',
    'account-paused': 'The account is stopped',
    'wechat-approval': 'An administrator has to agree in WeChat',
    'outcome-unknown':
      'WeChat did not answer; the same question is asked again, which sends nothing twice',
    rate: 'WeChat asked for a pause',
    window: 'It waits for its time',
    'wechat-busy': 'WeChat is busy or cannot be reached',
    'wechat-unreadable': 'WeChat’s answer cannot be read; it is asked again',
    'followers-incomplete': 'WeChat lists fewer followers than it counts; the list is read again',
    'address-refused':
      'This server’s address is not on WeChat’s IP list: add it, then resume the account',
    'new-media': 'The media are being uploaded again',
    'no-worker':
      'No running worker does this work: start one, or look at WORKER_QUEUES and WORKER_ACCOUNTS',
    'account-unknown': 'No running worker has this account in its settings: add it again',
    'replicas-behind':
      'Too few replicas of Redis are up to date; nothing is called before they are',
  },
  heldFor: {
    'outcome-unknown':
      'WeChat never confirmed it. The system asks no more, so that nothing is sent twice.',
    'message-id-taken': 'WeChat answered with a message id that belongs to another batch.',
    'message-id-missing': 'WeChat says it was accepted before, and gives no message id.',
    'account-changed':
      'WeChat had not answered when the account was given another AppID or another WeChat.',
  },
  batchStates: {
    pending: 'waiting',
    submitting: 'sending',
    submitted: 'accepted by WeChat',
    settled: 'result received',
    refused: 'refused',
    held: 'held',
    abandoned: 'given up, outcome unknown',
    cancelled: 'cancelled',
  },
  pausedFor: {
    operator: 'Paused by an operator',
    approval: 'Waits for approval by another person; the submitter cannot approve',
    'followers-incomplete':
      'Paused automatically: WeChat lists fewer followers than it counts. Resume to send to the listed ones, or cancel',
    'message-id-taken':
      'Paused automatically: WeChat named another batch’s message twice in a row. Review the batches with unknown outcome first',
  },
};

const ZH: StateWords = {
  states: {
    scheduled: '已排期',
    preparing: '准备中',
    submitting: '发送中',
    'awaiting-receipts': '等待群发结果',
    paused: '已暂停',
    held: '待人工处理',
    cancelling: '取消中',
    completed: '已完成',
    failed: '失败',
    cancelled: '已取消',
  },
  outcomes: { delivered: '已送达', partly: '部分送达', none: '无人收到', unknown: '结果不明' },
  waits: {
    'daily-quota': '今天的调用次数已用完',
    'monthly-quota': '本周期的群发次数已用完',
    'send-quota': '今日或本月的群发次数已用完，每天早上重试',
    'account-paused': '该号群发已暂停',
    'wechat-approval': '等待管理员在微信中确认',
    'outcome-unknown': '微信未回应，正在核对是否已发出（不会重复发送）',
    rate: '触发微信频率限制，稍后自动继续',
    window: '未到发送时间',
    'wechat-busy': '微信繁忙或无法连接',
    'wechat-unreadable': '无法解析微信的应答，稍后重试',
    'followers-incomplete': '微信列出的关注者少于其总数，正在重新读取',
    'address-refused': '服务器地址不在微信的 IP 白名单中：请添加后恢复该公众号',
    'new-media': '正在重新上传素材',
    'no-worker':
      '没有 worker 进程处理这项工作：请启动 worker，或检查 WORKER_QUEUES 和 WORKER_ACCOUNTS',
    'account-unknown': '所有 worker 的配置中都没有这个公众号：请重新添加',
    'replicas-behind': 'Redis 副本同步滞后，待副本跟上后自动继续',
  },
  heldFor: {
    'outcome-unknown': '微信始终未确认，系统不再追问，以免重复发送。',
    'message-id-taken': '微信返回的消息 ID 属于另一个批次。',
    'message-id-missing': '微信称此前已接收，但没有给出消息 ID。',
    'account-changed': '微信尚未回应时，该公众号已改为另一个 AppID 或另一个微信接口地址。',
  },
  batchStates: {
    pending: '等待',
    submitting: '提交中',
    submitted: '已提交微信',
    settled: '已收到结果',
    refused: '被拒绝',
    held: '待人工处理',
    abandoned: '已放弃跟进，结果不明',
    cancelled: '已取消',
  },
  pausedFor: {
    operator: '已由人工暂停',
    approval: '待他人审批（提交人不能自批）',
    'followers-incomplete':
      '已自动暂停：微信列出的关注者少于其总数。恢复则只发给已列出的关注者，也可取消任务',
    'message-id-taken': '已自动暂停：微信连续两次返回了其他批次的消息 ID，请先核对结果不明的批次',
  },
};

export const STATE_WORDS: Readonly<Record<Language, StateWords>> = { en: EN, zh: ZH };
