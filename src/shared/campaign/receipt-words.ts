/** What a receipt means, for an operator. */
import {
  type Bilingual,
  inLanguage,
  type Language,
  type Sentences,
  sentences,
} from '../platform/sentences.ts';
import type { Receipt, ReceiptReason } from './receipt.ts';

/** What WeChat's audit means by a number. Others occur (20431 in 2024) and stay numbers. */
export const AUDIT: Readonly<Record<number, Bilingual>> = {
  10001: ['refused by WeChat: suspected advertising', '审核不通过：涉嫌广告'],
  20001: ['refused by WeChat: suspected politics', '审核不通过：涉嫌政治'],
  20002: ['refused by WeChat: suspected pornography', '审核不通过：涉嫌色情'],
  20004: ['refused by WeChat: suspected social issue', '审核不通过：涉嫌社会'],
  20006: ['refused by WeChat: suspected crime', '审核不通过：涉嫌违法犯罪'],
  20008: ['refused by WeChat: suspected fraud', '审核不通过：涉嫌欺诈'],
  20013: ['refused by WeChat: suspected breach of copyright', '审核不通过：涉嫌版权'],
  21000: ['refused by WeChat: suspected of something else', '审核不通过：涉嫌其他'],
  22000: ['refused by WeChat: suspected mutual promotion', '审核不通过：涉嫌互推（互相宣传）'],
  30001: [
    'not sent: the originality check failed inside WeChat, and reprints were to stop; may be sent again later',
    '未发送：原创校验出现系统错误，且选择了判为转载则不发送；可以稍后再发',
  ],
  30002: ['not sent: the originality check forbids it', '未发送：原创校验判定不能群发'],
  30003: [
    'not sent: judged a reprint, and reprints were to stop; ignoreReprint could help',
    '未发送：判定为转载，且选择了转载则不发送；可以设置 ignoreReprint',
  ],
  40001: ["refused by the account's administrator", '管理员拒绝'],
  40002: [
    "not sent: the account's administrator did not answer for 30 minutes",
    '未发送：管理员 30 分钟内没有响应',
  ],
};

interface Coded extends Pick<Receipt, 'audit' | 'sent'> {
  readonly code: ReceiptReason;
}

const audited = (number = 0): Bilingual =>
  AUDIT[number] ?? [
    `refused by WeChat for a reason it does not list: ${number}`,
    `被微信拒绝，原因未在文档中列出：${number}`,
  ];

const EN: Sentences<Coded> = {
  'account-changed':
    'the account stands for another AppID or another WeChat since; this campaign is never called there',
  audit: ({ audit }) => inLanguage(audited(audit), 'en'),
  failed: 'WeChat failed to send it',
  'no-answer': 'no receipt came, and WeChat does not say what became of it',
  'no-status': 'WeChat gave no status',
  sent: ({ sent }) =>
    sent === 0
      ? 'WeChat says success, but counts not one follower who got it: look before you trust it'
      : 'sent; single followers may have failed',
  'told-deleted': 'no receipt came; WeChat says the message was deleted',
  'told-failed': 'no receipt came; WeChat says it failed, and not why',
  'told-sent': 'no receipt came; WeChat says it was sent, and counts nothing',
  'unlisted-status': 'a status that WeChat does not document',
};

const ZH: Sentences<Coded> = {
  'account-changed': '该公众号已改为另一个 AppID 或另一个微信接口地址，此任务不会在那里发送',
  audit: ({ audit }) => inLanguage(audited(audit), 'zh'),
  failed: '微信发送失败',
  'no-answer': '没有收到群发结果，微信也没有说明结果',
  'no-status': '微信没有给出状态',
  sent: ({ sent }) =>
    sent === 0 ? '微信称发送成功，但无人收到，请核实' : '发送成功，个别用户可能失败',
  'told-deleted': '没有收到群发结果；微信称消息已被删除',
  'told-failed': '没有收到群发结果；微信称发送失败，未说明原因',
  'told-sent': '没有收到群发结果；微信称已发送，但没有人数',
  'unlisted-status': '微信文档中没有列出的状态',
};

const say = sentences<Coded>({ en: EN, zh: ZH });

export const receiptWords = (
  { reason, audit, sent }: Pick<Receipt, 'reason' | 'audit' | 'sent'>,
  language: Language,
): string => say({ code: reason, ...(audit === undefined ? {} : { audit }), sent }, language);
