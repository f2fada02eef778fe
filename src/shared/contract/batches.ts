/** The batches of a campaign: one mass send each. */
import { z } from 'zod';
import { BATCH_STATES, HELD_REASONS, WAIT_REASONS } from '../campaign/batch.ts';
import { Receipt } from '../campaign/receipt.ts';
import { FAILURE_CODES } from './campaign-words.ts';
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

/** Why something failed. */
export const FailureAnswer = z
  .looseObject({ code: z.enum(FAILURE_CODES), message: z.string() })
  .describe('Why it failed: the facts of each code stand beside it');

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
    reason: z
      .enum([...WAIT_REASONS, ...HELD_REASONS])
      .exactOptional()
      .describe('Why it does not move, or is held'),
    message: z.string().exactOptional().describe('The reason in words'),
    error: FailureAnswer.exactOptional(),
    takenMsgId: z
      .string()
      .exactOptional()
      .describe('Held because this message id belongs to another batch'),
    receipt: Receipt.extend({ meaning: z.string().describe('The reason in words') })
      .meta({ id: 'Receipt' })
      .exactOptional(),
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
          reason: 'sent',
          meaning: 'sent; single followers may have failed',
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
