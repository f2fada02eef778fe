/** How every process of ours talks to Redis: by connections that say once that it is away. */
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { refusalOf } from './redis-refusal.ts';
import { SECOND } from './time.ts';

export interface ConnectOptions {
  /**
   * `worker`: commands wait for as long as Redis is away, as BullMQ's workers need.
   * `http`: a command fails at once while Redis is away, and after 5 s if Redis hangs, so that
   * whoever asks gets an answer. Await `untilReady` before the first command.
   */
  readonly purpose: 'worker' | 'http';
  readonly log: Logger;
}

const CONNECT_TIMEOUT = 5 * SECOND;
const COMMAND_TIMEOUT = 5 * SECOND;
const LONGEST_PAUSE = 2 * SECOND;

/** The connection comes up by itself, and again after every outage. Close it with `quit`. */
export function connect(url: string, { purpose, log }: ConnectOptions): Redis {
  const common = {
    connectTimeout: CONNECT_TIMEOUT,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, LONGEST_PAUSE),
    // The master became a replica (failover): connect anew and repeat what was refused.
    reconnectOnError: ({ message }: Error) => (message.startsWith('READONLY') ? 2 : false),
  } as const;
  const redis =
    purpose === 'worker'
      ? new GatheringRedis(url, { ...common, maxRetriesPerRequest: null })
      : new GatheringRedis(url, {
          ...common,
          maxRetriesPerRequest: 1,
          enableOfflineQueue: false,
          commandTimeout: COMMAND_TIMEOUT,
        });
  tellOutages(redis, log.child({ redis: addressOf(url), purpose }));
  return redis;
}

/** @throws the last connection error if Redis is not there in time; at once where it says no for good. */
export async function untilReady(redis: Redis, timeoutMs = 10 * SECOND): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    let last = new Error(`Redis is not ready (${redis.status})`);
    const onError = (error: Error): void => {
      last = refusalOf(error) ?? error;
      if (last !== error) onEnd();
    };
    const settle = (finish: () => void) => (): void => {
      clearTimeout(timer);
      redis.off('error', onError).off('ready', onReady).off('end', onEnd);
      finish();
    };
    const onReady = settle(resolve);
    const onEnd = settle(() => reject(last));
    const timer = setTimeout(onEnd, timeoutMs);
    redis.on('error', onError).once('ready', onReady).once('end', onEnd);
  });
}

/**
 * What is said to Redis in one turn of the event loop goes out as one write: one call of the system
 * here and, with `appendfsync always`, one fsync there, however many jobs said something.
 */
class GatheringRedis extends Redis {
  private isGathering = false;

  override sendCommand(...said: Parameters<Redis['sendCommand']>): unknown {
    const { stream } = this;
    if (stream && !this.isGathering) {
      this.isGathering = true;
      stream.cork();
      setImmediate(() => {
        this.isGathering = false;
        stream.uncork();
      });
    }
    return super.sendCommand(...said);
  }
}

/** ioredis reports every failed attempt to connect: one line an outage, and one when it is over. */
function tellOutages(redis: Redis, log: Logger): void {
  let away = false;
  const onAway = (err?: Error): void => {
    if (away) return;
    away = true;
    log.error({ event: 'redis.unreachable', ...(err && { err }) }, 'Redis is away; trying again');
  };
  redis.on('error', onAway);
  redis.on('reconnecting', () => onAway());
  redis.on('ready', () => {
    if (away) log.info({ event: 'redis.back' }, 'Redis is back');
    away = false;
  });
}

/** A Redis url to show: without the user and the password. */
export function addressOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname === '/' ? '' : pathname}`;
}
