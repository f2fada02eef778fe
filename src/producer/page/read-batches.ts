/** The batches of a campaign in pieces: others have their turn between them, however many there are. */
import type { Batch } from '../../shared/campaign/batch.ts';
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import type { BatchStore } from '../../shared/record/batch-store.ts';

const PIECE = 500;

export async function readBatches(
  { page }: Pick<BatchStore, 'page'>,
  { id, batches: { total } }: Pick<CampaignView, 'id' | 'batches'>,
): Promise<Batch[]> {
  const found: Batch[] = [];
  for (let from = 1; from <= total; from += PIECE) {
    found.push(...(await page(id, from, Math.min(PIECE, total - from + 1))));
  }
  return found;
}
