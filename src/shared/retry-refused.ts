/**
 * Submits the refused batches of a campaign once more, under new keys: as they were, in halves, or
 * without some OpenIDs.
 *
 * WeChat refuses a whole batch for one OpenID that is another account's (40003, 49003), and does
 * not say which. Halving finds it in at most thirteen rounds; whoever knows it names it.
 */
import { type Refusal, refuse } from './accept/refusal.ts';
import { batchOpenIds } from './batch-open-ids.ts';
import { isWholesale } from './campaign/audience.ts';
import { type Batch, newBatch } from './campaign/batch.ts';
import { halvesOf, rangeOf, sizeOf } from './campaign/divide.ts';
import type { Stores } from './record.ts';
import type { CampaignRecord } from './store/read-campaign.ts';

export type RetryHow =
  | { readonly as: 'is' }
  | { readonly as: 'halves' }
  | { readonly as: 'without'; readonly openIds: readonly string[] };

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'batches' | 'audiences'>;
  readonly now: () => number;
}

export type RetryRefused = ReturnType<typeof makeRetryRefused>;

export function makeRetryRefused({ stores, now }: Dependencies) {
  const { batches, audiences } = stores;

  /** @returns how many batches will be submitted again, or why none is. */
  return async function retryRefused(
    record: CampaignRecord,
    how: RetryHow,
    by: string,
  ): Promise<number | { refused: Refusal }> {
    const { campaign } = record;
    if (how.as !== 'is' && isWholesale(campaign.audience)) {
      return refuse(422, 'not-a-list', 'WeChat alone knows who a group, a tag or everyone is');
    }
    const refusedOnes = (await batches.all(campaign.id)).filter(({ state }) => state === 'refused');
    const prepared = how.as === 'without' ? await listWithout(record, how.openIds) : undefined;
    if (prepared && 'refused' in prepared) return prepared;
    let again = 0;
    for (const batch of refusedOnes) {
      if (how.as === 'halves') again += await inHalves(record, batch, by);
      else if (prepared) again += await without(record, batch, prepared.listId, by);
      else again += await asItWas(record, batch, by);
    }
    return again;
  };

  async function asItWas({ campaign }: CampaignRecord, { no }: Batch, by: string): Promise<number> {
    await batches.apply(
      { campaignId: campaign.id, no },
      { type: 'retried' },
      {
        audit: { at: now(), by, action: 'retry' },
        unless: ({ state }) => state !== 'refused',
      },
    );
    return 1;
  }

  /** The lower half keeps the number, the upper one gets the next free one. */
  async function inHalves(record: CampaignRecord, batch: Batch, by: string): Promise<number> {
    const { campaign, control } = record;
    const recipients = control.recipients ?? campaign.counts?.recipients ?? 0;
    const halves = halvesOf(rangeOf(batch, recipients));
    if (!halves) return 0;
    const [lower, upper] = halves;
    const withoutToo = batch.without === undefined ? {} : { without: batch.without };
    await batches.divide(
      { campaignId: campaign.id, no: batch.no },
      { type: 'retried', range: lower, size: sizeOf(lower) },
      (no) => ({ ...newBatch(no, sizeOf(upper)), range: upper, ...withoutToo }),
      { at: now(), by, action: 'retry in halves' },
    );
    return 2;
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
    return { listId: list.id };
  }

  async function without(
    record: CampaignRecord,
    batch: Batch,
    listId: string,
    by: string,
  ): Promise<number> {
    const { campaign, control } = record;
    const trial = { ...batch, without: listId };
    const left = await batchOpenIds(audiences, { campaign, control, batch: trial });
    // One OpenID cannot be mass-sent (40130): the batch stays refused.
    if (!left || left.length < 2) return 0;
    await batches.apply(
      { campaignId: campaign.id, no: batch.no },
      { type: 'retried', without: listId, size: left.length },
      {
        audit: { at: now(), by, action: 'retry without some' },
        unless: ({ state }) => state !== 'refused',
      },
    );
    return 1;
  }
}
