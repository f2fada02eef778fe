/** The producer itself: its health, and the key of its webhooks. */
import { z } from 'zod';
import { Time } from './shapes.ts';

export const Alive = z.strictObject({ status: z.literal('alive') }).describe('It does');

export const Readiness = z
  .strictObject({
    status: z.enum(['ready', 'not ready']),
    findings: z.array(z.string()).describe('What stands in the way, in sentences'),
    warnings: z.array(z.string()).describe('What will stand in the way if nobody acts'),
    unserved: z
      .array(
        z.strictObject({
          code: z.literal('no-worker'),
          queue: z.string().exactOptional(),
          lanes: z
            .int()
            .exactOptional()
            .describe(
              'How many accounts have a lane that none serves; GET /v1/accounts says which',
            ),
          shard: z.int().exactOptional().describe('Of the queue, where there are several'),
        }),
      )
      .describe('Queues, or lanes of accounts, that no running worker serves'),
  })
  .describe('Whether it can, and what stands in the way')
  .meta({ examples: [{ status: 'ready', findings: [], warnings: [], unserved: [] }] });

export const WebhookSecret = z
  .strictObject({ secret: z.string().describe('`whsec_…`') })
  .describe('The key');
export const RotatedWebhookSecret = z
  .strictObject({ secret: z.string().describe('`whsec_…`'), previousSignsUntil: Time })
  .describe('The new key');
