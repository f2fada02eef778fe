/**
 * Drafts that were made for batches which never went out: left alone they would pile up in the
 * console's draft box, where somebody might send them by mistake. A draft that was sent is gone.
 */
import type { Campaign } from '../../shared/campaign/campaign.ts';
import { draftOf, type Item, nextGeneration } from '../../shared/campaign/material.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import type { Stores } from '../../shared/record/record.ts';
import { deleteDraft } from '../../shared/wechat/news.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'batches' | 'identityOf'>;
  readonly wechatFor: WechatFor;
  readonly telemetry: Telemetry;
}

export type RemoveStrayDrafts = (campaign: Campaign) => Promise<void>;

/** Best effort, once: whatever WeChat answers, the campaign has ended. */
export function makeRemoveStrayDrafts(deps: Dependencies): RemoveStrayDrafts {
  const { stores, wechatFor, telemetry } = deps;
  const { campaigns, batches } = stores;

  return async function removeStrayDrafts(campaign) {
    if (campaign.messageType !== 'news') return;
    if (campaign.identity !== stores.identityOf(campaign.account)) return;
    const [names, message] = await Promise.all([
      campaigns.itemNames(campaign.id),
      campaigns.message(campaign.id),
    ]);
    const named = message && 'mediaId' in message ? message.mediaId : undefined;
    const isBegun = new Set(names);
    for (const batch of await batches.all(campaign.id)) {
      const { name } = draftOf(batch.no);
      if ('msgId' in batch || !isBegun.has(name)) continue;
      const mediaId = await takeOut(campaign, name);
      if (mediaId === undefined || mediaId === named) continue;
      const answer = await deleteDraft(wechatFor(campaign.account), mediaId);
      telemetry.draftRemoved(campaign, answer.kind);
    }
  };

  /** Only while the campaign is over: a retry that came first uses the draft, a later one makes another. */
  async function takeOut({ id }: Campaign, name: string): Promise<string | undefined> {
    let taken: Item | undefined;
    const after = await campaigns.changeItem(
      id,
      name,
      (item) => {
        taken = item;
        return item.copy ? nextGeneration(item) : item;
      },
      { onlyEnded: true },
    );
    return after ? taken?.copy?.mediaId : undefined;
  }
}
