/**
 * Who did what to a campaign, and when: an action with its facts. The sentence is made where it is
 * read, in the reader's language.
 */

import {
  type Coded,
  type Language,
  type None,
  type Sentences,
  sentences,
} from '../platform/sentences.ts';
import type { PauseReason } from './campaign.ts';
import { inBeijing } from './quota-window.ts';

/** Each action with its facts. */
interface FactsOf {
  readonly accepted: None;
  /** WeChat had accepted an earlier key of the batch. */
  readonly 'accepted-after-all': { readonly msgId: string; readonly clientMsgId: string };
  /** What failed or was refused stays as it is. */
  readonly acknowledge: None;
  /** Of the account as a whole. */
  readonly 'account-pause': None;
  readonly 'account-resume': None;
  /** `draft`: its content was read, and is compared with before it goes out. */
  readonly approve: { readonly draft?: 'read' };
  /** The draft of the console that was approved is another one now, or cannot be read. */
  readonly 'approval-void': { readonly why: 'draft-changed' | 'draft-unreadable' };
  readonly cancel: None;
  readonly ended: None;
  /** The code of the campaign's error. */
  readonly failed: { readonly code: string };
  readonly 'not-after-passed': None;
  readonly pause: None;
  /** By the system itself. */
  readonly paused: { readonly reason: PauseReason };
  /** Another unsigned event has other counts. */
  readonly 'receipt-disputed': None;
  /** A later copy of it counts. */
  readonly 'receipt-replaced': None;
  /** `article`: that one only, counted from 1. */
  readonly recall: {
    readonly outcome: 'recalled' | 'refused' | 'unknown' | 'not-sent';
    readonly msgId: string;
    readonly article?: number;
  };
  readonly reject: None;
  readonly reschedule: {
    readonly sendAt: string;
    readonly notAfter: string;
    readonly approvalIsVoid?: true;
  };
  readonly resolve: { readonly as: 'sent' | 'not-sent' | 'given-up' };
  readonly resume: None;
  readonly retry: { readonly as: 'is' | 'halves' | 'without' };
  readonly 'webhook-delivered': None;
  /** `why`: `HTTP 410`, the code of the connection's error, or why the address is not called. */
  readonly 'webhook-given-up': { readonly why: string };
  readonly 'webhook-replay': None;
}

export type AuditAction = keyof FactsOf;
export type Act = {
  [Action in AuditAction]: { readonly action: Action } & FactsOf[Action];
}[AuditAction];

export type AuditEntry = Act & {
  readonly at: number;
  readonly by: string;
  /** What the operator gave as the reason. */
  readonly note?: string;
  readonly batch?: number;
};

const RESOLVED = { sent: 'sent', 'not-sent': 'not sent', 'given-up': 'given up' } as const;
const RECALLED = {
  recalled: 'done',
  refused: 'refused by WeChat',
  unknown: 'outcome unknown',
  'not-sent': 'WeChat was not reached',
} as const;
const RETRIED = { is: '', halves: ' in halves', without: ' without some OpenIDs' } as const;

const VOID = {
  'draft-changed': 'the draft was changed in WeChat’s console after the approval',
  'draft-unreadable': 'WeChat did not give the draft, to compare it with what was approved',
} as const;

