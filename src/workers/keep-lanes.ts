/**
 * Opens a worker for each account that has something to send, and closes it when it has not.
 *
 * A thousand idle lanes would cost a process a thousand connections and 1,600 Redis commands a
 * second, so only busy ones are open.
 */
import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { AccountConfig } from '../shared/accounts.ts';
import type { Queues } from '../shared/queues.ts';
import type { LaneStore } from '../shared/store/lane-store.ts';
import { MINUTE, SECOND } from '../shared/time.ts';
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
  readonly log: Logger;
  readonly now: () => number;
}

const LOOK_EVERY = 5 * SECOND;
const IDLE_FOR = 30 * SECOND;

export interface LaneKeeper {
  stop(): Promise<void>;
}

export async function keepLanes(deps: Dependencies): Promise<LaneKeeper> {
  const { lanes, queues, listener, channel, accounts, serves, open, log, now } = deps;
  const workers = new Map<string, { worker: Worker; busyAt: number }>();
  let stopped = false;
  let looking: Promise<void> = Promise.resolve();

  const lookAgain = (): void => {
    looking = looking
      .then(() => (stopped ? undefined : look()))
      .catch((error: unknown) => {
        log.debug({ event: 'lanes.look-failed', err: error }, 'lanes could not be looked at');
      });
  };

  async function look(): Promise<void> {
    const busy = new Set(await lanes.busy());
    for (const account of busy) {
      if (!serves(account)) continue;
      const config = accounts().find(({ name }) => name === account);
      if (!config) continue;
      const known = workers.get(account);
      if (known) known.busyAt = now();
      else {
        await pace(config);
        workers.set(account, { worker: open(account), busyAt: now() });
      }
    }
    for (const [account, { worker, busyAt }] of workers) {
      if (busy.has(account)) await widen(account);
      else if (now() - busyAt > IDLE_FOR) {
        workers.delete(account);
        await worker.close();
      }
    }
  }

  /**
   * Evenly spaced: (1, 1000 ms) holds 60 a minute at 99.8 %, while (60, 60000 ms) bursts, and 61
   * calls fall into one minute. Set at every opening: without a global limit other workers ignore
   * a lane that sleeps.
   */
  async function pace({ name, callsPerMinute }: AccountConfig): Promise<void> {
    const queue = queues.lane(name);
    await queue.setGlobalRateLimit(1, Math.max(1, Math.ceil(MINUTE / callsPerMinute)));
    const { narrowUntil = 0 } = await lanes.read(name);
    await queue.setGlobalConcurrency(narrowUntil > now() ? 1 : LANE_CONCURRENCY);
  }

  /** After too fast a while: wide again. */
  async function widen(account: string): Promise<void> {
    const { narrowUntil } = await lanes.read(account);
    if (narrowUntil === undefined || narrowUntil > now()) return;
    await queues.lane(account).setGlobalConcurrency(LANE_CONCURRENCY);
    await lanes.clear(account, 'narrowUntil');
  }

  await listener.subscribe(channel);
  listener.on('message', lookAgain);
  const timer = setInterval(lookAgain, LOOK_EVERY);
  lookAgain();
  await looking;

  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      listener.off('message', lookAgain);
      await looking;
      await Promise.all([...workers.values()].map(({ worker }) => worker.close()));
    },
  };
}
