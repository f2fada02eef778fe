/** The queues of BullMQ, opened once a process; lanes are opened when they are asked for. */
import { type ConnectionOptions, Job, type JobsOptions, Queue, type QueueOptions } from 'bullmq';
import type { Logger } from 'pino';
import { traceparent } from '../platform/tracing.ts';
import { PREFIX } from '../record/keys.ts';
import { inTrace, type JobDefinition, laneOf, SHARED_QUEUES, type SharedQueue } from './jobs.ts';

/** The queues of every shard; those of one are all that its own worker knows. */
export interface AllQueues {
  /** Of the shard that a campaign is in, by its id. */
  of(campaignId: string): Queues;
  ofAccount(account: string): Promise<Queues>;
  all(): readonly Queues[];
}

/** Of one shard. */
export interface Queues extends AllQueues, Record<SharedQueue, Queue> {
  /** The send queue of one account. */
  lane(account: string): Queue;
  /** Lanes opened so far in this process. */
  lanes(): Queue[];
  close(): Promise<void>;
}

interface Dependencies {
  readonly connection: ConnectionOptions;
  readonly log: Logger;
  readonly prefix?: string;
}

export function openQueues({ connection, log, prefix = PREFIX }: Dependencies): Queues {
  const options: QueueOptions = { connection, prefix };
  const open = (name: string): Queue => {
    const queue = new Queue(name, options);
    queue.on('error', (error) =>
      log.debug({ event: 'queue.error', queue: name, err: error.message }),
    );
    return queue;
  };
  const shared = Object.fromEntries(SHARED_QUEUES.map((name) => [name, open(name)])) as Record<
    SharedQueue,
    Queue
  >;
  const lanes = new Map<string, Queue>();
  const queues: Queues = {
    ...shared,
    of: () => queues,
    ofAccount: async () => queues,
    all: () => [queues],
    lane(account) {
      const known = lanes.get(account) ?? open(laneOf(account));
      lanes.set(account, known);
      return known;
    },
    lanes: () => [...lanes.values()],
    async close() {
      await Promise.all(
        [...Object.values(shared), ...lanes.values()].map((queue) => queue.close()),
      );
    },
  };
  return queues;
}

export interface Planned<Payload> {
  readonly definition: JobDefinition<Payload>;
  readonly payload: Payload;
  readonly options?: JobsOptions;
}

/** @returns the job's data, id and options, checked before they reach Redis. */
export function plan<Payload>({ definition, payload, options }: Planned<Payload>) {
  const data = definition.payload.parse(payload);
  return {
    name: definition.name,
    data,
    opts: {
      ...definition.options,
      ...inTrace(traceparent()),
      ...options,
      jobId: definition.id(data),
    },
  };
}

/** A delay by the record's time: BullMQ adds it to the job's timestamp, else the host's clock. */
export const dueAt = (at: number, now: number): Pick<JobsOptions, 'delay' | 'timestamp'> => ({
  timestamp: now,
  delay: Math.max(0, at - now),
});

export interface Parent {
  readonly id: string;
  /** The queue's name with its prefix, as BullMQ keeps it in a child. */
  readonly queue: string;
}

/**
 * Adds children to a parent that may be asleep waiting for others.
 *
 * Every child is `ignoreDependencyOnFailure`: with no failure option a failed child leaves its
 * parent asleep for ever, and the record, not the job, says what became of the work. Not by
 * `addBulk`: it reports a missing parent as a negative id and throws nothing, and for one job its
 * transaction costs more than the job.
 */
export async function addChildren<Payload>(
  queue: Queue,
  parent: Parent | null,
  jobs: readonly Planned<Payload>[],
): Promise<Job[]> {
  const planned = jobs.map(plan);
  const added: Job[] = [];
  for (let at = 0; at < planned.length; at += 200) {
    const some = planned.slice(at, at + 200);
    added.push(...(await Promise.all(some.map((job) => addChild(queue, parent, job)))));
  }
  return added;
}

/** Without its parent (the campaign has ended, or its root is lost) the job is added alone. */
async function addChild(
  queue: Queue,
  parent: Parent | null,
  { name, data, opts }: ReturnType<typeof plan>,
): Promise<Job> {
  if (parent) {
    const asChild = { ...opts, parent: { ...parent }, ignoreDependencyOnFailure: true };
    try {
      return await queue.add(name, data, asChild);
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }
  return queue.add(name, data, opts);
}

/** BullMQ's scripts said no, with a negative number. */
const isRefused = (error: unknown): boolean => Number((error as { code?: unknown }).code) < 0;

/**
 * Promotes a sleeping job, or, where it has done its work, has it looked at once more by a job beside
 * it that has no parent. BullMQ gives a child that runs again back to what its parent waits for, and
 * a root that is just ending then fails over it.
 */
export async function wake<Payload>(
  queue: Queue,
  definition: JobDefinition<Payload>,
  jobId: string,
): Promise<void> {
  if (await promote(queue, jobId)) return;
  const job = await queue.getJob(jobId);
  if (!job || !(await stateOfEnded(job))) return;
  const { name, data, opts } = plan({ definition, payload: job.data });
  await runAgain(await queue.add(name, data, { ...opts, jobId: `${jobId}-again` }));
}

/** Has a job without a parent that has ended run once more. Not ended, or gone: somebody else was first. */
export async function runAgain(job: Job): Promise<void> {
  const state = await stateOfEnded(job);
  if (state) await job.retry(state).catch(unlessNotThere);
}

async function stateOfEnded(job: Job): Promise<'completed' | 'failed' | null> {
  const state = await job.getState();
  return state === 'completed' || state === 'failed' ? state : null;
}

/** Promotes a sleeping job. Not asleep, or gone: somebody else was first, which is fine. */
export function promote(queue: Queue, jobId: string): Promise<boolean> {
  // Unread: only its id goes to Redis, and one that is gone is answered as one not asleep.
  return promoteJob(new Job(queue, '', {}, {}, jobId));
}

/** The same for a job at hand. */
export async function promoteJob(job: Pick<Job, 'promote'>): Promise<boolean> {
  try {
    await job.promote();
    return true;
  } catch (error) {
    return unlessNotThere(error);
  }
}

/**
 * Its parent need not wait for it any more. One of the two is gone, or they are parted already:
 * somebody else was first. Without a parent BullMQ's script would look for a key that is nowhere,
 * which a cluster refuses.
 */
export async function partFromParent(job: Job): Promise<void> {
  if (job.parentKey === undefined) return;
  await job.removeChildDependency().catch(unlessNotThere);
}

/**
 * BullMQ's codes for a job that is gone (-1), not in the state that was asked for (-3), or without
 * its parent (-5).
 */
function unlessNotThere(error: unknown): false {
  const { code } = error as { code?: number };
  if (code === -1 || code === -3 || code === -5) return false;
  throw error;
}