const EN: Sentences<Coded<FactsOf>> = {
  accepted: 'created it',
  'accepted-after-all': (it) =>
    `had accepted an earlier submission after all (message ${it.msgId})`,
  acknowledge: 'acknowledged it: what failed or was rejected stays as it is',
  'account-pause': 'paused the account',
  'account-resume': 'resumed the account',
  approve: (it) => `approved it${it.draft ? ', and the content of the draft as it was then' : ''}`,
  'approval-void': (it) => `stopped it: ${VOID[it.why]}; it waits for another approval`,
  cancel: 'cancelled it',
  ended: 'finished it',
  failed: (it) => `ended it as failed (${it.code})`,
  'not-after-passed': 'stopped it: notAfter has passed',
  pause: 'paused it',
  paused: (it) =>
    it.reason === 'message-id-taken'
      ? 'paused it: WeChat named another batch’s message twice in a row'
      : `paused it (${it.reason})`,
  'receipt-disputed': 'reported different counts in a second unsigned event; see the receipt',
  'receipt-replaced': 'replaced the result by a later one',
  recall: (it) =>
    `recalled ${it.article === undefined ? 'message' : `article ${it.article} of message`} ${it.msgId}: ${RECALLED[it.outcome]}`,
  reject: 'rejected it',
  reschedule: (it) =>
    `moved it to ${inBeijing(it.sendAt)}${it.approvalIsVoid ? '; the approval is void' : ''}`,
  resolve: (it) => `resolved it as ${RESOLVED[it.as]}`,
  resume: 'resumed it',
  retry: (it) => `retried the rejected batches${RETRIED[it.as]}`,
  'webhook-delivered': 'notified the webhook',
  'webhook-given-up': (it) => `gave the webhook up (${it.why})`,
  'webhook-replay': 'had the webhook notified again',
};

const RESOLVED_ZH = { sent: '已发送', 'not-sent': '未发送', 'given-up': '不再跟进' } as const;
const RECALLED_ZH = {
  recalled: '成功',
  refused: '被微信拒绝',
  unknown: '结果不明',
  'not-sent': '未能连接微信',
} as const;
const RETRIED_ZH = {
  is: '重试被拒绝的批次',
  halves: '拆分后重试被拒绝的批次',
  without: '剔除部分 OpenID 后重试被拒绝的批次',
} as const;

const VOID_ZH = {
  'draft-changed': '审批后，公众平台后台的草稿有改动',
  'draft-unreadable': '无法读取草稿，不能确认与审批时的内容一致',
} as const;

const ZH: Sentences<Coded<FactsOf>> = {
  accepted: '提交',
  'accepted-after-all': (it) => `确认此前的提交已被接收（消息 ID ${it.msgId}）`,
  acknowledge: '确认知悉，不再处理失败或被拒绝的部分',
  'account-pause': '暂停该号群发',
  'account-resume': '恢复该号群发',
  approve: (it) => `审批通过${it.draft ? '（以当时读取的草稿内容为准）' : ''}`,
  'approval-void': (it) => `暂停发送：${VOID_ZH[it.why]}，须重新审批`,
  cancel: '取消',
  ended: '任务结束',
  failed: (it) => `任务以失败结束（${it.code}）`,
  'not-after-passed': '已过截止时间，不再发送',
  pause: '暂停',
  paused: (it) =>
    it.reason === 'message-id-taken'
      ? '自动暂停：微信连续两次返回了其他批次的消息 ID'
      : `自动暂停（${it.reason}）`,
  'receipt-disputed': '又收到一条内容不同的未签名事件，详见群发结果',
  'receipt-replaced': '以后到的群发结果为准',
  recall: (it) =>
    `撤回消息 ${it.msgId}${it.article === undefined ? '' : ` 的第 ${it.article} 篇文章`}：${RECALLED_ZH[it.outcome]}`,
  reject: '驳回',
  reschedule: (it) => `改期至 ${inBeijing(it.sendAt)}${it.approvalIsVoid ? '，原审批作废' : ''}`,
  resolve: (it) => `判定为${RESOLVED_ZH[it.as]}`,
  resume: '恢复',
  retry: (it) => RETRIED_ZH[it.as],
  'webhook-delivered': '已通知 webhook',
  'webhook-given-up': (it) => `放弃通知 webhook（${it.why}）`,
  'webhook-replay': '再次通知 webhook',
};

export const AUDIT_ACTIONS = Object.keys(EN) as AuditAction[];

const say = sentences<Coded<FactsOf>>({ en: EN, zh: ZH });

export const auditWords = (act: Act, language: Language): string =>
  say({ ...act, code: act.action } as Coded<FactsOf>, language);
