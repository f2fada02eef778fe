/**
 * The sweeper: what must happen at its time although no job comes round to it, and anything that
 * should have a live job and has none. Deadlines are kept here, outside the lanes, since a lane may
 * sleep for days.
 */

import { makeStopCampaign } from '../../shared/actions/stop-campaign.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { SECOND } from '../../shared/platform/time.ts';
import type { EnqueueRoot } from '../../shared/queue/enqueue-root.ts';
import type { Queues } from '../../shared/queue/queues.ts';
import { wakeCampaign } from '../../shared/queue/wake-campaign.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { ReviveBatches } from '../campaign/revive-batches.ts';
import { each } from './each.ts';
import { makeMendRoots } from './mend-roots.ts';
import type { TellWebhook } from './tell-webhook.ts';

interface Dependencies {
  readonly stores: Stores;
  readonly queues: Queues;
  readonly enqueueRoot: EnqueueRoot;
  readonly tellWebhook: TellWebhook;
  readonly reviveBatches: ReviveBatches;
  readonly submitTimeoutMs: number;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** An accepted campaign's root is added right after; this much later it was forgotten. */
const OUTBOX_PATIENCE = 3 * SECOND;

export function makeSweep(deps: Dependencies) {
  const { stores, queues, enqueueRoot, tellWebhook, submitTimeoutMs, telemetry, now } = deps;
  const { campaigns, batches } = stores;
  const stopCampaign = makeStopCampaign({ stores, queues, now });
  const mendRoots = makeMendRoots(deps);
  let recounting: Promise<number> | undefined;

  /**
   * The steps run beside each other, whatever becomes of the others: a deadline waits neither for
   * the recount nor for an entry that cannot go on.
   */
  async function sweep(): Promise<void> {
    const steps = {
      recounted: recount,
      handedOn: emptyOutbox,
      held: holdOverdue,
      stopped: stopLate,
      revived: mendRoots,
    };
    const done: Record<string, number> = {};
    const errors: unknown[] = [];
    const run = async ([name, step]: [string, () => Promise<number>]): Promise<void> => {
      done[name] = await step().catch((error: unknown) => {
        errors.push(error);
        return 0;
      });
    };
    await Promise.all(Object.entries(steps).map(run));
    telemetry.swept(done);
    if (errors.length > 0) throw errors[0];
  }

  /** The next sweep comes while a long recount goes on, and does not wait for it. */
  async function recount(): Promise<number> {
    if (recounting) return 0;
    recounting = stores.recount().finally(() => {
      recounting = undefined;
    });
    return recounting;
  }

  async function emptyOutbox(): Promise<number> {
    return each(await campaigns.outbox(now() - OUTBOX_PATIENCE), async ({ kind, id }) => {
      const campaign = await campaigns.spec(id);
      if (kind === 'webhook' || kind === 'corrected') await tellWebhook(id, kind);
      else if (campaign) await enqueueRoot(campaign);
      else await campaigns.rootIsThere(id);
      return true;
    });
  }

  /** WeChat may soon forget the key, or the campaign must not send any more: an operator decides. */
  async function holdOverdue(): Promise<number> {
    return each(await batches.overdue(), async ({ ref, read }) => {
      const batch = await read();
      if (batch?.state !== 'submitting') return false;
      // A call under way at that very moment still has its time to be answered.
      const under = !batch.answered && batch.lastAttemptAt + submitTimeoutMs + SECOND > now();
      if (under) return false;
      const after = await batches.apply(
        ref,
        { type: 'held', reason: 'outcome-unknown', at: now() },
        { unless: (current) => current.state !== 'submitting' },
      );
      const campaign = await campaigns.spec(ref.campaignId);
      if (!campaign || after.state !== 'held') return false;
      telemetry.batchHeld(campaign, after, 'outcome-unknown');
      await stopCampaign.leaveLane(campaign, batch);
      return true;
    });
  }

  /** `notAfter` has passed: whatever was not called never is. The root winds the campaign up. */
  async function stopLate(): Promise<number> {
    return each(await campaigns.open({ dueBy: now() }), async (id) => {
      const campaign = await campaigns.spec(id);
      if (!campaign || !(await stopCampaign.stopLate(campaign))) return false;
      await wakeCampaign(queues, id);
      return true;
    });
  }

  return sweep;
}
