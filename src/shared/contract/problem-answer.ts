/** Every refusal of the API: problem+json (RFC 9457). */
import { z } from 'zod';
import { BatchDetails } from './batches.ts';
import { CampaignSummary } from './campaigns.ts';

export const ProblemAnswer = z
  .looseObject({
    type: z.string(),
    title: z.string().describe('In the language of Accept-Language: English or Chinese'),
    status: z.int(),
    detail: z.string().describe('What is wrong and what to do, in the language of Accept-Language'),
    code: z.string().describe('Stable, for programs; the facts of each code stand beside it'),
    errors: z
      .array(
        z.strictObject({
          code: z.string(),
          path: z.string(),
          message: z.string(),
        }),
      )
      .exactOptional()
      .describe('Every mistake of the input at once'),
    campaignId: z.string().exactOptional().describe('The campaign this one collides with'),
    campaign: CampaignSummary.exactOptional().describe('`moved`: how it is now'),
    batch: BatchDetails.exactOptional().describe('`moved`: how it is now'),
  })
  .describe('problem+json (RFC 9457)')
  .meta({
    id: 'Problem',
    examples: [
      {
        type: 'urn:qunfa:problem:invalid-campaign',
        title: 'Not valid',
        status: 422,
        detail: '1 mistake in the request; nothing was kept',
        code: 'invalid-campaign',
        errors: [
          {
            code: 'wrong-kind',
            path: 'audience.tagId',
            message: 'must be a whole number',
          },
        ],
      },
    ],
  });
