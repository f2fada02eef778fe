/** What the jobs of one process work with. */
import type { Logger } from 'pino';
import type { BatchEvent } from '../shared/campaign/advance-batch.ts';
import type { Batch } from '../shared/campaign/batch.ts';
import type { Campaign } from '../shared/campaign/campaign.ts';
import type { WechatFor } from '../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../shared/platform/accounts.ts';
import type { Config } from '../shared/platform/config.ts';
import type { Telemetry } from '../shared/platform/telemetry.ts';
import type { Queues } from '../shared/queue/queues.ts';
import type { ShardStores } from '../shared/record/record.ts';

export interface Tools {
  readonly config: Config;
  /** @throws {AccountUnknown} */
  readonly accountOf: (name: string) => AccountConfig;
  readonly stores: ShardStores;
  readonly queues: Queues;
  readonly wechatFor: WechatFor;
  /** This host's name: WeChat's IP list may refuse one host and take another. */
  readonly hostId: string;
  readonly recordEvent: RecordEvent;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** @returns the batch as it is after that; as it was, where `unless` holds. */
export type RecordEvent = (
  campaign: Campaign,
  no: number,
  event: BatchEvent,
  unless: (batch: Batch) => boolean,
) => Promise<Batch>;

/** Records what happened to a batch; where it is held then, the log and the metrics tell. */
export function makeRecordEvent(
  { batches }: Pick<ShardStores, 'batches'>,
  telemetry: Pick<Telemetry, 'batchHeld'>,
): RecordEvent {
  return async (campaign, no, event, unless) => {
    let isRecorded = false;
    const after = await batches.apply({ campaignId: campaign.id, no }, event, {
      unless(batch) {
        isRecorded = !unless(batch);
        return !isRecorded;
      },
    });
    if (isRecorded && after.state === 'held') telemetry.batchHeld(campaign, after, after.reason);
    return after;
  };
}
