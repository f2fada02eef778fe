/** Things of the domain, whole and ordinary, for a test to change one thing about. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Batch } from '../../src/shared/campaign/batch.ts';
import { newBatch } from '../../src/shared/campaign/batch.ts';
import type { Campaign } from '../../src/shared/campaign/campaign.ts';
import type { Receipt } from '../../src/shared/campaign/receipt.ts';
import { openIds } from './open-ids.ts';

/** A time of one fixed day: a test says `at('09:30:00')` and never asks the wall clock. */
export const at = (time: string): number => Date.parse(`2026-01-05T${time}Z`);

export const receipt = (changes: Partial<Receipt> = {}): Receipt => ({
  status: 'delivered',
  code: 'send success',
  reason: 'sent',
  total: 25,
  eligible: 24,
  sent: 23,
  failed: 1,
  ...changes,
});

const COMMON = { no: 1, size: 25, generation: 0, run: 0, attempts: 0, version: 0 } as const;

export const pending = (changes: Partial<Extract<Batch, { state: 'pending' }>> = {}): Batch =>
  ({ ...newBatch(1, 25), ...changes }) as Batch;

/** Called once, no answer recorded yet. */
export const submitting = (
  changes: Partial<Extract<Batch, { state: 'submitting' }>> = {},
): Extract<Batch, { state: 'submitting' }> => ({
  ...COMMON,
  state: 'submitting',
  attempts: 1,
  firstAttemptAt: at('09:00:00'),
  lastAttemptAt: at('09:00:00'),
  asked: 1,
  unanswered: false,
  answered: false,
  ...changes,
});

export const submitted = (msgId: string): Extract<Batch, { state: 'submitted' }> => ({
  ...COMMON,
  state: 'submitted',
  attempts: 1,
  msgId,
  submittedAt: at('09:00:01'),
});

export const aCampaign = (changes: Partial<Campaign> = {}): Campaign => ({
  v: 1,
  id: '0123456789abcdefgh',
  account: 'default',
  identity: changes.account ?? 'default',
  name: 'Happy Day',
  audience: { type: 'list', listId: 'a_0123456789' },
  counts: { received: 25, duplicates: 0, invalid: 0, recipients: 25 },
  messageType: 'text',
  createdAt: at('08:00:00'),
  sendAt: at('09:00:00'),
  notAfter: at('09:00:00') + 24 * 3_600_000,
  createdBy: 'test',
  priority: 5,
  ...changes,
});

/** Every text is another: WeChat and we both refuse the same content twice. */
const aText = () => ({ type: 'text', content: `hello ${randomBytes(8).toString('hex')}` });

export const toOpenIds = (count = 25) => ({ type: 'openids', openids: openIds(count) });

/** A request for a text campaign to 25 OpenIDs. */
export const aRequest = (account: string, changes: object = {}) => ({
  account,
  name: 'Happy Day',
  audience: toOpenIds(),
  message: aText(),
  ...changes,
});

export const exampleFile = (name: string): Buffer =>
  readFileSync(join(import.meta.dirname, '../../examples/media', name));

export const inline = (name: string) => ({
  base64: exampleFile(name).toString('base64'),
  filename: name,
});

export const anImage = () => ({ type: 'image', media: inline('photo.jpg') });

export const someNews = (changes: object = {}) => ({
  type: 'news',
  articles: [
    {
      thumb: inline('cover.jpg'),
      title: `Happy Day ${randomBytes(6).toString('hex')}`,
      author: 'xxx',
      content: 'content',
      digest: 'digest',
      ...changes,
    },
  ],
});
