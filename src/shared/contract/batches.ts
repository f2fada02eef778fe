/** The batches of a campaign: one mass send each. */
import { z } from 'zod';
import { BATCH_STATES } from '../campaign/batch.ts';
import { type Answered, Count, NextNumber, numbered, Time, UnknownCount } from './shapes.ts';

/** A batch by its number, or all that are held. */
export const WhichBatch = z.union([
  z.literal('all-held'),
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/)
    .transform(Number),
]);

export const BatchListQuery = numbered('batches', 1_000_000);

const Receipt = z
  .strictObject({
    status: z.enum(['delivered', 'refused', 'failed', 'unknown']),
    code: z.string().exactOptional().describe('WeChat’s own, such as `send success`'),
    meaning: z.string().exactOptional().describe('The code in words'),
    total: UnknownCount,
    eligible: UnknownCount.describe('How many were left after WeChat’s own filter; null: unknown'),
    sent: UnknownCount,
    failed: UnknownCount,
    articleUrls: z
      .array(z.strictObject({ index: z.int().describe('From 1'), url: z.string() }))
      .exactOptional(),
    copyright: z
      .strictObject({
        state: z
          .int()
          .describe('0 not checked, 1 no reprint, 2 a reprint that may go, 3 one that may not'),
        articles: z.array(
          z.strictObject({
            index: z.int(),
            declared: z.int().describe('0 none, 1 original, 2 reprint'),
            audit: z.int().describe('0 not checked, 1 checking, 11 passed; others did not pass'),
            originalUrl: z.string().exactOptional(),
            mayReprint: z.boolean(),
          }),
        ),
      })
      .exactOptional(),
    unverified: z
      .literal(true)
      .exactOptional()
      .describe('Of an unsigned event (plain mode): WeChat confirmed the status only'),
    disputed: z.literal(true).exactOptional().describe('Another unsigned event has other counts'),
  })
  .meta({ id: 'Receipt' });

export const BatchDetails = z
  .strictObject({
    no: z.int().positive(),
    version: Count.describe('Grows with each change: send it back as `seen`'),
    state: z.enum(BATCH_STATES),
    size: UnknownCount,
    clientMsgId: z
      .string()
      .max(32)
      .describe('What WeChat knows the batch by; another one after `retry` or `resolve`'),
    attempts: Count,
    msgId: z.string().exactOptional().describe('64 bits at WeChat’s, so a string'),
    msgDataId: z
      .string()
      .nullable()
      .exactOptional()
      .describe('null: unknown, since an answer of 45065 lacks it'),
    submittedAt: Time.exactOptional(),
    settledAt: Time.exactOptional(),
    nextAttemptAt: Time.exactOptional(),
    firstAttemptAt: Time.exactOptional().describe(
      'Of a held or abandoned one: from when on it may be in WeChat’s console',
    ),
    errcode: z.int().exactOptional().describe('WeChat’s'),
    reason: z.string().exactOptional(),
    takenMsgId: z
      .string()
      .exactOptional()
      .describe('Held because this message id belongs to another batch'),
    receipt: Receipt.exactOptional(),
    twice: z
      .literal(true)
      .exactOptional()
      .describe('WeChat accepted two of its keys: it may have been received twice'),
  })
  .meta({
    id: 'Batch',
    examples: [
      {
        no: 1,
        version: 4,
        state: 'settled',
        size: 10_000,
        clientMsgId: '3kq8v2x0a5n7c1d9f0-b1-0',
        attempts: 1,
        msgId: '1000000002',
        msgDataId: '2247483649',
        submittedAt: '2026-12-01T01:00:02.113Z',
        settledAt: '2026-12-01T01:00:31.870Z',
        receipt: {
          status: 'delivered',
          code: 'send success',
          total: 10_000,
          eligible: 9_990,
          sent: 9_988,
          failed: 2,
        },
      },
    ],
  });
export type BatchDetails = Answered<typeof BatchDetails>;

export const BatchPage = z
  .strictObject({ batches: z.array(BatchDetails), next: NextNumber })
  .describe('A page of batches')
  .meta({ id: 'BatchPage' });
