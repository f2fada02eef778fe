/**
 * Drafts that were made for batches which never went out: left alone they would pile up in the
 * console's draft box, where somebody might send them by mistake. A draft that was sent is gone.
 */

import type { Campaign } from '../../shared/campaign/campaign.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import type { Stores } from '../../shared/record/record.ts';
import { deleteDraft } from '../../shared/wechat/news.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'batches' | 'identityOf'>;
  readonly wechatFor: WechatFor;
  readonly accountOf: (name: string) => AccountConfig;
  readonly telemetry: Telemetry;
}

export type RemoveStrayDrafts = (campaign: Campaign) => Promise<void>;

/** Best effort, once: whatever WeChat answers, the campaign has ended. */
export function makeRemoveStrayDrafts(deps: Dependencies): RemoveStrayDrafts {
  const { stores, wechatFor, accountOf, telemetry } = deps;
  return async (campaign) => {
    if (campaign.messageType !== 'news') return;
    if (campaign.identity !== stores.identityOf(campaign.account)) return;
    if (accountOf(campaign.account).newsRoute !== 'draft') return;
    const record = await stores.campaigns.read(campaign.id);
    const drafts = Object.entries(record?.control.material.news ?? {});
    for (const [no, { mediaId }] of drafts) {
      const batch = await stores.batches.read({ campaignId: campaign.id, no: Number(no) });
      const wentOut = batch !== null && 'msgId' in batch;
      if (wentOut || mediaId === undefined) continue;
      const answer = await deleteDraft(wechatFor(campaign.account), mediaId);
      telemetry.draftRemoved(campaign, answer.kind);
    }
  };
}
