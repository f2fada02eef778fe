import { z } from 'zod';
import { isOpenId } from '../campaign/cut.ts';
import { MessageRequest } from '../campaign/request.ts';

const MOST_RECIPIENTS = 10;

const Recipient = z
  .union(
    [
      z.strictObject({ openid: z.string().refine(isOpenId, 'not an OpenID') }),
      z.strictObject({
        wechatId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'not a WeChat ID (微信号)'),
      }),
    ],
    'must be {"openid": "…"} or {"wechatId": "…"}',
  )
  .describe('One of {"openid"}, {"wechatId"}');

export const PreviewBody = z
  .strictObject({
    account: z
      .string()
      .optional()
      .describe('May be left out only where exactly one account is configured'),
    message: MessageRequest,
    to: z
      .array(Recipient)
      .min(1, 'say to whom')
      .max(MOST_RECIPIENTS, `at most ${MOST_RECIPIENTS} at once: WeChat allows 100 previews a day`)
      .superRefine((to, context) => {
        for (const at of repeatsIn(to.map((one) => JSON.stringify(one)))) {
          context.addIssue({ code: 'custom', path: [at], message: 'is there already' });
        }
      }),
    spendLast: z
      .boolean()
      .default(false)
      .describe('Use the day’s last uploadnews for this preview; otherwise it is kept for a send'),
  })
  .meta({ id: 'PreviewRequest' });

const repeatsIn = (all: readonly string[]): number[] =>
  all.flatMap((one, at) => (all.indexOf(one) < at ? [at] : []));
