/** What comes back of planning, previewing and recalling. */
import { z } from 'zod';

const Count = z.int().nonnegative();

export const Quota = z
  .strictObject({
    perDay: Count.describe('Of a fresh account; WeChat’s refusal decides'),
    usedToday: Count,
    left: Count.describe('Of send and sendall together'),
  })
  .meta({ id: 'Quota' });

const Outcome = {
  errcode: z.int().optional().describe('WeChat’s'),
  meaning: z.string().optional().describe('The errcode in words'),
};

export const PlanAnswer = z
  .strictObject({
    account: z.string(),
    recipients: Count.nullable().describe('null where nobody has counted yet'),
    batches: Count.nullable(),
    calls: z.record(z.string(), Count).describe('Needed at most, by API path'),
    quota: z.record(z.string(), Quota),
    rate: z.strictObject({ perMinute: z.number() }),
    begins: z.iso.datetime(),
    ends: z.iso.datetime().nullable().describe('When the last call would be made'),
    notAfter: z.iso.datetime(),
    fitsNotAfter: z.boolean().nullable(),
    advice: z.array(z.string()).describe('In words'),
    wechat: z
      .record(z.string(), Quota.nullable())
      .optional()
      .describe('What WeChat itself says is left, where it was asked'),
  })
  .meta({ id: 'Plan' });

export const PreviewAnswer = z
  .strictObject({
    account: z.string(),
    sent: Count,
    results: z.array(
      z.strictObject({
        to: z.union([
          z.strictObject({ openid: z.string() }),
          z.strictObject({ wechatId: z.string() }),
        ]),
        outcome: z
          .enum(['sent', 'refused', 'unknown', 'not-sent', 'not-tried'])
          .describe('unknown: it may have arrived · not-tried: an earlier answer concerns all'),
        ...Outcome,
      }),
    ),
    quota: Quota,
  })
  .meta({ id: 'Preview' });

export const RecallAnswer = z
  .strictObject({
    id: z.string(),
    recalled: Count,
    results: z.array(
      z.strictObject({
        no: z.int().positive(),
        msgId: z.string().optional(),
        outcome: z
          .enum(['recalled', 'already', 'refused', 'unknown', 'not-sent', 'not-tried'])
          .describe('already: an earlier recall did it · not-tried: no call is left today'),
        ...Outcome,
      }),
    ),
    quota: Quota,
    notes: z.array(z.string()).describe('What this did not do, in words'),
  })
  .meta({ id: 'Recall' });
