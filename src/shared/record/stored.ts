/**
 * What the record holds as JSON, read back. This program wrote it, so it is not checked again: the
 * version of the whole record is checked at the start (installation.ts), a campaign's own here.
 */
import type { Campaign } from '../campaign/campaign.ts';
import { EMPTY_TALLY, type Tally } from '../campaign/progress.ts';
import { ServiceError } from '../platform/errors.ts';

/** Of everything in Redis. A newer record is refused; an older one is read on. */
export const RECORD_VERSION = 1;

export const stored = <T>(text: string): T => JSON.parse(text) as T;

export const storedOrNull = <T>(text: string | null | undefined): T | null =>
  text == null ? null : stored<T>(text);

/** @throws {ServiceError} `RECORD_NEWER`: a newer program accepted it. */
export function storedCampaign(text: string): Campaign {
  const campaign = stored<Campaign>(text);
  if (campaign.v <= RECORD_VERSION) return campaign;
  const details = { campaignId: campaign.id, version: campaign.v };
  throw new ServiceError('RECORD_NEWER', 'a newer program accepted this campaign', { details });
}

export const storedTally = (fields: Readonly<Record<string, string>>): Tally => ({
  ...EMPTY_TALLY,
  ...Object.fromEntries(Object.entries(fields).map(([field, count]) => [field, Number(count)])),
});
