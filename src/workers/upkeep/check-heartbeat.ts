/**
 * Holds every job back until the Redis behind this connection is known to be the one that the
 * workers left.
 *
 * A restored backup, or a long outage, brings back batches whose key WeChat may have forgotten:
 * submitting them again could send twice. The last heartbeat tells. It is looked at before it is
 * written, in one step, so that no worker that connects again can overwrite it first. Where it is
 * older than an hour, the accounts with open campaigns are paused until an operator resumes them.
 */

import type { Logger } from 'pino';
import type { Redis } from '../../shared/platform/redis.ts';
import { checkRedis, type Needs, serverOf } from '../../shared/platform/redis-check.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import { describeTrouble } from '../../shared/platform/trouble.ts';
import { makeKeys } from '../../shared/record/keys.ts';
import type { ShardStores } from '../../shared/record/record.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly needs: Needs;
  readonly stores: Pick<ShardStores, 'campaigns' | 'lanes'>;
  /** Whether the settings belong to this Redis. */
  readonly check: () => Promise<void>;
  readonly log: Logger;
  readonly now: () => number;
}

export const HEARTBEAT_EVERY = 10 * SECOND;

export type Gate = ReturnType<typeof makeGate>;

export function makeGate({ redis, record, needs, stores, check, log, now }: Dependencies) {
  const { campaigns, lanes } = stores;
  let server: string | undefined;
  let passing = examine();

  /** Commands wait while Redis is away, so this is over once the next Redis has been examined. */
  async function examine(): Promise<void> {
    await recognise();
    await check();
    await beat();
  }

  /**
   * A failover, a restart or a restore brings another server, which may be set otherwise, and may
   * lack the newest. In a cluster, and behind a proxy, no connection of ours tells.
   */
  async function recognise(): Promise<void> {
    const known = server;
    server = await serverOf(redis, makeKeys(record).heartbeat());
    if (known === undefined || known === server) return;
    log.warn({ event: 'redis.replaced' }, 'Redis was restarted, restored or failed over');
    for (const trouble of await checkRedis(redis, needs)) {
      log.warn({ event: 'redis.unfit' }, describeTrouble(trouble, 'en'));
    }
  }

  async function beat(): Promise<void> {
    const last = await lanes.beat(now());
    if (last === null) return;
    const minutes = Math.round((now() - last) / MINUTE);
    const paused = await campaigns.openAccounts();
    for (const account of paused) {
      const stop = { at: now(), by: 'qunfa', code: 'redis-restored', minutes } as const;
      await lanes.set(account, 'restored', stop);
    }
    const event = { event: 'lanes.paused-at-start', minutes, accounts: [...paused] };
    if (paused.size > 0) {
      log.error(
        event,
        'no worker has run for long, or Redis was restored: these accounts are paused',
      );
    }
    await lanes.beat(now(), { isExamined: true });
  }

  const examineAgain = (): void => {
    passing = examine();
    passing.catch(() => undefined);
  };
  passing.catch(() => undefined);
  redis.on('ready', examineAgain);

  return {
    /** @throws what kept it from being examined; the next call examines again. */
    async pass(): Promise<void> {
      try {
        await passing;
      } catch {
        examineAgain();
        await passing;
      }
    },
    async beat(): Promise<void> {
      await recognise();
      await beat();
    },
    close: (): void => void redis.off('ready', examineAgain),
  };
}
