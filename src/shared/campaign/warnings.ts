/**
 * What an operator should look at in a campaign: a code and its facts. The sentence is made where
 * it is read, in the reader's language.
 */
import { z } from 'zod';
import { type Answered, Count, Time, type Unsaid } from '../contract/shapes.ts';
import { type Sentences, sentences } from '../platform/sentences.ts';
import { isFarFromWhole } from './audience.ts';
import type { Tally } from './progress.ts';
import { NOBODY_WHY, type NobodyWhy } from './receipt.ts';

const message = z.string().describe('In the language of Accept-Language (en, zh)');

/** As it is shown. */
export const Warning = z
  .discriminatedUnion('code', [
    z.strictObject({
      code: z
        .enum([
          'held',
          'abandoned',
          'maybe-twice',
          'audience-gone',
          'no-counts',
          'unreadable-counts',
          'impossible-counts',
          'unverified-counts',
          'differing-events',
          'refused',
          'refused-later',
          'failed-later',
        ])
        .describe('Stable, for programs'),
      message,
      batches: Count.describe('How many batches it is about'),
    }),
    z.strictObject({
      code: z.literal('sent-to-nobody'),
      message,
      batches: Count,
      likely: z
        .enum(NOBODY_WHY)
        .describe(
          'no-followers: WeChat found none in the audience · filtered: its filter left none, as of followers who had four this month · none-sent: it reached none of those left',
        ),
    }),
    z.strictObject({
      code: z.literal('followers-incomplete'),
      message,
      read: Count.describe('How many WeChat listed'),
      total: Count.describe('How many it counts'),
    }),
    z.strictObject({ code: z.literal('corrected'), message, at: Time }),
  ])
  .describe('What an operator should look at')
  .meta({ id: 'Warning' });

/** A code and its facts. */
export type Warning = Unsaid<Answered<typeof Warning>>;

const batches = (count: number): string => `${count} ${count === 1 ? 'batch' : 'batches'}`;

const EN_NOBODY: Readonly<Record<NobodyWhy, string>> = {
  'no-followers':
    'WeChat found no follower in the audience; check the tag, the group or the list, and whether it belongs to this account',
  filtered:
    "WeChat's filter left no follower. Likely each had four mass messages this month already (the console's included), or the list is not of this account",
  'none-sent': 'WeChat counts no follower who got it, though its filter left some',
};

const EN: Sentences<Warning> = {
  held: (it) => `${batches(it.batches)} held: the outcome is unknown, and an operator must decide`,
  abandoned: (it) => `${batches(it.batches)} given up: whether the followers got it is unknown`,
  'maybe-twice': (it) =>
    `${batches(it.batches)} may have been received twice: WeChat accepted an earlier key after another one had been submitted`,
  'audience-gone': (it) =>
    `${batches(it.batches)} never submitted: the list of OpenIDs is no longer kept; upload it again for a new campaign`,
  'sent-to-nobody': (it) => `${batches(it.batches)} sent to nobody: ${EN_NOBODY[it.likely]}`,
  'no-counts': (it) => `${batches(it.batches)} settled without counts: WeChat sent no receipt`,
  'unreadable-counts': (it) =>
    `${batches(it.batches)} settled without counts: a receipt came, and its counts cannot be read`,
  'impossible-counts': (it) =>
    `${batches(it.batches)} with counts that cannot be right; compare them with WeChat's console`,
  'unverified-counts': (it) =>
    `${batches(it.batches)} with counts from unsigned events (plain mode): WeChat confirmed the status only`,
  'differing-events': (it) =>
    `${batches(it.batches)} with two unsigned events that differ; one may be forged, so compare with WeChat's console`,
  refused: (it) =>
    `${batches(it.batches)} refused by WeChat on submission; see the reason, then retry`,
  'refused-later': (it) =>
    `${batches(it.batches)} refused by WeChat after submission; see the receipt`,
  'failed-later': (it) => `${batches(it.batches)} that WeChat failed to send; see the receipt`,
  'followers-incomplete': (it) =>
    `WeChat listed ${it.read} followers and counts ${it.total}: resume to send to those that were listed, or cancel`,
  corrected: (it) => `changed by a later receipt at ${it.at}, after the campaign had ended`,
};

