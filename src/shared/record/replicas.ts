/**
 * What must survive a failover: REDIS_WAIT_REPLICAS says how many replicas must have it first.
 *
 * WAIT answers for the connection that it is sent on, and holds that one up. So it has a connection
 * of its own, and tells what was written on another: each lasting commit leaves a mark, the mark is
 * looked for where WAIT is sent, and what Redis writes after it reaches the replicas after it. Had
 * another server become the master in between, the mark would be missing there.
 */
import { randomUUID } from 'node:crypto';
import { Cluster } from 'ioredis';
import { ServiceError } from '../platform/errors.ts';
import type { Redis } from '../platform/redis.ts';
import { MINUTE, SECOND } from '../platform/time.ts';
import { type Check, type Command, commit } from './commit.ts';
import { makeKeys } from './keys.ts';

export interface Replicas {
  /**
   * As `commit`, and answers once the replicas have it.
   *
   * @throws {ServiceError} `REPLICAS_BEHIND`: it is done here, and a failover may undo it.
   */
  commit(checks: readonly Check[], commands: readonly Command[]): Promise<boolean>;
  /** That this is so, on the replicas, too. */
  confirm(checks: readonly Check[]): Promise<boolean>;
  close(): void;
}

/** Of a shard: what is waited for has that shard's tag. */
export type ReplicasOf = (shard: number) => Replicas;

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  /** 0, or none: what the master has is done. */
  readonly count?: number | undefined;
}

const WITHIN = 2 * SECOND;
const MARK_KEPT = MINUTE;

export function makeReplicas({ redis, record, count = 0 }: Dependencies): Replicas {
  if (count === 0) {
    return {
      commit: (checks, commands) => commit(redis, checks, commands),
      confirm: async () => true,
      close: () => undefined,
    };
  }
  const keys = makeKeys(record);
  const witness = duplicate(redis);
  witness.on('error', () => undefined);
  let marks: string[] = [];
  let next: Promise<ReadonlySet<string>> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function lasting(checks: readonly Check[], commands: readonly Command[]): Promise<boolean> {
    const mark = keys.mark(randomUUID());
    if (!(await commit(redis, checks, [...commands, ['SET', mark, 1, 'PX', MARK_KEPT]]))) {
      return false;
    }
    if (!(await reached(mark))) {
      throw new ServiceError('REPLICAS_BEHIND', `not on ${count} replicas within ${WITHIN} ms`);
    }
    return true;
  }

  /** One WAIT at a time; those that ask meanwhile share the next one. */
  async function reached(mark: string): Promise<boolean> {
    marks.push(mark);
    next ??= last.then(() => {
      const asked = marks;
      marks = [];
      next = undefined;
      const asking = ask(asked).catch(() => new Set<string>());
      last = asking;
      return asking;
    });
    return (await next).has(mark);
  }

  /** @returns those marks that are on enough replicas. */
  async function ask(asked: readonly string[]): Promise<ReadonlySet<string>> {
    const ownMark = keys.mark('witness');
    // Follows a slot that has moved: a pipeline does not.
    await witness.exists(ownMark);
    const answers = await witness
      .pipeline()
      .mget([...asked])
      .set(ownMark, 1, 'PX', MARK_KEPT)
      .wait(count, WITHIN)
      .exec();
    const [found, , have] = (answers ?? []).map(([error, answer]) => {
      if (error) throw error;
      return answer;
    });
    if (Number(have) < count) return new Set();
    return new Set(asked.filter((_, at) => (found as (string | null)[])[at] !== null));
  }

  return {
    commit: lasting,
    confirm: (checks) => lasting(checks, []),
    close: () => witness.disconnect(),
  };
}

/** A command that was under way on a connection that broke is not sent again on the next one. */
function duplicate(redis: Redis): Redis {
  const options = {
    autoResendUnfulfilledCommands: false,
    commandTimeout: 2 * WITHIN,
    maxRetriesPerRequest: 1,
  };
  return redis instanceof Cluster
    ? redis.duplicate([], { redisOptions: options, enableOfflineQueue: true })
    : redis.duplicate({ ...options, enableOfflineQueue: true });
}
