import { z } from 'zod';
import type { Answer, WechatClient } from './client.ts';
import { Amount } from './read-answer.ts';

const Quota = z
  .object({
    quota: z.object({
      daily_limit: Amount,
      used: Amount,
      remain: Amount,
    }),
  })
  .transform(({ quota }) => ({
    dailyLimit: quota.daily_limit,
    used: quota.used,
    remaining: quota.remain,
  }));

/**
 * What WeChat itself says is left of a day's calls.
 *
 * @param cgiPath the path as the client calls it: `/cgi-bin/message/mass/send`.
 */
export function apiQuota(
  client: WechatClient,
  cgiPath: string,
): Promise<Answer<{ dailyLimit: number; used: number; remaining: number }>> {
  const body = { cgi_path: cgiPath };
  return client.post('/cgi-bin/openapi/quota/get', body, { answer: Quota });
}