const ZH_NOBODY: Readonly<Record<NobodyWhy, string>> = {
  'no-followers': '微信在目标用户中没有找到关注者，请检查标签、分组或名单，并确认属于本公众号',
  filtered:
    '目标用户全部被微信过滤，很可能本月都已收到 4 次群发（含公众平台后台发送的），或名单不属于本公众号',
  'none-sent': '过滤后仍有用户，但微信统计的送达人数为 0',
};

const ZH: Sentences<Warning> = {
  held: (it) => `${it.batches} 个批次待人工处理：无法确认是否已发出`,
  abandoned: (it) => `${it.batches} 个批次已放弃跟进，是否发出不明`,
  'maybe-twice': (it) =>
    `${it.batches} 个批次的用户可能收到两次：重新提交后，微信又确认此前的提交已被接收`,
  'audience-gone': (it) =>
    `${it.batches} 个批次未能提交：OpenID 名单已不存在，请重新上传名单并新建任务`,
  'sent-to-nobody': (it) => `${it.batches} 个批次无人收到：${ZH_NOBODY[it.likely]}`,
  'no-counts': (it) => `${it.batches} 个批次没有收到群发结果，人数未知`,
  'unreadable-counts': (it) => `${it.batches} 个批次收到了群发结果，但其中的人数无法识别`,
  'impossible-counts': (it) => `${it.batches} 个批次的人数不合理，请与公众平台后台核对`,
  'unverified-counts': (it) =>
    `${it.batches} 个批次的人数来自未签名的事件（明文模式），微信只确认了发送状态`,
  'differing-events': (it) =>
    `${it.batches} 个批次收到两条内容不同的未签名事件，其中可能有伪造，请与公众平台后台核对`,
  refused: (it) => `${it.batches} 个批次提交时被微信拒绝，查明原因后可重试`,
  'refused-later': (it) => `${it.batches} 个批次提交后被微信拒绝（审核等），详见群发结果`,
  'failed-later': (it) => `${it.batches} 个批次微信发送失败，详见群发结果`,
  'followers-incomplete': (it) =>
    `微信只列出 ${it.read} 个关注者，但其总数为 ${it.total}：恢复则只发给已列出的关注者，也可取消任务`,
  corrected: (it) => `任务结束后，群发结果于 ${it.at} 有更新`,
};

export const WARNING_CODES = Object.keys(EN) as Warning['code'][];

export const warningWords = sentences<Warning>({ en: EN, zh: ZH });

interface MoreFacts {
  readonly correctedAt: string | undefined;
  readonly followers: { readonly read?: number; readonly total?: number } | undefined;
}

/**
 * In the order of their weight; a code without batches is left out.
 *
 * @param correctedAt when a receipt last changed after the end, RFC 3339.
 */
export function warningsOf(
  tally: Tally,
  { correctedAt, followers: { read = 0, total = 0 } = {} }: MoreFacts,
): Warning[] {
  const counts = [
    { code: 'held', batches: tally.held },
    { code: 'maybe-twice', batches: tally.twice },
    { code: 'abandoned', batches: tally.abandoned },
    ...NOBODY_WHY.map(
      (why) => ({ code: 'sent-to-nobody', batches: tally[`nobody-${why}`], likely: why }) as const,
    ),
    { code: 'differing-events', batches: tally.disputed },
    { code: 'impossible-counts', batches: tally.implausible },
    { code: 'unverified-counts', batches: tally.unverified },
    { code: 'no-counts', batches: tally.uncounted - tally.unreadable },
    { code: 'unreadable-counts', batches: tally.unreadable },
    { code: 'refused', batches: tally.refused - tally['audience-gone'] },
    { code: 'audience-gone', batches: tally['audience-gone'] },
    { code: 'refused-later', batches: tally['receipt-refused'] },
    { code: 'failed-later', batches: tally['receipt-failed'] },
  ] as const;
  return [
    ...(isFarFromWhole(read, total)
      ? [{ code: 'followers-incomplete', read, total } as const]
      : []),
    ...counts.filter((warning) => warning.batches > 0),
    ...(correctedAt === undefined ? [] : [{ code: 'corrected', at: correctedAt } as const]),
  ];
}
