/**
 * Which refused batches of a campaign are submitted once more, under new keys: as they were, in
 * halves, or without some OpenIDs.
 *
 * WeChat refuses a whole batch for one OpenID that is another account's (40003, 49003), and does
 * not say which. Halving finds it in at most thirteen rounds; whoever knows it names it.
 */

import { isWholesale } from '../campaign/audience.ts';
import { type Batch, newBatch } from '../campaign/batch.ts';
import { halvesOf, rangeOf, sizeOf } from '../campaign/divide.ts';
import type { CampaignRecord } from '../record/read-campaign.ts';
import type { Stores } from '../record/record.ts';
import { batchOpenIds } from './batch-open-ids.ts';
import { type Refusal, refuse } from './refusal.ts';

export type RetryHow =
  | { readonly as: 'is' }
  | { readonly as: 'halves' }
  | { readonly as: 'without'; readonly openIds: readonly string[] };

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'batches' | 'audiences'>;
  readonly now: () => number;
}

/** Submits one batch again; recorded by then, not called yet. */
type Retry = () => Promise<unknown>;

export function makeChooseRetries({ stores, now }: Dependencies) {
  const { batches, audiences } = stores;

  /** @returns what is to be submitted again, nothing of it done yet; or why nothing can be. */
  return async function chooseRetries(
    record: CampaignRecord,
    how: RetryHow,
    by: string,
  ): Promise<readonly Retry[] | { refused: Refusal }> {
    const { campaign } = record;
    if (how.as !== 'is' && isWholesale(campaign.audience)) {
      return refuse(422, 'not-a-list', 'WeChat alone knows who a group, a tag or everyone is');
    }
    const refusedOnes = (await batches.all(campaign.id)).filter(({ state }) => state === 'refused');
    const prepared = how.as === 'without' ? await listWithout(record, how.openIds) : undefined;
    if (prepared && 'refused' in prepared) return prepared;
    const retries: (Retry | null)[] = [];
    for (const batch of refusedOnes) {
      if (how.as === 'halves') retries.push(inHalves(record, batch, by));
      else if (prepared) retries.push(await without(record, batch, prepared.listId, by));
      else retries.push(asItWas(record, batch, by));
    }
    return retries.filter((retry) => retry !== null);
  };

  function asItWas({ campaign }: CampaignRecord, { no }: Batch, by: string): Retry {
    return () =>
      batches.apply(
        { campaignId: campaign.id, no },
        { type: 'retried' },
        {
          audit: { at: now(), by, action: 'retry' },
          unless: ({ state }) => state !== 'refused',
        },
      );
  }

  /** The lower half keeps the number, the upper one gets the next free one. */
  function inHalves(record: CampaignRecord, batch: Batch, by: string): Retry | null {
    const { campaign, control } = record;
    const recipients = control.recipients ?? campaign.counts?.recipients ?? 0;
    const halves = halvesOf(rangeOf(batch, recipients));
    if (!halves) return null;
    const [lower, upper] = halves;
    const withoutToo = batch.without === undefined ? {} : { without: batch.without };
    return () =>
      batches.divide(
        { campaignId: campaign.id, no: batch.no },
        { type: 'retried', range: lower, size: sizeOf(lower) },
        (no) => ({ ...newBatch(no, sizeOf(upper)), range: upper, ...withoutToo }),
        { at: now(), by, action: 'retry in halves' },
      );
  }

  async function listWithout(
    { campaign }: CampaignRecord,
    openIds: readonly string[],
  ): Promise<{ listId: string } | { refused: Refusal }> {
    const list = await audiences.create(openIds, { account: campaign.account });
    if (list.recipients === 0) {
      await audiences.remove(list.id);
      return refuse(422, 'no-openid', 'none of the given OpenIDs is one');
    }
    await audiences.touch(list.id, campaign.notAfter - now());
    return { listId: list.id };
  }

  async function without(
    record: CampaignRecord,
    batch: Batch,
    listId: string,
    by: string,
  ): Promise<Retry | null> {
    const { campaign, control } = record;
    const trial = { ...batch, without: listId };
    const left = await batchOpenIds(audiences, { campaign, control, batch: trial });
    // One OpenID cannot be mass-sent (40130): the batch stays refused.
    if (!left || left.length < 2) return null;
    const size = left.length;
    return () =>
      batches.apply(
        { campaignId: campaign.id, no: batch.no },
        { type: 'retried', without: listId, size },
        {
          audit: { at: now(), by, action: 'retry without some' },
          unless: ({ state }) => state !== 'refused',
        },
      );
  }
}
