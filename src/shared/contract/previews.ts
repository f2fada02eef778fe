/** One message to a few named people, before everybody gets it. */
import { z } from 'zod';
import { isOpenId } from '../campaign/cut.ts';
import { flaw } from '../campaign/mistake.ts';
import { MessageRequest } from './campaign-request.ts';
import { NoAnswer } from './decisions.ts';
import { Quota } from './plans.ts';
import { type Answered, Count } from './shapes.ts';

const MOST_RECIPIENTS = 10;

const Recipient = z
  .union(
    [
      z.strictObject({ openid: z.string().refine(isOpenId, flaw('openid-malformed')) }),
      z.strictObject({
        wechatId: z
          .string()
          .regex(/^[A-Za-z0-9_-]{1,64}$/, flaw('wechat-id-malformed'))
          .describe('What people type to find each other (微信号); it must follow the account'),
      }),
    ],
    flaw('recipient-malformed'),
  )
  .describe('One of {"openid"}, {"wechatId"}');
export type PreviewTo = Answered<typeof Recipient>;

export const PreviewRequest = z
  .strictObject({
    account: z
      .string()
      .optional()
      .describe('May be left out only where exactly one account is configured'),
    message: MessageRequest,
    to: z
      .array(Recipient)
      .min(1)
      .max(MOST_RECIPIENTS)
      .superRefine((to, context) => {
        for (const at of repeatsIn(to.map((one) => JSON.stringify(one)))) {
          context.addIssue({ code: 'custom', path: [at], message: flaw('given-twice') });
        }
      }),
    spendLast: z
      .boolean()
      .default(false)
      .describe('Use the day’s last uploadnews for this preview; otherwise it is kept for a send'),
  })
  .meta({
    id: 'PreviewRequest',
    examples: [{ message: { type: 'text', content: '你好' }, to: [{ wechatId: 'zhang_san' }] }],
  });

const repeatsIn = (all: readonly string[]): number[] =>
  all.flatMap((one, at) => (all.indexOf(one) < at ? [at] : []));

export const PreviewReport = z
  .strictObject({
    account: z.string(),
    sent: Count,
    results: z.array(
      z.strictObject({
        to: Recipient,
        outcome: z
          .enum(['sent', 'refused', 'unknown', 'not-sent', 'not-tried'])
          .describe('unknown: it may have arrived · not-tried: an earlier answer concerns all'),
        ...NoAnswer,
      }),
    ),
    quota: Quota.describe('Of today’s previews, after these'),
  })
  .describe('What became of each')
  .meta({ id: 'Preview' });
export type PreviewReport = Answered<typeof PreviewReport>;
