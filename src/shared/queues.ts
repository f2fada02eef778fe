/** The queues of BullMQ, opened once a process; lanes are opened when they are asked for. */
import { type ConnectionOptions, Job, type JobsOptions, Queue, type QueueOptions } from 'bullmq';
import type { Logger } from 'pino';
import { ServiceError } from './errors.ts';
import { type JobDefinition, laneOf, SHARED_QUEUES, type SharedQueue } from './jobs.ts';
import { PREFIX } from './store/keys.ts';

export interface Queues extends Record<SharedQueue, Queue> {
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
  return {
    ...shared,
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
    opts: { ...definition.options, ...options, jobId: definition.id(data) },
  };
}

export interface Parent {
  readonly id: string;
  /** The queue's name with its prefix, as BullMQ keeps it in a child. */
  readonly queue: string;
}

/**
 * Adds children to a parent that may be asleep waiting for others.
 *
 * Every child is `ignoreDependencyOnFailure`: with no failure option a failed child leaves its
 * parent asleep for ever, and the record, not the job, says what became of the work. `addBulk`
 * reports a missing parent as a negative id and throws nothing, so each id is looked at; without
 * its parent (-5: the campaign has ended, or its root is lost) the job is added alone.
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
    const results = await queue.addBulk(
      some.map((job) => ({
        ...job,
        opts: {
          ...job.opts,
          ...(parent ? { parent: { ...parent }, ignoreDependencyOnFailure: true } : {}),
        },
      })),
    );
    for (const [index, result] of results.entries()) {
      if (!isRefused(result.id)) {
        added.push(result);
        continue;
      }
      const job = some[index];
      if (!job) throw new ServiceError('ROOT_MISSING', 'BullMQ answered for a job nobody added');
      added.push(await queue.add(job.name, job.data, job.opts));
    }
  }
  return added;
}

/** BullMQ's scripts answer with a negative number instead of an id. */
const isRefused = (id: string | undefined): boolean =>
  id === undefined || /^-\d+$/.test(String(id));

/** Promotes a sleeping job, or has one that has done its work look once more. */
export async function wake(queue: Queue, jobId: string): Promise<void> {
  if (await promote(queue, jobId)) return;
  const job = await queue.getJob(jobId);
  if (job) await runAgain(job);
}

/** Has a job that has ended run once more. Not ended, or gone: somebody else was first. */
export async function runAgain(job: Job): Promise<void> {
  const state = await job.getState();
  if (state !== 'completed' && state !== 'failed') return;
  await job.retry(state).catch(unlessNotThere);
}

/** Promotes a sleeping job. Not asleep, or gone: somebody else was first, which is fine. */
export async function promote(queue: Queue, jobId: string): Promise<boolean> {
  try {
    // Unread: only its id goes to Redis, and one that is gone is answered as one not asleep.
    await new Job(queue, '', {}, {}, jobId).promote();
    return true;
  } catch (error) {
    return unlessNotThere(error);
  }
}

/** BullMQ's codes for a job that is gone (-1), or not in the state that was asked for (-3). */
function unlessNotThere(error: unknown): false {
  const { code } = error as { code?: number };
  if (code === -1 || code === -3) return false;
  throw error;
}
