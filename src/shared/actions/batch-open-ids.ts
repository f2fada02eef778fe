/** Whom one batch goes to: its range of the frozen list, less those it was retried without. */
import { usesSendAll } from '../campaign/audience.ts';
import type { Batch } from '../campaign/batch.ts';
import type { Campaign, Control } from '../campaign/campaign.ts';
import { rangeOf } from '../campaign/divide.ts';
import type { AudienceStore } from '../record/audience-store.ts';

interface Of {
  readonly campaign: Campaign;
  readonly control: Control;
  readonly batch: Batch;
}

/** @returns null for a group, a tag or everyone: WeChat alone knows who that is. */
export async function batchOpenIds(
  audiences: Pick<AudienceStore, 'describe' | 'slice'>,
  of: Of,
): Promise<string[] | null> {
  const { campaign, batch } = of;
  if (usesSendAll(campaign.audience)) return null;
  const openIds = await audiences.slice(...partOf(of));
  const without = new Set<string>();
  for (const leftOut of batch.without ?? []) {
    const list = await audiences.describe(leftOut);
    for (const openId of await audiences.slice(leftOut, 0, list?.recipients ?? 0)) {
      without.add(openId);
    }
  }
  return openIds.filter((openId) => !without.has(openId));
}

/** The same as the text of a JSON array. */
export async function batchOpenIdsAsJson(
  audiences: Pick<AudienceStore, 'describe' | 'slice' | 'sliceAsJson'>,
  of: Of,
): Promise<Buffer | null> {
  const isWholeRange = of.batch.without === undefined && !usesSendAll(of.campaign.audience);
  if (isWholeRange) return audiences.sliceAsJson(...partOf(of));
  const openIds = await batchOpenIds(audiences, of);
  return openIds && Buffer.from(JSON.stringify(openIds));
}

function partOf({ campaign, control, batch }: Of): [listId: string, from: number, to: number] {
  const { audience, counts } = campaign;
  const listId = audience.type === 'list' ? audience.listId : (control.listId ?? '');
  const { from, to } = rangeOf(batch, control.recipients ?? counts?.recipients ?? 0);
  return [listId, from, to];
}
