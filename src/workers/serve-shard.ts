/** What a process does for one shard: a BullMQ worker for each of its queues, and the sweeper. */
import { type Processor, Worker, type WorkerOptions } from 'bullmq';
import type { Logger } from 'pino';
import type { AccountConfig } from '../shared/platform/accounts.ts';
import type { Redis } from '../shared/platform/redis.ts';
import type { Telemetry } from '../shared/platform/telemetry.ts';
import { SECOND } from '../shared/platform/time.ts';
import { laneOf, SHARED_QUEUES } from '../shared/queue/jobs.ts';
import type { OneShard } from '../shared/record/all-shards.ts';
import { makeKeys } from '../shared/record/keys.ts';
import { CallerMistake, cappedBackoff } from './job.ts';
import { BOUNDS } from './lane/in-turn.ts';
import { keepLanes, type LaneKeeper } from './lane/keep-lanes.ts';
import { LANE_CONCURRENCY } from './lane/lane-reactions.ts';
import { keepSweeping } from './upkeep/sweep.ts';

interface Dependencies {
  readonly shard: OneShard;
  readonly process: Processor;
  readonly redis: Redis;
  /** A connection of its own: one that listens can say nothing else. */
  readonly listener: Redis;
  readonly accounts: () => readonly AccountConfig[];
  /** Whether this process serves the queue; `send` stands for the lanes. */
  readonly wanted: (queue: string) => boolean;
  /** Whether it serves an account's lane just now. */
  readonly serves: (account: string) => boolean;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly now: () => number;
  readonly hostNow: () => number;
}

export type ServedShard = ReturnType<typeof serveShard>;

export function serveShard(deps: Dependencies) {
  const { shard, process, redis, listener, accounts, wanted, serves, telemetry, log, now } = deps;
  const { stores, queues, prefix, record } = shard;
  let workers: Worker[] = [];
  let lanes: LaneKeeper | null = null;

  function open(queue: string, concurrency: number): Worker {
    const settings: WorkerOptions = {
      connection: redis,
      prefix,
      concurrency,
      // A killed worker's job is picked up again within 20 s.
      lockDuration: 15 * SECOND,
      stalledInterval: 5 * SECOND,
      // A job is safe to run any number of times, and must never be given up for stalling.
      maxStalledCount: 1_000_000,
      // A lane that is released goes on this soon, however long it was to sleep; and a job that
      // the sleeping worker had fetched begins well within its lock.
      maximumRateLimitDelay: 5 * SECOND,
      settings: { backoffStrategy: cappedBackoff },
    };
    const worker = new Worker(queue, process, settings);
    worker.on('error', (error) =>
      log.debug({ event: 'worker.error', queue, err: error }, 'worker error'),
    );
    worker.on('failed', (job, error) => {
      if (error instanceof CallerMistake) telemetry.jobRefused(queue, job?.id, error.message);
      else telemetry.jobFailed(queue, job, error);
    });
    return worker;
  }

  const sweepOn = async (): Promise<void> => {
    if (wanted('upkeep')) await keepSweeping(queues.upkeep, deps.hostNow());
  };

  return {
    stores,
    sweepOn,
    async work(): Promise<void> {
      if (workers.length > 0) return;
      workers = SHARED_QUEUES.filter(wanted).map((queue) => open(queue, BOUNDS[queue].slots));
      await sweepOn();
    },
    async rest(): Promise<void> {
      await Promise.all(workers.splice(0).map((worker) => worker.close()));
    },
    async openLanes(): Promise<void> {
      if (!wanted('send')) return;
      lanes = await keepLanes({
        ...{ lanes: stores.lanes, queues, listener, channel: makeKeys(record).laneFeed() },
        ...{ accounts, serves, telemetry, log, now },
        open: (account) => open(laneOf(account), LANE_CONCURRENCY),
        serving: stores.workers.serving,
        openAccounts: () => stores.campaigns.openAccounts(),
      });
    },
    async untilReady(): Promise<void> {
      await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    },
    async drain(): Promise<void> {
      await Promise.all([lanes?.stop(), ...workers.map((worker) => worker.close())]);
    },
    /** Leaves the jobs that it has. */
    async drop(): Promise<void> {
      await Promise.all(workers.map((worker) => worker.close(true)));
    },
  };
}
