/** Campaigns as they stand in Redis. What never changes of them is kept in memory. */

import type { Campaign, Control, Waiting } from '../campaign/campaign.ts';
import { laneWait, needsLane } from '../campaign/lane.ts';
import type { Message } from '../campaign/message.ts';
import { EMPTY_TALLY, type Tally } from '../campaign/progress.ts';
import { unservedWait } from '../campaign/serving.ts';
import { type CampaignView, viewOf } from '../contract/campaign-view.ts';
import type { Redis } from '../platform/redis.ts';
import { MINUTE } from '../platform/time.ts';
import { keepIn, makeSpecs } from './campaign-spec.ts';
import type { Keys } from './keys.ts';
import type { LaneStore } from './lane-store.ts';
import type { ServingStore } from './serving-store.ts';

export interface CampaignRecord {
  readonly campaign: Campaign;
  readonly control: Control;
  readonly tally: Tally;
}

interface Dependencies {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly serving: ServingStore['serving'];
  readonly lane: LaneStore['read'];
  readonly now: () => number;
}

const LONGEST_KEPT = 2_048;
/** Once this long past, a batch has gone on, and why it waited is out of date. */
const STALE = 5 * MINUTE;

export type ReadCampaign = ReturnType<typeof makeReadCampaign>;

export function makeReadCampaign({ redis, keys, serving, lane, now }: Dependencies) {
  const specs = makeSpecs({ redis, keys });
  const { spec } = specs;
  /** A campaign's message never changes; long ones would fill the memory. */
  const messages = new Map<string, Message>();

  async function read(id: string): Promise<CampaignRecord | null> {
    const [[specText, controlText, waiting = null], tally] = await Promise.all([
      redis.hmget(keys.campaign(id), 'spec', 'control', 'waiting'),
      redis.hgetall(keys.tally(id)),
    ]);
    if (!specText || !controlText) return null;
    return {
      campaign: specs.of(id, specText),
      control: withWaiting(JSON.parse(controlText) as Control, waiting),
      tally: toTally(tally),
    };
  }

  const withWaiting = (control: Control, text: string | null): Control => {
    if (!text) return control;
    const waiting = JSON.parse(text) as Waiting;
    return waiting.until !== null && waiting.until < now() - STALE
      ? control
      : { ...control, waiting };
  };

  async function view(id: string): Promise<CampaignView | null> {
    const found = await read(id);
    return found && viewNow(found);
  }

  /** What no worker serves goes before any other reason to wait. */
  async function viewNow(found: CampaignRecord): Promise<CampaignView> {
    const { campaign, control, tally } = found;
    const waiting =
      unservedWait(await serving(), found, now()) ??
      control.waiting ??
      (needsLane(control, tally)
        ? laneWait(campaign, await lane(campaign.account), now())
        : undefined);
    return viewOf(campaign, waiting ? { ...control, waiting } : control, tally);
  }

  async function message(id: string): Promise<Message | null> {
    const kept = messages.get(id);
    if (kept) return kept;
    const text = await redis.hget(keys.campaign(id), 'message');
    if (text === null) return null;
    const found = JSON.parse(text) as Message;
    return text.length > LONGEST_KEPT ? found : keepIn(messages, id, found);
  }

  return { spec, read, view, viewNow, message };
}

export const toTally = (fields: Record<string, string>): Tally => ({
  ...EMPTY_TALLY,
  ...Object.fromEntries(Object.entries(fields).map(([field, count]) => [field, Number(count)])),
});
