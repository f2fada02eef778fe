/** Whom one batch goes to: its range of the frozen list, less those it was retried without. */
import { isWholesale } from '../campaign/audience.ts';
import type { Batch } from '../campaign/batch.ts';
import type { Campaign, Control } from '../campaign/campaign.ts';
import { rangeOf } from '../campaign/divide.ts';
import type { AudienceStore } from '../record/audience-store.ts';

/** @returns null for a group, a tag or everyone: WeChat alone knows who that is. */
export async function batchOpenIds(
  audiences: Pick<AudienceStore, 'describe' | 'slice'>,
  { campaign, control, batch }: { campaign: Campaign; control: Control; batch: Batch },
): Promise<string[] | null> {
  const { audience } = campaign;
  if (isWholesale(audience)) return null;
  const listId = audience.type === 'list' ? audience.listId : (control.listId ?? '');
  const recipients = control.recipients ?? campaign.counts?.recipients ?? 0;
  const { from, to } = rangeOf(batch, recipients);
  const openIds = await audiences.slice(listId, from, to);
  if (batch.without === undefined) return openIds;
  const left = await audiences.describe(batch.without);
  const without = new Set(await audiences.slice(batch.without, 0, left?.recipients ?? 0));
  return openIds.filter((openId) => !without.has(openId));
}
