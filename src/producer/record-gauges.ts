/** The gauges of the record, read when `/metrics` is asked for; alike from every producer. */

import { laneStateOf } from '../shared/actions/describe-account.ts';
import { EVENT_WITHIN } from '../shared/actions/list-attention.ts';
import { dailyQuotas } from '../shared/campaign/daily-quotas.ts';
import type { LaneState } from '../shared/campaign/lane.ts';
import type { AccountConfig } from '../shared/platform/accounts.ts';
import { JOB_STATES, LANE_STATES, type Sample, type Samples } from '../shared/platform/metrics.ts';
import { SECOND } from '../shared/platform/time.ts';
import { SHARED_QUEUES } from '../shared/queue/jobs.ts';
import type { AllQueues } from '../shared/queue/queues.ts';
import type { Stores } from '../shared/record/record.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'attention' | 'counts' | 'lanes' | 'quota'>;
  readonly queues: AllQueues;
  readonly accounts: () => readonly AccountConfig[];
  readonly now: () => number;
}

/** What has waited longest, and what was put back, is among the first of each list. */
const OLDEST_OF = 10;
const WAITING = ['waiting', 'prioritized', 'delayed'] as const;

export function makeRecordGauges({ stores, queues, accounts, now }: Dependencies) {
  return async function read(): Promise<Samples> {
    const names = accounts().map(({ name }) => name);
    const [counts, lanes, busy, needs, quota] = await Promise.all([
      stores.counts(names),
      Promise.all(names.map(async (name) => [name, await stores.lanes.read(name)] as const)),
      stores.lanes.busy(),
      needsPerson(),
      quotaLeft(),
    ]);
    const states = new Map(lanes.map(([name, lane]) => [name, stateOf(lane)]));
    const moving = busy.filter((name) =>
      ['open', 'one-at-a-time'].includes(states.get(name) ?? ''),
    );
    const [oldest, jobs] = await Promise.all([oldestOf(moving), queueJobs(busy)]);
    return {
      qunfa_batches: Object.entries(counts.batches).map(([state, n]) => [{ state }, n]),
      qunfa_batches_held: counts.batches.held,
      qunfa_lanes: LANE_STATES.map((state) => [
        { state },
        [...states.values()].filter((one) => one === state).length,
      ]),
      qunfa_oldest_pending_batch_seconds: oldest / SECOND,
      qunfa_oldest_awaited_receipt_seconds: counts.oldestReceiptMs / SECOND,
      qunfa_unanswered_calls: counts.unanswered,
      qunfa_outbox_entries: counts.outbox,
      qunfa_quota_left: quota,
      qunfa_needs_person: needs,
      qunfa_queue_jobs: jobs,
    };
  };

  function stateOf(lane: LaneState): (typeof LANE_STATES)[number] {
    const state = laneStateOf(lane, now());
    return state === 'open' && (lane.narrowUntil ?? 0) > now() ? 'one-at-a-time' : state;
  }

  async function needsPerson(): Promise<Sample[]> {
    const [entries, silent] = await Promise.all([
      stores.attention.entries(),
      stores.attention.overdueReceipts(now() - EVENT_WITHIN),
    ]);
    const counts = new Map<string, number>();
    const found = [
      ...entries,
      ...[...silent.keys()].map((account) => ({ kind: 'no-callback', account })),
    ];
    for (const { kind, account } of found) {
      const key = `${kind}/${account}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return [...counts].map(([key, count]) => {
      const [kind = '', account = ''] = key.split('/');
      return [{ kind, account }, count];
    });
  }

  async function quotaLeft(): Promise<Sample[]> {
    const found = await Promise.all(
      accounts().map(async (account) => ({
        account: account.name,
        quotas: dailyQuotas(account, await stores.quota.today(account.name)),
      })),
    );
    return found.flatMap(({ account, quotas }) =>
      Object.entries(quotas).map(([api, { left }]): Sample => [{ account, api }, left]),
    );
  }

  /** How long ago the oldest job of these lanes was due, in ms. */
  async function oldestOf(busy: readonly string[]): Promise<number> {
    const jobs = await Promise.all(
      busy.map(async (name) => {
        const lane = (await queues.ofAccount(name)).lane(name);
        return lane.getJobs([...WAITING], 0, OLDEST_OF - 1, true);
      }),
    );
    const since = jobs.flat().map((job) => job?.timestamp ?? now());
    return Math.max(0, now() - Math.min(now(), ...since));
  }

  async function queueJobs(busy: readonly string[]): Promise<Sample[]> {
    const counted = await Promise.all([
      ...queues
        .all()
        .flatMap((shard) =>
          SHARED_QUEUES.map(async (name) => [name, await shard[name].getJobCounts()] as const),
        ),
      ...busy.map(async (name) => {
        const lane = (await queues.ofAccount(name)).lane(name);
        return ['send', await lane.getJobCounts()] as const;
      }),
    ]);
    return [...SHARED_QUEUES, 'send'].flatMap((queue) =>
      JOB_STATES.map((state): Sample => {
        const ofQueue = counted.filter(([name]) => name === queue);
        const count = ofQueue.reduce((sum, [, counts]) => sum + countIn(counts, state), 0);
        return [{ queue, state }, count];
      }),
    );
  }
}

/** BullMQ keeps those with a priority apart; to an operator they wait like the others. */
const countIn = (counts: Readonly<Record<string, number>>, state: string): number =>
  (counts[state] ?? 0) +
  (state === 'waiting' ? (counts.prioritized ?? 0) + (counts.paused ?? 0) : 0);
