import { z } from 'zod';
import type { Operation } from './operation.ts';

export const webhookOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/webhooks/secret',
    tag: 'Service',
    summary: 'The key that webhooks are signed with (Standard Webhooks)',
    answers: {
      200: { description: '`whsec_…`', schema: z.strictObject({ secret: z.string() }) },
    },
  },
  {
    method: 'post',
    path: '/v1/webhooks/secret',
    tag: 'Service',
    summary: 'Replace the key; for a week each webhook is signed by the one before, too',
    answers: {
      200: {
        description: 'The new key',
        schema: z.strictObject({
          secret: z.string(),
          previousSignsUntil: z.string().meta({ format: 'date-time' }),
        }),
      },
    },
  },
  {
    method: 'post',
    path: '/v1/campaigns/:id/webhook/replay',
    tag: 'Campaigns',
    summary: 'Tell its webhook again how it ended',
    answers: {
      202: {
        description: 'It will be told',
        schema: z.strictObject({
          campaignId: z.string(),
          queuedAt: z.string().meta({ format: 'date-time' }),
        }),
      },
    },
    problems: { 404: 'No such campaign', 409: 'It has no webhook, or has not ended' },
  },
];
