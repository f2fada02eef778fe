/** Reads campaigns from Redis. What never changes of them is kept in memory. */
import type { Campaign, Control, Waiting } from '../campaign/campaign.ts';
import { laneWait, needsLane } from '../campaign/lane.ts';
import type { Message } from '../campaign/message.ts';
import type { Tally } from '../campaign/progress.ts';
import { unservedWait } from '../campaign/serving.ts';
import { type CampaignView, viewOf } from '../contract/campaign-view.ts';
import type { Redis } from '../platform/redis.ts';
import { MINUTE } from '../platform/time.ts';
import { keepIn, makeSpecs } from './campaign-spec.ts';
import type { Keys } from './keys.ts';
import type { LaneStore } from './lane-store.ts';
import type { ServingStore } from './serving-store.ts';
import { stored, storedOrNull, storedTally } from './stored.ts';

export interface CampaignRecord {
  readonly campaign: Campaign;
  readonly control: Control;
  readonly tally: Tally;
  readonly beside: Beside;
}

/** What else is kept with a campaign, for the commits that change it. */
export interface Beside {
  /** The key of its Idempotency-Key, or empty. */
  readonly idempotency: string;
  /** The key of its content in the guard against the same content, or empty. */
  readonly content: string;
  /** Lists that single batches leave out. */
  readonly lists: readonly string[];
}

interface Dependencies {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly serving: ServingStore['serving'];
  readonly lane: LaneStore['read'];
  readonly now: () => number;
}

const BESIDE = ['idempotency', 'content', 'lists'] as const;
const LONGEST_KEPT = 2_048;
/** So long after the end of a wait, the batch has gone on, and its reason is out of date. */
const STALE = 5 * MINUTE;

export type ReadCampaign = ReturnType<typeof makeReadCampaign>;

export function makeReadCampaign({ redis, keys, serving, lane, now }: Dependencies) {
  const specs = makeSpecs({ redis, keys });
  const { spec, begun } = specs;
  /** A campaign's message never changes; long ones would fill the memory. */
  const messages = new Map<string, Message>();

  async function read(id: string): Promise<CampaignRecord | null> {
    const [[specText, controlText, waiting = null, ...beside], tally] = await Promise.all([
      redis.hmget(keys.campaign(id), 'spec', 'control', 'waiting', ...BESIDE),
      redis.hgetall(keys.tally(id)),
    ]);
    const [idempotency, content, lists] = beside;
    if (!specText || !controlText) return null;
    const control = stored<Control>(controlText);
    return {
      campaign: specs.of(id, specText, control),
      control: withWaiting(control, waiting),
      tally: storedTally(tally),
      beside: {
        idempotency: idempotency ?? '',
        content: content ?? '',
        lists: storedOrNull<string[]>(lists) ?? [],
      },
    };
  }

  const withWaiting = (control: Control, text: string | null): Control => {
    if (!text) return control;
    const waiting = stored<Waiting>(text);
    return waiting.until !== null && waiting.until < now() - STALE
      ? control
      : { ...control, waiting };
  };

  async function view(id: string): Promise<CampaignView | null> {
    const found = await read(id);
    return found && viewNow(found);
  }

  /** That no worker serves it comes before any other reason to wait. */
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
    const found = stored<Message>(text);
    return text.length > LONGEST_KEPT ? found : keepIn(messages, id, found);
  }

  return { spec, begun, read, view, viewNow, message };
}
