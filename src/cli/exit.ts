/** What a script learns from how the command ended. */

import type { CampaignSummary } from '../client/index.ts';
import type { Language } from '../shared/platform/sentences.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  person: 3,
  unreachable: 4,
  interrupted: 130,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES: Readonly<Record<Language, string>> = {
  en: `Exit codes
  0  done; a campaign that was waited for is delivered
  1  failed, refused, cancelled, or delivered to some or to nobody
  2  the command was not understood; nothing was done
  3  held, or waits for an operator; or the outcome is unknown
  4  the producer cannot be reached
130  interrupted while it watched; the campaign goes on`,
  zh: `退出码
  0  已完成；等待的任务已全部送达
  1  失败、被拒绝、已取消，或只有部分用户收到、无人收到
  2  命令有误，没有执行任何操作
  3  结果不明，或等待人工处理
  4  无法连接 producer
130  查看时被中断；任务会继续进行`,
};

/** Nothing more happens before somebody decides. */
export const needsPerson = ({ state }: Pick<CampaignSummary, 'state'>): boolean =>
  state === 'held' || state === 'paused';

export function exitOf(campaign: Pick<CampaignSummary, 'state' | 'outcome'>): Exit {
  if (needsPerson(campaign) || campaign.outcome === 'unknown') return EXIT.person;
  if (campaign.state === 'failed' || campaign.state === 'cancelled') return EXIT.failed;
  if (campaign.state !== 'completed') return EXIT.done;
  return campaign.outcome === 'delivered' ? EXIT.done : EXIT.failed;
}
