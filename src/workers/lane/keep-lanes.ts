/**
 * Opens a worker for each account that has something to send, and closes it when it has not.
 *
 * A thousand idle lanes would cost a process a thousand connections and 1,600 Redis commands a
 * second, so only busy ones are open.
 */
import type { Worker } from 'bullmq';
import type { Logger } from 'pino';
import type { LaneState } from '../../shared/campaign/lane.ts';
import { pacesOf, type Serving } from '../../shared/campaign/serving.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Redis } from '../../shared/platform/redis.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import type { Queues } from '../../shared/queue/queues.ts';
import { wakeLane } from '../../shared/queue/wake-campaign.ts';
import type { LaneStore } from '../../shared/record/lane-store.ts';
import { JITTER } from '../../shared/record/quota-ledger.ts';
import { LANE_CONCURRENCY } from './lane-reactions.ts';

interface Dependencies {
  readonly lanes: LaneStore;
  readonly queues: Queues;
  /** A connection of its own: one that listens can say nothing else. */
  readonly listener: Redis;
  readonly channel: string;
  readonly accounts: () => readonly AccountConfig[];
  /** Accounts this process serves. */
  readonly serves: (account: string) => boolean;
  readonly open: (account: string) => Worker;
  readonly serving: () => Promise<readonly Serving[]>;
  /** Of campaigns that have not ended. */
  readonly openAccounts: () => Promise<ReadonlySet<string>>;
  readonly telemetry: Pick<Telemetry, 'callsPerMinuteDiffer'>;
  readonly log: Logger;
  readonly now: () => number;
}

/** Between two calls, in ms: WeChat may count any 60 s, and then exactly the limit is over it. */
export const spacingOf = (callsPerMinute: number): number =>
  Math.ceil((MINUTE + JITTER) / callsPerMinute);

const STOPS = ['restored', 'paused', 'sendBlocked', 'sleep'] as const;
const LOOK_EVERY = 5 * SECOND;
const IDLE_FOR = 30 * SECOND;
const LEFT_BEHIND_EVERY = 20 * SECOND;

interface Kept {
  readonly worker: Worker;
  busyAt: number;
  known: LaneState;
  callsPerMinute: number;
}

export interface LaneKeeper {
  stop(): Promise<void>;
}

export async function keepLanes(deps: Dependencies): Promise<LaneKeeper> {
  const { lanes, queues, listener, channel, accounts, serves, open, log, now } = deps;
  const workers = new Map<string, Kept>();
  let stopped = false;
  let leftBehindAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> = Promise.resolve();
  let willLook = false;

  /** A burst of campaigns says so for each: one look that is still to come sees them all. */
  const lookAgain = (): void => {
    if (willLook) return;
    willLook = true;
    looking = looking
      .then(() => {
        willLook = false;
        return stopped ? undefined : look();
      })
      .catch((error: unknown) => {
        log.debug({ event: 'lanes.look-failed', err: error }, 'lanes could not be looked at');
      });
  };

  async function look(): Promise<void> {
    const busy = new Set([...(await lanes.busy()), ...(await leftBehind())]);
    for (const account of busy) {
      if (!serves(account)) continue;
      const config = accounts().find(({ name }) => name === account);
      if (!config) continue;
      const known = workers.get(account);
      if (known) {
        known.busyAt = now();
        known.callsPerMinute = await pace(config, known.callsPerMinute);
      } else {
        const callsPerMinute = await pace(config);
        const state = await setWidth(account);
        const worker = open(account);
        workers.set(account, { worker, busyAt: now(), known: state, callsPerMinute });
      }
    }
    for (const [account, { worker, busyAt }] of workers) {
      if (busy.has(account) && serves(account)) await attend(account);
      else if (!serves(account) || now() - busyAt > IDLE_FOR) {
        workers.delete(account);
        await worker.close();
      }
    }
  }

  /**
   * A worker that died after it had recorded WeChat's last answer leaves its job in a lane that has
   * no work any more, and the campaign's root waits for that job.
   */
  async function leftBehind(): Promise<string[]> {
    if (now() - leftBehindAt < LEFT_BEHIND_EVERY) return [];
    leftBehindAt = now();
    const found: string[] = [];
    for (const account of await deps.openAccounts()) {
      if (workers.has(account) || !serves(account)) continue;
      if ((await queues.lane(account).getActiveCount()) > 0) found.push(account);
    }
    return found;
  }

  /**
   * Evenly spaced: (60, 60000 ms) bursts, and 61 calls fall into one minute. Set at every opening:
   * without a global limit other workers ignore a lane that sleeps. A host with another setting may
   * start or stop meanwhile, so it is looked at again: the lowest of all counts.
   */
  async function pace(config: AccountConfig, before?: number): Promise<number> {
    const paces = pacesOf(await deps.serving(), config.name);
    const callsPerMinute = Math.min(config.callsPerMinute, ...paces);
    if (callsPerMinute === before) return callsPerMinute;
    if (paces.length > 1) deps.telemetry.callsPerMinuteDiffer(config.name, paces);
    await queues.lane(config.name).setGlobalRateLimit(1, spacingOf(callsPerMinute));
    return callsPerMinute;
  }

  /** Wide first, and then a look: whoever narrows it writes that down before. */
  async function setWidth(account: string): Promise<LaneState> {
    const lane = queues.lane(account);
    await lane.setGlobalConcurrency(LANE_CONCURRENCY);
    const state = await lanes.read(account);
    if ((state.narrowUntil ?? 0) > now()) await lane.setGlobalConcurrency(1);
    return state;
  }

  /** What an operator released goes on at once; what had to go one by one is wide again after a while. */
  async function attend(account: string): Promise<void> {
    const state = await lanes.read(account);
    const kept = workers.get(account);
    if (kept) {
      const { known } = kept;
      const released = STOPS.some((stop) => known[stop] && !state[stop]);
      kept.known = state;
      if (released) await wakeLane(queues, account);
    }
    const { narrowUntil } = state;
    if (narrowUntil === undefined || narrowUntil > now()) return;
    await lanes.widen(account, narrowUntil);
    await setWidth(account);
  }

  const onMessage = (on: string): void => {
    if (on === channel) lookAgain();
  };
  await listener.subscribe(channel);
  listener.on('message', onMessage);
  const timer = setInterval(lookAgain, LOOK_EVERY);
  lookAgain();
  await looking;

  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      listener.off('message', onMessage);
      await looking;
      await Promise.all([...workers.values()].map(({ worker }) => worker.close()));
    },
  };
}
