/** What WeChat's answers do to an account's lane: sleep, go one by one, stop until an operator acts. */
import type { Queue } from 'bullmq';
import type { Batch } from '../../shared/campaign/batch.ts';
import { type Campaign, type Control, pausedBy } from '../../shared/campaign/campaign.ts';
import { MINUTE } from '../../shared/platform/time.ts';
import type { LaneStore } from '../../shared/record/lane-store.ts';
import { refusesAddress } from '../../shared/wechat/remedies.ts';
import type { Tools } from '../tools.ts';
import type { LaneReaction } from './read-submission.ts';

/** At most so many calls at once for one account, over all processes. */
export const LANE_CONCURRENCY = 4;
/** Two hosts within this agree that it is the account's list, not one host's address. */
const AGREEMENT = 10 * MINUTE;

/**
 * A sleep stands in the record before BullMQ knows of it. Whoever resumes the account between the two
 * wakes a lane that is not yet asleep, and it would sleep all the same, until the next day perhaps.
 */
export async function wakeIfReleased(
  lanes: Pick<LaneStore, 'read'>,
  lane: Pick<Queue, 'removeRateLimitKey'>,
  account: string,
): Promise<void> {
  const { sleep } = await lanes.read(account);
  if (!sleep) await lane.removeRateLimitKey();
}

export type LaneReactions = ReturnType<typeof makeLaneReactions>;

export function makeLaneReactions(
  tools: Pick<Tools, 'stores' | 'queues' | 'hostId' | 'telemetry' | 'now'>,
) {
  const { stores, queues, hostId, telemetry, now } = tools;
  const { lanes, campaigns } = stores;

  async function react({ account }: Campaign, reaction: LaneReaction): Promise<void> {
    switch (reaction.kind) {
      case 'none':
        return;
      case 'sleep':
        return sleep(account, reaction.until, reaction.reason);
      case 'narrow':
        await lanes.set(account, 'narrowUntil', reaction.oneByOneUntil);
        await queues.lane(account).setGlobalConcurrency(1);
        return sleep(account, reaction.until, 'rate');
      case 'stop':
        return stop(account, reaction);
    }
  }

  async function sleep(
    account: string,
    until: number,
    reason: Extract<LaneReaction, { kind: 'sleep' }>['reason'],
  ): Promise<void> {
    if (reason !== 'outcome-unknown') {
      const { sleep: known } = await lanes.read(account);
      // Calls under way together may be told of the minute's limit and of the day's.
      const isLonger = known !== undefined && known.until > until;
      if (!isLonger) await lanes.set(account, 'sleep', { reason, until });
    }
    await queues.lane(account).rateLimit(Math.max(1, until - now()));
    if (reason !== 'outcome-unknown') await wakeIfReleased(lanes, queues.lane(account), account);
    telemetry.laneSleeps(account, reason, until);
  }

  async function stop(
    account: string,
    { scope, code, errcode, path }: Extract<LaneReaction, { kind: 'stop' }>,
  ): Promise<void> {
    if (refusesAddress(errcode) && !(await anotherHostAgrees(account))) {
      telemetry.laneStopped(account, scope, { code, errcode, host: hostId });
      return;
    }
    const because = { at: now(), by: 'wechat', code, errcode, ...(path && { path }) };
    await lanes.set(account, scope === 'send' ? 'sendBlocked' : 'paused', because);
    telemetry.laneStopped(account, scope, { code, errcode });
  }

  async function anotherHostAgrees(account: string): Promise<boolean> {
    const { refusedHosts = {} } = await lanes.read(account);
    const recent = Object.entries(refusedHosts).filter(([, at]) => at > now() - AGREEMENT);
    await lanes.set(account, 'refusedHosts', { ...Object.fromEntries(recent), [hostId]: now() });
    return recent.some(([host]) => host !== hostId);
  }

  /**
   * The answer that the lane was waiting for is there: it goes on at once. `before` is what the
   * campaign's control was before the call: a row of taken ids that began during it goes on.
   */
  async function answered({ account, id }: Campaign, batch: Batch, before: Control): Promise<void> {
    if (batch.attempts > 1) await queues.lane(account).removeRateLimitKey();
    if (before.takenInARow === undefined) return;
    await campaigns.control(id, (control) => {
      if (control.takenInARow === undefined) return control;
      const { takenInARow: _, ...rest } = control;
      return rest;
    });
  }

  /** Twice in a row: something with our keys is wrong, and every further call might be a mistake. */
  async function idTaken(campaign: Campaign): Promise<void> {
    const at = now();
    let pauses = false;
    await campaigns.control(campaign.id, (control) => {
      const takenInARow = (control.takenInARow ?? 0) + 1;
      const counted = { ...control, takenInARow };
      pauses = takenInARow >= 2 && !control.pauses?.['message-id-taken'] && !control.cancelled;
      return pauses ? pausedBy(counted, 'message-id-taken', { at, by: 'qunfa' }) : counted;
    });
    if (!pauses) return;
    const told = { action: 'paused', reason: 'message-id-taken' } as const;
    await campaigns.note(campaign.id, { at, by: 'qunfa', ...told });
    telemetry.campaignPaused(campaign, 'message-id-taken');
  }

  return { react, answered, idTaken };
}
