/** What a campaign would cost, told before anything is sent. */
import { z } from 'zod';
import { ADVICE_CODES } from './plan-words.ts';
import { type Answered, Count, Time } from './shapes.ts';

export const Quota = z
  .strictObject({
    perDay: Count.describe('Of a fresh account; WeChat’s refusal decides'),
    usedToday: Count,
    left: Count.describe('Of send and sendall together'),
  })
  .meta({ id: 'Quota' });

export const PlanQuery = z.strictObject({
  ask: z
    .literal('wechat')
    .optional()
    .describe('Also asks WeChat what it has left of each quota, at a call each'),
});

export const PlannedCampaign = z
  .strictObject({
    account: z.string(),
    recipients: Count.nullable().describe('null where they are not known yet'),
    batches: Count.nullable(),
    calls: z.record(z.string(), Count).describe('Needed at most, by API path'),
    quota: z.record(z.string(), Quota),
    rate: z.strictObject({ perMinute: z.number() }),
    begins: Time,
    ends: Time.nullable().describe('When the last call would be made'),
    notAfter: Time,
    fitsNotAfter: z.boolean().nullable(),
    fetches: z
      .array(z.string())
      .exactOptional()
      .describe('Addresses of pictures that are fetched when the campaign is accepted'),
    advice: z
      .array(z.looseObject({ code: z.enum(ADVICE_CODES), message: z.string() }))
      .describe('The facts of each code stand beside it'),
    wechat: z
      .record(z.string(), Quota.nullable())
      .exactOptional()
      .describe('What WeChat itself says is left, where it was asked; null where it did not say'),
  })
  .describe('The plan')
  .meta({
    id: 'Plan',
    examples: [
      {
        account: 'default',
        recipients: 25_000,
        batches: 3,
        calls: { 'message/mass/send': 3 },
        quota: { 'message/mass/send': { perDay: 100, usedToday: 4, left: 96 } },
        rate: { perMinute: 60 },
        begins: '2026-12-01T01:00:00.000Z',
        ends: '2026-12-01T01:00:02.000Z',
        notAfter: '2026-12-02T01:00:00.000Z',
        fitsNotAfter: true,
        advice: [],
      },
    ],
  });
export type PlannedCampaign = Answered<typeof PlannedCampaign>;
