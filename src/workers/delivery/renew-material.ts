/**
 * WeChat does not know what a batch went out with (40007): it is unknown, expired or used up.
 *
 * It is a definite no, so the batch goes back, and the same key is used again once another copy has
 * been made.
 */
import { awaits, type Batch, type Called } from '../../shared/campaign/batch.ts';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import { type Items, lose, type Thing } from '../../shared/campaign/material.ts';
import { imagesOf, type Message } from '../../shared/campaign/message.ts';
import type { Tally } from '../../shared/campaign/progress.ts';
import type { Stores } from '../../shared/record/record.ts';
import { until, type Wait } from '../job.ts';
import { refusedByWechat } from '../lane/read-submission.ts';
import type { Tools } from '../tools.ts';
import type { PrepareMessage } from './prepare-message.ts';

type Dependencies = Pick<Tools, 'config' | 'stores' | 'recordEvent' | 'telemetry' | 'now'> & {
  readonly prepareMessage: Pick<PrepareMessage, 'routeOf' | 'thingsOf'>;
  readonly loseCopies: LoseCopies;
};

interface Lost {
  readonly campaign: Campaign;
  readonly message: Message;
  /** As called. */
  readonly batch: Called;
  /** One of these WeChat does not know, and does not say which. */
  readonly mediaIds: readonly string[];
  readonly errcode: number;
}

export type RenewMaterial = ReturnType<typeof makeRenewMaterial>;

export function makeRenewMaterial(deps: Dependencies) {
  const { config, stores, prepareMessage, loseCopies, recordEvent, telemetry, now } = deps;
  const { campaigns } = stores;

  return async function renewMaterial(lost: Lost): Promise<Wait | null> {
    const { campaign, batch, message, mediaIds, errcode } = lost;
    const isNotAsked = (current: Batch): boolean => !awaits(current, batch);
    const isNamed = mediaIds.length > 0 && mediaIds.every((id) => namedIn(message).includes(id));
    if (isNamed || mediaIds.length === 0 || !(await makeAnew(lost))) {
      const unknown = { code: 'media-id-unknown', of: 'message' } as const;
      const failure = isNamed ? unknown : refusedByWechat(errcode);
      // Held instead, where an earlier call of the key was never answered.
      const refused = { type: 'refused', failure, at: now(), errcode } as const;
      await recordEvent(campaign, batch.no, refused, isNotAsked);
      return null;
    }
    telemetry.materialRenewed(campaign, batch);
    // The key was used just now: WeChat wants a minute before it sees it again.
    const nextAttemptAt = now() + config.pace.unknownRetryMs;
    const putBack = { type: 'put-back', reason: 'new-media', errcode, nextAttemptAt } as const;
    await recordEvent(campaign, batch.no, putBack, isNotAsked);
    return until(nextAttemptAt);
  };

  /** @returns false where that has been done too often. */
  async function makeAnew({ campaign, message, batch, mediaIds }: Lost): Promise<boolean> {
    const record = await campaigns.read(campaign.id);
    if (!record) return false;
    const { control, tally } = record;
    const route = prepareMessage.routeOf(campaign, control);
    const things = prepareMessage.thingsOf({ campaign, message, route }, batch, tally);
    const names = things.map(({ name }) => name);
    const items = await campaigns.items(campaign.id, names);
    // Where another batch had it made anew meanwhile, this one goes out with that.
    return (await loseCopies(campaign, tally, { things, items, mediaIds })) === 'lost';
  }
}

interface Copies {
  readonly things: readonly Thing[];
  readonly items: Items;
  /** Only copies under these ids. */
  readonly mediaIds?: readonly string[];
}

export type LoseCopies = ReturnType<typeof makeLoseCopies>;

/** Copies that WeChat does not know any more are made anew, unless that has happened too often. */
export function makeLoseCopies({ campaigns, materials }: Pick<Stores, 'campaigns' | 'materials'>) {
  return async function loseCopies(
    { id: campaignId, account }: Campaign,
    { submitted, settled }: Pick<Tally, 'submitted' | 'settled'>,
    { things, items, mediaIds }: Copies,
  ): Promise<'lost' | 'too-often'> {
    let outcome: 'lost' | 'too-often' = 'lost';
    for (const thing of things) {
      const copy = items[thing.name]?.copy;
      const id = copy?.mediaId ?? copy?.url;
      if (id === undefined || mediaIds?.includes(id) === false) continue;
      // Forgotten first: whoever makes it anew must not find what WeChat no longer knows.
      if (copy?.shared) await materials.forget(account, copy.shared, id);
      await campaigns.changeItem(campaignId, thing.name, (item) => {
        const next = lose(item, id, { thing, accepted: submitted + settled });
        if (next !== 'too-often') return next;
        outcome = next;
        return item;
      });
    }
    return outcome;
  };
}

/** The ids of files or articles that the request itself named: nothing can make another. */
function namedIn(message: Message): readonly string[] {
  if ('mediaId' in message) return [message.mediaId];
  const files =
    message.type === 'image' ? imagesOf(message) : 'media' in message ? [message.media] : [];
  return files.flatMap((file) => ('mediaId' in file ? [file.mediaId] : []));
}
