/** Drafts that a campaign made, and that no batch goes out with: found and used, or removed. */
import { isDeepStrictEqual } from 'node:util';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import { draftOf, type Item, nextGeneration } from '../../shared/campaign/material.ts';
import { isPage } from '../../shared/campaign/message.ts';
import { MINUTE } from '../../shared/platform/time.ts';
import type { WechatClient } from '../../shared/wechat/client.ts';
import {
  type Draft,
  type DraftArticle,
  deleteDraft,
  listDrafts,
} from '../../shared/wechat/news.ts';
import type { Tools } from '../tools.ts';

interface Sought {
  readonly bodies: readonly DraftArticle[];
  /** Before the first call for it, ms. */
  readonly since: number;
  /** Drafts of other batches, whose calls were answered. */
  readonly isKnown: (mediaId: string) => boolean;
}

const AT_ONCE = 20;
/** Drafts of a draft box that are looked through, newest first. */
const MOST = 5 * AT_ONCE;
/** WeChat's clock and ours may differ. */
const SKEW = MINUTE;

/**
 * The draft that a call made whose answer was lost.
 *
 * @returns its media id; null where there is none, or WeChat does not list its drafts just now.
 */
export async function draftLeftBehind(
  client: WechatClient,
  { bodies, since, isKnown }: Sought,
): Promise<string | null> {
  for (let offset = 0; offset < MOST; offset += AT_ONCE) {
    const page = await listDrafts(client, { offset, count: AT_ONCE });
    if (page.kind !== 'ok') return null;
    const { drafts, total } = page.value;
    const left = drafts.find(
      (draft) => draft.updatedAt > since - SKEW && isOf(draft, bodies) && !isKnown(draft.mediaId),
    );
    if (left) return left.mediaId;
    if (offset + AT_ONCE >= total) return null;
  }
  return null;
}

/** By titles and pictures: WeChat changes the HTML. */
const isOf = ({ titles, pictures }: Draft, bodies: readonly DraftArticle[]): boolean =>
  isDeepStrictEqual(
    bodies.map((body) => [body.title, picturesOf(body)]),
    titles.map((title, at) => [title, pictures[at]]),
  );

const picturesOf = (body: DraftArticle): readonly string[] =>
  'imageMediaIds' in body ? body.imageMediaIds : [body.thumbMediaId];

/**
 * Of batches that never went out: left alone they would pile up in the console's draft box, where
 * somebody might send them by mistake. A draft that was sent is gone. Best effort, once: whatever
 * WeChat answers, the campaign has ended.
 */
export function makeRemoveStrayDrafts(tools: Pick<Tools, 'stores' | 'wechatFor' | 'telemetry'>) {
  const { stores, wechatFor, telemetry } = tools;
  const { campaigns, batches } = stores;

  return async function removeStrayDrafts(campaign: Campaign): Promise<void> {
    if (!isPage(campaign.messageType)) return;
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
