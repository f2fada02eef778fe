/** Campaigns that are still being written: the same that the page keeps, of each caller its own. */
import { z } from 'zod';
import { type Answered, Time } from './shapes.ts';

const Part = z.record(z.string(), z.unknown());

export const DraftRequest = z
  .strictObject({
    account: z.string().min(1).max(32),
    name: z.string().max(128),
    message: Part.exactOptional(),
    audience: Part.exactOptional(),
    exclude: z.array(z.string()).max(16).exactOptional(),
    sendAt: z.string().max(40).exactOptional(),
    notAfter: z.string().max(40).exactOptional(),
  })
  .describe(
    'The body of POST /v1/campaigns as far as it is written; it is not checked before it is sent',
  )
  .meta({
    id: 'DraftRequest',
    examples: [
      { account: 'default', name: 'Happy Day', message: { type: 'text', content: 'Happy' } },
    ],
  });

export const DraftId = z.string().regex(/^[A-Za-z0-9_-]{16}$/);

export const KeptDraft = z
  .strictObject({
    id: DraftId.describe('Its Idempotency-Key on the page, too'),
    changedAt: Time,
    campaignId: z.string().exactOptional().describe('What has become of it'),
    body: DraftRequest,
  })
  .describe('The draft as it is kept')
  .meta({ id: 'Draft' });
export type KeptDraft = Answered<typeof KeptDraft>;

export const DraftList = z
  .strictObject({ drafts: z.array(KeptDraft) })
  .describe('The last changed comes first; 50 at most are kept, and 4 MiB in all')
  .meta({ id: 'DraftList' });

export const RemovedDraft = z.strictObject({ id: z.string() }).describe('It is gone, or never was');
