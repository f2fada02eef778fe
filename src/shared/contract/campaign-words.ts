/** A campaign as it is read: its warnings and its error each with a sentence in one language. */
import { UPLOAD_NEWS } from '../campaign/daily-quotas.ts';
import type { Failure, FailureCode } from '../campaign/failure.ts';
import { type Warning, warningWords } from '../campaign/warnings.ts';
import {
  type Coded,
  type Language,
  type None,
  type Sentences,
  sentences,
} from '../platform/sentences.ts';
import { meaningOf } from '../wechat/errcodes.ts';

const MEDIA_ID = {
  message:
    'WeChat does not know the mediaId named in the request: files live 3 days, a draft dies with its send, and ids of published articles or of other accounts never work; send the file or the articles instead',
  thumb:
    'WeChat does not know the mediaId of a cover named in the request: uploadnews takes a temporary one, 3 days old at most, and none of the permanent library; send the file instead',
  permanent:
    'WeChat does not know the mediaId of a cover named in the request: a draft takes a permanent one of the library, and none of a temporary upload; send the file instead',
} as const;

const EN: Sentences<Failure> = {
  'account-changed':
    'the account stands for another AppID or another WeChat since; this campaign is never called there',
  'audience-gone': 'a list that it needs is no longer kept',
  'audience-unknown': (it) =>
    `WeChat knows no ${it.audience} ${it.id}; it has ${it.known.join(', ') || 'none'}`,
  'media-id-unknown': (it) => MEDIA_ID[it.of],
  'media-missing': (it) => `upload ${it.upload} is no longer kept`,
  'not-after': 'notAfter passed before all of it had gone out',
  'record-lost': 'the message is no longer kept',
  'refused-by-wechat': (it) =>
    `${it.of === undefined ? '' : `${it.of}: `}${meaningOf(it.errcode, pathOf(it))} (${it.errcode})`,
  rejected: (it) => it.note,
  'too-few-recipients': (it) =>
    `${it.recipients} recipients: WeChat takes two OpenIDs at least (40130)`,
};

const MEDIA_ID_ZH = {
  message:
    '微信找不到请求中指定的 mediaId：临时素材只保存 3 天，草稿发送后即失效，已发布文章和其他公众号的 ID 不能使用；请改为上传文件或文章',
  thumb:
    '微信找不到请求中指定的封面 mediaId：uploadnews 只接受 3 天内的临时素材，不接受永久素材；请改为上传文件',
  permanent:
    '微信找不到请求中指定的封面 mediaId：草稿只接受永久素材，不接受临时素材；请改为上传文件',
} as const;

const OF_ZH: Readonly<Record<string, string>> = {
  image: '图片',
  voice: '语音',
  video: '视频',
  mpvideo: '视频',
  thumb: '封面',
  permanent: '封面',
  'article-picture': '正文图片',
  news: '图文',
  newspic: '贴图',
  uploadnews: '图文',
  followers: '关注者列表',
};

const ZH: Sentences<Failure> = {
  'account-changed': '该公众号已改为另一个 AppID 或另一个微信接口地址，此任务不会在那里发送',
  'audience-gone': '所需的名单已不存在',
  'audience-unknown': (it) =>
    `微信中没有这个${it.audience === 'group' ? '分组' : '标签'}：${it.id}；现有：${it.known.join('、') || '无'}`,
  'media-id-unknown': (it) => MEDIA_ID_ZH[it.of],
  'media-missing': (it) => `上传的文件 ${it.upload} 已过期，需要重新上传`,
  'not-after': '截止时间已过，没有全部发出',
  'record-lost': '消息内容已不存在',
  'refused-by-wechat': (it) =>
    `${OF_ZH[it.of ?? ''] ?? it.of ?? ''}被微信拒绝（${it.errcode}）：${meaningOf(it.errcode, pathOf(it), 'zh')}`,
  rejected: (it) => it.note,
  'too-few-recipients': (it) => `只有 ${it.recipients} 个收件人，微信要求至少两个 OpenID（40130）`,
};

/** Where the call decides the advice. */
const pathOf = ({ of, path = '' }: { readonly of?: string; readonly path?: string }): string =>
  of === 'uploadnews' ? UPLOAD_NEWS : path;

export const FAILURE_CODES = Object.keys(EN) as [FailureCode, ...FailureCode[]];

export const failureWords = sentences<Failure>({ en: EN, zh: ZH });

export type RecallNote = Coded<{
  /** The cards stay in the chats. */
  readonly 'cards-stay': None;
  readonly 'gone-in-all-sends': None;
  readonly held: { readonly batches: number };
  readonly 'not-taken-yet': { readonly batches: number };
}>;

const NOTES_EN: Sentences<RecallNote> = {
  'cards-stay':
    'The cards stay in the chats of those who got them; what is gone is the page behind them.',
  'gone-in-all-sends': 'An article that went out in several sends is gone in all of them.',
  held: (it) => `${it.batches} held: resolve with the message id first, then recall.`,
  'not-taken-yet': (it) =>
    `${it.batches} not yet taken by WeChat can still go out: cancel the campaign to stop them.`,
};

const NOTES_ZH: Sentences<RecallNote> = {
  'cards-stay': '已收到的用户聊天中的卡片仍在，消失的是卡片背后的页面。',
  'gone-in-all-sends': '同一篇文章若在多次群发中发出，会在所有群发中一并消失。',
  held: (it) => `${it.batches} 个批次待人工处理：请先填入消息 ID 判定，再撤回。`,
  'not-taken-yet': (it) => `${it.batches} 个批次尚未被微信接收，仍可能发出：如要阻止，请取消任务。`,
};

export const RECALL_NOTES = Object.keys(NOTES_EN) as [RecallNote['code'], ...RecallNote['code'][]];

export const recallNoteWords = sentences<RecallNote>({ en: NOTES_EN, zh: NOTES_ZH });

interface Told {
  readonly warnings: readonly Warning[];
  readonly error?: Failure;
}

/** As the API and webhooks show it: each warning, and the error, with its sentence. */
export type InWords<T extends Told> = Omit<T, 'warnings' | 'error'> & {
  readonly warnings: readonly (Warning & { readonly message: string })[];
  readonly error?: Failure & { readonly message: string };
};

export const inWords = <T extends Told>(
  { warnings, error, ...view }: T,
  language: Language,
): InWords<T> => ({
  ...view,
  warnings: warnings.map((one) => ({ ...one, message: warningWords(one, language) })),
  ...(error ? { error: { ...error, message: failureWords(error, language) } } : {}),
});
