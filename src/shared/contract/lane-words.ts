/** Why an account stands still until an operator resumes it, in both languages. */
import type { LaneStop } from '../campaign/lane.ts';
import { meaningOf } from '../wechat/remedies.ts';

/** A stop, or what the API says of one. */
export interface StopFacts {
  readonly code: LaneStop['code'];
  readonly by?: string;
  readonly errcode?: number;
  readonly path?: string;
  readonly minutes?: number;
}

export function stopInWords({ code, by = '', errcode = 0, path, minutes = 0 }: StopFacts): string {
  switch (code) {
    case 'by-operator':
      return `paused by ${by}`;
    case 'redis-restored':
      return `no worker has run for ${minutes} minutes, or Redis was restored from a backup: check what was sent meanwhile, then resume the account`;
    case 'refused-by-wechat':
      return meaningOf(errcode, path);
    case 'fresh-token-refused':
      return 'WeChat refuses a token that was fetched just now: another system may fetch tokens of this AppID in the old way, or the token centre gives out an old one; mend that, then resume the account';
  }
}

export function stopInChinese({
  code,
  by = '',
  errcode = 0,
  path,
  minutes = 0,
}: StopFacts): string {
  switch (code) {
    case 'by-operator':
      return `由 ${by} 暂停`;
    case 'redis-restored':
      return `已有 ${minutes} 分钟没有 worker 运行，或 Redis 从备份恢复：请先核对期间发送了什么，再恢复该公众号`;
    case 'refused-by-wechat':
      return `被微信拒绝（${errcode}）：${meaningOf(errcode, path, 'zh')}`;
    case 'fresh-token-refused':
      return '刚获取的 access_token 也被微信拒绝：可能有其他系统在用旧方式获取该 AppID 的 token，或 token 中控返回了旧 token；请处理后再恢复该公众号';
  }
}
