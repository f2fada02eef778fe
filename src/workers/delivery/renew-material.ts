/**
 * WeChat does not know what a batch went out with (40007): it is unknown, expired or used up.
 *
 * It is a definite no, so the batch goes back, and the same key is used again once another copy has
 * been made.
 */
import type { Batch } from '../../shared/campaign/batch.ts';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import { lose } from '../../shared/campaign/material.ts';
import type { Message } from '../../shared/campaign/message.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import type { Stores } from '../../shared/record/record.ts';
import { refusedByWechat } from '../lane/read-submission.ts';
import type { Pause } from '../lane/sleep.ts';
import type { PrepareMessage } from './prepare-message.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'batches' | 'campaigns' | 'materials'>;
  readonly prepareMessage: Pick<PrepareMessage, 'routeOf' | 'thingsOf'>;
  readonly unknownRetryMs: number;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

interface Lost {
  readonly campaign: Campaign;
  readonly message: Message;
  readonly batch: Batch;
  /** What WeChat does not know; null where the message has no id. */
  readonly mediaId: string | null;
  readonly errcode: number;
}

export type RenewMaterial = ReturnType<typeof makeRenewMaterial>;

export function makeRenewMaterial(deps: Dependencies) {
  const { stores, prepareMessage, unknownRetryMs, telemetry, now } = deps;
  const { campaigns, batches, materials } = stores;

  return async function renew(lost: Lost): Promise<Pause | null> {
    const { campaign, batch, message, mediaId, errcode } = lost;
    const isNamed = namedIn(message) === mediaId;
    if (isNamed || mediaId === null || !(await makeAnew(lost, mediaId))) {
      const unknown = { code: 'media-id-unknown', of: 'message' } as const;
      await refuse(lost, isNamed ? unknown : refusedByWechat(errcode));
      return null;
    }
    telemetry.materialRenewed(campaign, batch);
    // The key was used just now: WeChat wants a minute before it sees it again.
    const nextAttemptAt = now() + unknownRetryMs;
    await batches.apply(
      refOf(lost),
      { type: 'put-back', reason: 'new-media', errcode, nextAttemptAt },
      { unless: isOver },
    );
    return { kind: 'until', at: nextAttemptAt };
  };

  /** @returns false where that has been done too often. */
  async function makeAnew({ campaign, message, batch }: Lost, mediaId: string): Promise<boolean> {
    const record = await campaigns.read(campaign.id);
    if (!record) return false;
    const { control, tally } = record;
    const route = prepareMessage.routeOf(campaign, control);
    const things = prepareMessage.thingsOf({ campaign, message, route }, batch, tally);
    const items = await campaigns.items(
      campaign.id,
      things.map(({ name }) => name),
    );
    const accepted = tally.submitted + tally.settled;
    let tooOften = false;
    for (const thing of things) {
      const copy = items[thing.name]?.copy;
      // Another batch had it made anew meanwhile: this one goes out with that.
      if (copy?.mediaId !== mediaId) continue;
      // Forgotten first: whoever makes it anew must not find what WeChat no longer knows.
      if (copy.shared) await materials.forget(campaign.account, copy.shared, mediaId);
      await campaigns.changeItem(campaign.id, thing.name, (item) => {
        const next = lose(item, mediaId, { thing, accepted });
        tooOften ||= next === 'too-often';
        return next === 'too-often' ? item : next;
      });
    }
    return !tooOften;
  }

  /** Held instead, where an earlier call of the key was never answered. */
  async function refuse(lost: Lost, failure: Failure): Promise<void> {
    const after = await batches.apply(
      refOf(lost),
      { type: 'refused', failure, at: now(), errcode: lost.errcode },
      { unless: isOver },
    );
    if (after.state === 'held') telemetry.batchHeld(lost.campaign, after, after.reason);
  }
}

const isOver = ({ state }: Batch): boolean => state !== 'pending' && state !== 'submitting';

const refOf = ({ campaign, batch }: Lost) => ({ campaignId: campaign.id, no: batch.no });

/** The id of files or articles that the request itself named: nothing can make another. */
function namedIn(message: Message): string | null {
  if ('mediaId' in message) return message.mediaId;
  return 'media' in message && 'mediaId' in message.media ? message.media.mediaId : null;
}
